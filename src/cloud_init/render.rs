//! Makes a guest's user-data from the template and the settings.

use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, Value, ValueKind};
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior, context};
use sha2::{Digest, Sha256};

use super::settings::Settings;
use super::stage::Stage;
use super::templates::Templates;
use super::{RUNNER, SETTINGS, scalar};

const TEMPLATE: &str = "user-data.yaml.j2";
const LIBRARY_DIR: &str = "/usr/local/lib/podclaw";
const SHARE_DIR: &str = "/usr/local/share/podclaw";

/// Enough for some hundred files; a template that loops without end stops here.
const FUEL: u64 = 50_000;

/// A template that could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The template is wrong: its syntax, or a name in it that is not defined.
    #[error("cannot fill the cloud-init template")]
    Template(#[source] Box<minijinja::Error>),
    /// cloud-init would not take the result for its configuration.
    #[error("the filled cloud-init template does not start with the line `#cloud-config`")]
    NotCloudConfig,
}

/// The user-data of one guest: a cloud-config document, which holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserData(String);

impl UserData {
    /// The document, as it goes into `cloud-init.user-data`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The SHA-256 of the document, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(self.0.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
        }
        hex
    }
}

impl fmt::Display for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fills the template.
///
/// Every hole becomes exactly one YAML scalar; nothing in a template can switch that off.
///
/// # Errors
/// The template has a syntax error, uses an undefined name, puts something into a hole that is no scalar, runs for too
/// long, or its result is not a cloud-config.
pub fn render(templates: &Templates, settings: &Settings) -> Result<UserData, RenderError> {
    let text = fill(&templates.user_data, &variables(templates, settings))
        .map_err(|error| RenderError::Template(Box::new(error)))?;
    if text.lines().next() != Some("#cloud-config") {
        return Err(RenderError::NotCloudConfig);
    }
    Ok(UserData(text))
}

fn variables(templates: &Templates, settings: &Settings) -> Value {
    let file = |path: String, mode: &str, text: &str| context! { path, mode, text };
    let mut files = vec![
        file(SETTINGS.into(), "0644", &settings.file()),
        file(RUNNER.into(), "0755", &templates.runner),
        file(format!("{LIBRARY_DIR}/lib.sh"), "0644", &templates.library),
    ];
    for stage in Stage::ALL {
        let path = format!("{LIBRARY_DIR}/stages/{}", stage.file_stem());
        files.push(file(path, "0755", templates.script(stage)));
    }
    for (name, text) in &templates.files {
        files.push(file(format!("{SHARE_DIR}/files/{name}"), "0644", text));
    }
    for (name, text) in &templates.apparmor {
        files.push(file(format!("{SHARE_DIR}/apparmor/{name}"), "0644", text));
    }
    context! { hostname => settings.hostname.as_str(), files, runner => RUNNER }
}

fn fill(template: &str, variables: &Value) -> Result<String, minijinja::Error> {
    // `empty`: none of the built-in filters, tests and functions, of which `safe` is one.
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.set_formatter(write_scalar);
    environment.add_filter("block", block);
    environment.add_template(TEMPLATE, template)?;
    environment.get_template(TEMPLATE)?.render(variables)
}

/// A block scalar that [`block`] made: the only thing that the formatter writes as it is.
#[derive(Debug)]
struct Literal(String);

impl Object for Literal {}

/// The filter `block(indent)`: long, plain text becomes a literal block scalar, any other text a quoted one.
fn block(text: &str, indent: usize) -> Value {
    match scalar::literal(text, indent) {
        Some(literal) => Value::from_object(Literal(literal)),
        None => Value::from(text),
    }
}

fn write_scalar(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if let Some(Literal(text)) = value.downcast_object_ref() {
        return Ok(out.write_str(text)?);
    }
    match value.kind() {
        ValueKind::String => Ok(scalar::quoted(value.as_str().unwrap_or_default(), out)?),
        ValueKind::Bool | ValueKind::Number if value.as_i64().is_some() => Ok(write!(out, "{value}")?),
        kind => Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("a hole takes text, a whole number or a truth value, and this is {kind}"),
        )),
    }
}
