//! Templates of user-data: holes, and what comes out of them.

mod broken;
mod construct;
mod hole;
mod injection;
mod variable;

use std::sync::Arc;

use super::{Finding, Rule, cloud_config};
use crate::cloud_init;
use crate::place::{Origin, Source};
use crate::text::excerpt;
use crate::yaml::{self, Node, Value};

/// The rules of this module.
pub const RULES: &[&Rule] = &[&construct::RULE, &hole::RULE, &variable::RULE, &injection::RULE, &broken::RULE];

/// Values that try to leave their holes.
const HOSTILE: [&str; 12] = [
    "",
    "\"",
    "'",
    "a\"\nruncmd: [[id]]\n#",
    "'\nruncmd: [[id]]",
    "\nruncmd:\n  - [id]\n",
    "{{ runner }}{% raw %}",
    "#cloud-config",
    "a: b",
    "- a",
    "|2\n      x\n",
    "true",
];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    // No launch reads a larger one, and to fill it in many times takes time.
    if source.text.len() > cloud_init::MOST_TEMPLATE_BYTES {
        return vec![broken::too_large(source)];
    }
    // What stands in a comment of the template is in no document that it makes.
    let mut found = super::file::hidden(source);
    found.extend(construct::check(source));
    found.extend(hole::check(source));
    match cloud_init::names(&source.text) {
        Ok(names) => found.extend(variable::check(source, &names)),
        Err(error) => {
            found.push(broken::found(source, &error));
            return found;
        }
    }
    match cloud_init::fill(&source.text, &cloud_init::sample(None)) {
        Ok(text) => {
            found.extend(rendered(source, text));
            found.extend(hostile(source));
        }
        // Where a name is not known, that is said already.
        Err(error) if found.is_empty() => found.push(broken::found(source, &error)),
        Err(_) => {}
    }
    found
}

/// What is found in the document that the template makes, at the lines that are the template's own.
fn rendered(template: &Arc<Source>, text: String) -> Vec<Finding> {
    let filled = Arc::new(Source { name: template.name.clone(), text });
    let mut found = cloud_config::judge(&filled);
    for finding in &mut found {
        finding.fix = None;
        let Origin::File(place) = &mut finding.origin else { continue };
        let line = filled.text.lines().nth(place.span.line - 1).unwrap_or_default();
        if let Some(start) = line_of(&template.text, line) {
            let at = start + line.char_indices().nth(place.span.column - 1).map_or(line.len(), |(at, _)| at);
            *place = template.place(at..start + line.len());
        } else {
            let shown = excerpt(line.trim(), 60);
            finding.message = format!("{} (in what it becomes, line {}: `{shown}`)", finding.message, place.span.line);
            *place = template.place(0..0);
        }
    }
    found
}

/// Where a line is, if it is there once.
fn line_of(text: &str, wanted: &str) -> Option<usize> {
    let mut at = 0;
    let mut found = None;
    for line in text.split('\n') {
        if line == wanted && found.replace(at).is_some() {
            return None;
        }
        at += line.len() + 1;
    }
    found
}

/// Fills the template with values that try to leave their holes: the document must keep its shape.
fn hostile(template: &Arc<Source>) -> Option<Finding> {
    let shape = |value: &str| -> Result<String, &'static str> {
        let text = cloud_init::fill(&template.text, &cloud_init::sample(Some(value)));
        let text = text.map_err(|_| "it cannot be filled any more")?;
        let document = yaml::parse("template", text.as_bytes()).map_err(|_| "it is no document any more")?;
        let mut shape = String::new();
        draw(&document.root, &mut shape);
        Ok(shape)
    };
    // A template of which that cannot be told even with a tame value has findings of its own.
    let tame = shape("tame\n").ok()?;
    HOSTILE.iter().find_map(|value| match shape(value) {
        Ok(now) if now == tame => None,
        Ok(_) => Some(injection::found(template, "its keys or lists are others then")),
        Err(why) => Some(injection::found(template, why)),
    })
}

/// Keys and lists, without their values.
fn draw(node: &Node, out: &mut String) {
    match &node.value {
        Value::Scalar(_) => out.push('.'),
        Value::Sequence(nodes) => {
            out.push('[');
            for node in nodes {
                draw(node, out);
            }
            out.push(']');
        }
        Value::Mapping(mapping) => {
            out.push('{');
            for entry in &mapping.entries {
                out.push_str(&entry.key.text);
                out.push(':');
                draw(&entry.value, out);
            }
            out.push('}');
        }
    }
}

/// The parts of a text between two signs, with them.
fn parts(text: &str, open: &str, close: &str) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(open).map(|start| at + start) {
        // The `%` of `{%}` opens, and does not close as well.
        let inner = start + open.len();
        let Some(end) = text[inner..].find(close).map(|end| inner + end + close.len()) else { break };
        parts.push((start, end));
        at = end;
    }
    parts
}

/// What a hole is called: what stands in it.
fn name(hole: &str) -> String {
    excerpt(hole.trim_matches(['{', '}', ' ', '-']), 64)
}
