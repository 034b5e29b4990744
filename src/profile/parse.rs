//! A profile out of a tree.

use std::collections::BTreeMap;

use super::{Device, Origin, Profile, Setting};
use crate::text::excerpt;
use crate::yaml::{Code, Document, Mapping, Node, Problem};

const FIELDS: [&str; 3] = ["description", "config", "devices"];

impl Profile {
    /// Reads a profile. `name` is its short name, which the file does not repeat.
    ///
    /// # Errors
    /// Everything that is not a field of a profile, or not of its type.
    pub fn from_document(name: &str, document: &Document) -> Result<Self, Vec<Problem>> {
        let root = document.root_mapping().map_err(|problem| vec![problem])?;
        let mut problems = document.unknown_fields(root, &FIELDS);
        let mut profile =
            Self { name: name.into(), description: String::new(), config: BTreeMap::new(), devices: BTreeMap::new() };
        match document.required(&document.root, "description").and_then(|node| document.string(node)) {
            Ok(text) => profile.description = text.into(),
            Err(problem) => problems.push(problem),
        }
        if let Some(mapping) = field(document, root, "config", &mut problems) {
            profile.config = settings(document, mapping, &mut problems);
        }
        if let Some(mapping) = field(document, root, "devices", &mut problems) {
            for entry in &mapping.entries {
                check_name(document, entry, &mut problems);
                if let Some(device) = device(document, entry, &mut problems) {
                    profile.devices.insert(entry.key.text.clone(), device);
                }
            }
        }
        if problems.is_empty() { Ok(profile) } else { Err(problems) }
    }
}

fn field<'a>(document: &Document, root: &'a Mapping, name: &str, problems: &mut Vec<Problem>) -> Option<&'a Mapping> {
    mapping(document, root.get(name)?, problems)
}

fn mapping<'a>(document: &Document, node: &'a Node, problems: &mut Vec<Problem>) -> Option<&'a Mapping> {
    document.mapping(node).map_err(|problem| problems.push(problem)).ok()
}

fn settings(document: &Document, mapping: &Mapping, problems: &mut Vec<Problem>) -> BTreeMap<String, Setting> {
    let mut settings = BTreeMap::new();
    for entry in &mapping.entries {
        check_name(document, entry, problems);
        match document.scalar(&entry.value) {
            Ok(value) => {
                let origin = Origin::File(document.place(entry.value.span));
                settings.insert(entry.key.text.clone(), Setting { value: value.into(), origin });
            }
            Err(problem) => problems.push(problem),
        }
    }
    settings
}

fn device(document: &Document, entry: &crate::yaml::Entry, problems: &mut Vec<Problem>) -> Option<Device> {
    let keys = settings(document, mapping(document, &entry.value, problems)?, problems);
    if !keys.contains_key("type") {
        let message = format!("the device `{}` has no `type`", excerpt(&entry.key.text, 64));
        problems.push(Problem::new(Code::MissingField, document.place(entry.key.span), message));
    }
    Some(Device { keys, origin: Origin::File(document.place(entry.key.span)) })
}

/// A key that looks like another one, by a space or a letter of another script, is a mistake or worse.
fn check_name(document: &Document, entry: &crate::yaml::Entry, problems: &mut Vec<Problem>) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !entry.key.text.bytes().all(plain) {
        let message = format!("{:?} is not a name that Incus knows", excerpt(&entry.key.text, 64));
        let problem = Problem::new(Code::BadValue, document.place(entry.key.span), message);
        problems.push(problem.help("only letters, digits, dots, dashes and underscores are allowed here"));
    }
}
