//! Makes a guest's user-data from the template and the settings.

use std::collections::HashSet;
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, Value, ValueKind};
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior, context};

use super::settings::Settings;
use super::stage::Stage;
use super::templates::Templates;
use super::values::GatewaySource;
use super::{RUNNER, SEAL, SETTINGS, scalar};
use crate::digest::Sha256;
use crate::names::GuestName;

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
        file(SEAL.into(), "0755", &templates.seal),
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

/// The names that a template may use, with values of no particular guest. `text` takes the place of every value;
/// without it they are podclaw's own.
pub(crate) fn sample(text: Option<&str>) -> Value {
    match (text, "guest".parse::<GuestName>()) {
        (None, Ok(hostname)) => {
            let id = Sha256::of(b"");
            let settings = Settings::new(hostname, GatewaySource::Archive { id });
            variables(&Templates::builtin(), &settings)
        }
        (text, _) => {
            let text = text.unwrap_or_default();
            context! { hostname => text, files => [context! { path => text, mode => text, text => text }], runner => text }
        }
    }
}

/// The names that a template uses and does not set itself.
pub(crate) fn names(template: &str) -> Result<HashSet<String>, minijinja::Error> {
    let mut environment = environment()?;
    environment.add_template(TEMPLATE, template)?;
    Ok(environment.get_template(TEMPLATE)?.undeclared_variables(true))
}

/// Fills a template with any values, within the limits of [`render`].
pub(crate) fn fill(template: &str, variables: &Value) -> Result<String, minijinja::Error> {
    let mut environment = environment()?;
    environment.add_template(TEMPLATE, template)?;
    environment.get_template(TEMPLATE)?.render(variables)
}

