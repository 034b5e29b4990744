//! Characters that hide something from whoever reads a file.

use std::ops::Range;
use std::sync::Arc;

use crate::place::Source;
use crate::rules::{Example, Finding, Rule, Severity, Trial};

pub(in crate::rules) static RULE: Rule = Rule {
    id: "hidden-character",
    severity: Severity::Error,
    summary: "a character that cannot be seen, or that turns the direction of text",
    why: "A reviewer's screen shows something else than a shell, or whatever reads the file, gets: what looks like a \
          comment is a command, and two names that look the same are two.",
    remedy: "remove the character, or write it as an escape",
    threats: &["judged-is-sent"],
    waivable: false,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nid # \u{202e}desrever\n",
        good: "#!/bin/bash\nset -euo pipefail\nid # reversed\n",
        trial: Trial::Alone,
    }],
};

/// No more of them than this are said of one text.
const MOST: usize = 20;

/// Where such characters are. Control characters are not among them.
pub(in crate::rules) fn places(text: &str) -> Vec<Range<usize>> {
    let hidden = |c: &char| !c.is_ascii() && !c.is_control() && (crate::text::is_unsafe(*c) || c.is_whitespace());
    let all = text.char_indices().filter(|(_, c)| hidden(c));
    all.map(|(at, c)| at..at + c.len_utf8()).take(MOST).collect()
}

/// The message about one of them.
pub(in crate::rules) fn message(text: &str, bytes: &Range<usize>) -> String {
    let code = text.get(bytes.clone()).and_then(|c| c.chars().next()).map_or(0, u32::from);
    format!("the character U+{code:04X} cannot be seen, or is taken for another one")
}

/// Judges a file of which nothing else reads each character.
#[must_use]
pub fn check(source: &Arc<Source>) -> Vec<Finding> {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    let controls = source.text.char_indices().filter(|(_, c)| control(*c)).take(MOST);
    let mut places: Vec<_> = controls.map(|(at, c)| at..at + c.len_utf8()).collect();
    places.extend(self::places(&source.text));
    let each = |bytes: Range<usize>| {
        let message = message(&source.text, &bytes);
        Finding::at(&RULE, "file", source.place(bytes), message)
    };
    places.into_iter().map(each).collect()
}
