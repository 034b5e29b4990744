//! A rule from a file.

use std::sync::Arc;

use super::condition::Condition;
use super::rule::{Examples, On, OwnRule, Target};
use super::{broken, example, judge};
use crate::rules::{self, Finding, Severity};
use crate::yaml::{self, Code, Document, Mapping, Problem};

const FIELDS: [&str; 12] = [
    "id",
    "judges",
    "severity",
    "summary",
    "why",
    "remedy",
    "message",
    "waivable",
    "each",
    "at",
    "condition",
    "examples",
];
const SEVERITIES: [(&str, Severity); 3] =
    [("note", Severity::Note), ("warning", Severity::Warning), ("error", Severity::Error)];

/// Reads a rule and tries its examples. What has a fault is no rule.
pub(super) fn rule(name: &str, bytes: &[u8]) -> Result<OwnRule, Vec<Finding>> {
    let document = yaml::parse(name, bytes).map_err(rules::yaml::findings)?;
    let rule = parts(&document)?;
    match judge::try_examples(&rule) {
        Ok(()) => Ok(rule),
        Err(message) => Err(vec![Finding::at(&example::RULE, rule.id.clone(), rule.place.clone(), message)]),
    }
}

fn parts(document: &Document) -> Result<OwnRule, Vec<Finding>> {
    let mut fields = Fields { document, problems: Vec::new() };
    let root = document.root_mapping().map_err(|problem| rules::yaml::findings(vec![problem]))?;
    fields.problems.extend(document.unknown_fields(root, &FIELDS));
    let id = fields.required(root, "id");
    if !is_id(&id) {
        fields.bad(root, "id", "it has to begin with `own-` and be of lower-case letters, digits and dashes");
    }
    let on = fields.one_of(root, "judges", &On::ALL, On::Profile);
    let severity = fields.one_of(root, "severity", &SEVERITIES, Severity::Error);
    let summary = fields.required(root, "summary");
    let (why, remedy) = (fields.required(root, "why"), fields.required(root, "remedy"));
    let message = fields.optional(root, "message");
    let waivable = fields.flag(root, "waivable", true);
    let target = match (fields.optional(root, "each"), fields.optional(root, "at")) {
        (None, None) => Target::Whole,
        (None, Some(path)) => Target::At(path),
        (Some(path), None) => Target::Each(path),
        (Some(_), Some(_)) => {
            fields.bad(root, "at", "a rule has `each` or `at`, not both");
            Target::Whole
        }
    };
    let condition = fields.required(root, "condition");
    let examples = fields.examples(root);
    if !fields.problems.is_empty() {
        return Err(rules::yaml::findings(fields.problems));
    }
    let place = document.place(root.entry("condition").map_or(document.root.span, |entry| entry.value.span));
    let condition = Condition::compile(&condition).map_err(|reason| {
        let message = format!("the condition of `{id}` is not one: {reason}");
        vec![Finding::at(&broken::RULE, id.clone(), place.clone(), message)]
    })?;
    let message = message.unwrap_or_else(|| summary.clone());
    let condition = Arc::new(condition);
    Ok(OwnRule { id, severity, summary, why, remedy, waivable, on, message, place, examples, target, condition })
}

fn is_id(id: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    id.strip_prefix("own-").is_some_and(|rest| !rest.is_empty())
        && id.len() <= 64
        && id.bytes().all(is_plain)
        && rules::catalogue::find(id).is_none()
}

/// The fields of a document, and what is wrong with them.
struct Fields<'a> {
    document: &'a Document,
    problems: Vec<Problem>,
}

impl Fields<'_> {
    fn optional(&mut self, mapping: &Mapping, name: &str) -> Option<String> {
        let node = mapping.get(name)?;
        match self.document.string(node) {
            Ok(text) if text.trim().is_empty() => {
                self.problems.push(self.document.bad_value(node, format!("`{name}` is empty")));
                None
            }
            // It is shown, and a file of rules is as little trusted as any.
            Ok(text) if name != "condition" => Some(crate::text::escape(text.trim())),
            Ok(text) => Some(text.into()),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    fn required(&mut self, mapping: &Mapping, name: &str) -> String {
        if mapping.get(name).is_none() {
            let place = self.document.place(self.document.root.span);
            self.problems.push(Problem::new(Code::MissingField, place, format!("the field `{name}` is missing")));
        }
        self.optional(mapping, name).unwrap_or_default()
    }

    fn one_of<T: Copy>(&mut self, mapping: &Mapping, name: &str, known: &[(&str, T)], default: T) -> T {
        let text = self.required(mapping, name);
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
            return *value;
        }
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        self.bad(mapping, name, &format!("`{name}` is one of: {}", names.join(", ")));
        default
    }

    fn flag(&mut self, mapping: &Mapping, name: &str, default: bool) -> bool {
        match mapping.get(name).map(|node| self.document.bool(node)) {
            None => default,
            Some(Ok(flag)) => flag,
            Some(Err(problem)) => {
                self.problems.push(problem);
                default
            }
        }
    }

    fn examples(&mut self, root: &Mapping) -> Examples {
        let mut text = |name: &str| {
            let field = self.document.required(&self.document.root, "examples");
            let node = field.and_then(|examples| self.document.required(examples, name));
            node.and_then(|node| self.document.string(node).map(str::to_owned)).unwrap_or_else(|problem| {
                self.problems.push(problem);
                String::new()
            })
        };
        let examples = Examples { bad: text("bad"), good: text("good") };
        if let Some(Ok(mapping)) = root.get("examples").map(|node| self.document.mapping(node)) {
            self.problems.extend(self.document.unknown_fields(mapping, &["bad", "good"]));
        }
        examples
    }

    fn bad(&mut self, mapping: &Mapping, name: &str, message: &str) {
        if let Some(node) = mapping.get(name) {
            self.problems.push(self.document.bad_value(node, message));
        }
    }
}