fn environment<'a>() -> Result<Environment<'a>, minijinja::Error> {
    // `empty`: none of the built-in filters, tests and functions, of which `safe` is one.
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build()?;
    environment.set_syntax(syntax);
    environment.set_formatter(write_scalar);
    environment.add_filter("block", block);
    Ok(environment)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;
    use crate::cloud_init::{Boot, StorageDriver};

    const HOSTILE: [&str; 17] = [
        "",
        "\"",
        "'",
        "a\"\nruncmd: [[id]]\n#",
        "'\nruncmd: [[id]]",
        "{{ runner }}",
        "{% raw %}",
        "#cloud-config",
        "#cloud-config\nruncmd: [[id]]",
        "a: b",
        "- a",
        "|2\n      x",
        "a\u{85}b: c\u{2028}d: e\u{feff}",
        "\0",
        "\r\nruncmd: []",
        "\u{1f600}\u{7f}\u{9b}",
        "!!python/object/apply:os.system [id] *a &a ${HOME} $(id) `id`",
    ];

    fn settings() -> Settings {
        let id = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
        Settings::new("guest".parse().unwrap(), GatewaySource::Archive { id })
    }

    fn parse(text: &str) -> Json {
        serde_saphyr::from_str(text).unwrap()
    }

    fn filled(hostname: &str, path: &str, mode: &str, text: &str, runner: &str) -> Json {
        let values = context! { hostname, files => [context! { path, mode, text }], runner };
        parse(&fill(&Templates::builtin().user_data, &values).unwrap())
    }

    fn render_with(user_data: &str) -> Result<UserData, RenderError> {
        render(&Templates { user_data: user_data.into(), ..Templates::builtin() }, &settings())
    }

    #[test]
    fn the_document_is_what_cloud_init_expects() {
        let templates = Templates::builtin();
        let data = render(&templates, &settings()).unwrap();
        let tree = parse(data.as_str());
        assert_eq!(tree["hostname"], "guest");
        assert_eq!(tree["users"], Json::Array(vec![]));
        assert_eq!(tree["runcmd"], serde_json::json!([[RUNNER]]));
        let files = tree["write_files"].as_array().unwrap();
        let text = |path: &str| files.iter().find(|file| file["path"] == path).unwrap()["content"].as_str().unwrap();
        assert_eq!(text(RUNNER), templates.runner);
        assert_eq!(text(SEAL), templates.seal);
        for stage in Stage::ALL {
            let path = format!("/usr/local/lib/podclaw/stages/{}", stage.file_stem());
            assert_eq!(text(&path), templates.script(stage), "{path}");
        }
        assert_eq!(files.len(), 4 + 7 + templates.files.len() + templates.apparmor.len());
        // Readable: nothing of podclaw's own needs the quoted form.
        assert!(!data.as_str().contains("content: \""));
    }

    #[test]
    fn a_hostile_value_changes_nothing_but_itself() {
        let benign = filled("a", "b", "c", "d\n", "e");
        for bad in HOSTILE.map(str::to_owned).into_iter().chain(["x".repeat(1 << 20), "\n".repeat(9999)]) {
            for hole in 0..5 {
                let mut values = ["a", "b", "c", "d\n", "e"];
                values[hole] = &bad;
                let mut expected = benign.clone();
                let place = [
                    "/hostname",
                    "/write_files/0/path",
                    "/write_files/0/permissions",
                    "/write_files/0/content",
                    "/runcmd/0/0",
                ][hole];
                *expected.pointer_mut(place).unwrap() = bad.clone().into();
                let [hostname, path, mode, text, runner] = values;
                assert_eq!(filled(hostname, path, mode, text, runner), expected, "{place} {:?}", bad.get(..40));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_arrives(text in "\\PC*|[ -~\n\t]*\n|.*") {
            let tree = filled("a", "b", "c", &text, &text);
            prop_assert_eq!(tree.pointer("/write_files/0/content").unwrap(), &text);
            prop_assert_eq!(tree.pointer("/runcmd/0/0").unwrap(), &text);
        }
    }

    #[test]
    fn a_template_cannot_leave_its_limits() {
        for bad in [
            "#cloud-config\na: {{ nothing }}",
            "#cloud-config\na: {{ files.nothing }}",
            "#cloud-config\na: {{ nothing ~ 'x' }}",
            "#cloud-config\n{% if nothing %}a: b{% endif %}",
            "#cloud-config\n{% for a in nothing %}a: b{% endfor %}",
            "#cloud-config\na: {{ files }}",
            "#cloud-config\na: {{ none }}",
            "#cloud-config\na: {{ hostname|safe }}",
            "#cloud-config\n{% include 'x' %}",
            "#cloud-config\n{% for a in files %}{% for b in files %}{% for c in files %}{% for d in files %}{{ a.path }}\
             {% endfor %}{% endfor %}{% endfor %}{% endfor %}",
            "#cloud-config\na: {{ hostname",
        ] {
            assert!(matches!(render_with(bad), Err(RenderError::Template(_))), "{bad}");
        }
        for bad in ["", "a: b\n", "\n#cloud-config\n", " #cloud-config\n", "#cloud-configs\n"] {
            assert!(matches!(render_with(bad), Err(RenderError::NotCloudConfig)), "{bad:?}");
        }
        let escaped =
            render_with("#cloud-config\n{% autoescape false %}a: {{ hostname }}{% endautoescape %}\n").unwrap();
        assert_eq!(parse(escaped.as_str())["a"], "guest");
        assert!(escaped.as_str().contains("\"guest\""));
    }

    #[test]
    fn settings_reach_the_guest() {
        let mut settings = settings().with_boot(Boot::Bake);
        settings.storage = StorageDriver::Native;
        settings.last = Stage::Image;
        let tree = parse(render(&Templates::builtin(), &settings).unwrap().as_str());
        let text = tree["write_files"][0]["content"].as_str().unwrap().to_owned();
        assert!(text.contains("\nSTORAGE_DRIVER=native\n") && text.contains("\nBOOT=bake\nLAST_STAGE=4\n"), "{text}");
    }
}
