//! JSON on which two readers could disagree, or that is none.

use std::sync::Arc;

use super::found::Found;
use super::{Example, Rule, Severity, Trial};
use crate::json::{self, Node};
use crate::place::Source;

/// The rules of this module.
pub const RULES: &[&Rule] = &[&RULE];

static RULE: Rule = Rule {
    id: "json-syntax",
    severity: Severity::Error,
    summary: "JSON that is none, or that two readers could read differently",
    why: "Where a key is there twice, one reader takes the first and one the last. The gateway also takes JSON5, with \
          comments and unquoted keys, which other tools do not read. What cannot be read cannot be judged.",
    remedy: "write plain JSON: no comments, no comma at the end, each key once and in double quotes",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "gateway/package.json",
        bad: "{\"name\": \"x\", \"dependencies\": {}, \"dependencies\": {}}\n",
        good: "{\"name\": \"x\", \"dependencies\": {}}\n",
        trial: Trial::Alone,
    }],
};

/// Reads a file, and says what is wrong with it.
pub(super) fn read(source: &Arc<Source>, found: &mut Found) -> Option<Node> {
    let document = json::read(&source.text);
    for problem in document.problems {
        found.add(&RULE, "file", problem.bytes, problem.message);
    }
    document.root
}
