//! A command as it would be run: its words without quotes, and without whatever only passes it on.

use std::ops::Range;

use super::text::{self, Word};
use crate::rules::Rule;

/// One command that a script runs.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What is run, without the directory if that is one of the system's.
    pub(super) name: String,
    pub(super) args: Vec<Word>,
    /// Where it stands.
    pub(super) bytes: Range<usize>,
    pub(super) input: Input,
}

/// What a command reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Input {
    /// Whether another command of a pipeline writes it.
    pub(super) piped: bool,
    /// Whether some of it came from the network.
    pub(super) fetched: bool,
    /// The text itself, of a here-document or a here-string.
    pub(super) text: Option<Vec<String>>,
    /// What the command before it in a pipeline prints, where that is told by its arguments.
    pub(super) printed: Option<String>,
    /// The files that its output goes to.
    pub(super) to: Vec<String>,
    /// Whether the script goes on when it fails.
    pub(super) excused: bool,
}

impl Input {
    /// This one, where it is something of a command's own, and else that of what it stands in.
    pub(super) fn over(self, outer: &Self) -> Self {
        let to = if self.to.is_empty() { outer.to.clone() } else { self.to.clone() };
        let reads = self.piped || self.text.is_some();
        let input = if reads { self } else { outer.clone() };
        Self { to, excused: outer.excused, ..input }
    }
}

impl Call {
    /// Whether a word is one of the arguments.
    pub(super) fn has(&self, wanted: &str) -> bool {
        self.args.iter().any(|word| word.is(wanted))
    }

    /// Whether an argument is a long option, also with a value after `=`, or shortened as GNU's programs allow.
    pub(super) fn long(&self, option: &str) -> bool {
        self.args.iter().any(|word| word.any(|value| is_long(value, option)))
    }

    /// Whether a letter is given as an option, also among others. Letters in `valued` take the rest of their word.
    pub(super) fn short(&self, letter: char, valued: &str) -> bool {
        self.args.iter().any(|word| word.any(|value| letters(value, valued).any(|c| c == letter)))
    }

    /// The values of options, by any of their spellings: `--name value`, `--name=value`, `-n value`, `-nvalue`.
    pub(super) fn values_of(&self, long: &str, short: Option<char>) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, word) in self.args.iter().enumerate() {
            for value in &word.values {
                let next = || self.args.get(at + 1).into_iter().flat_map(|word| word.values.iter().map(String::as_str));
                if let Some((option, value)) = value.split_once('=').filter(|_| value.starts_with("--")) {
                    if is_long(option, long) {
                        found.push(value);
                    }
                } else if value.starts_with("--") {
                    if is_long(value, long) {
                        found.extend(next());
                    }
                } else if let (Some(short), Some(rest)) = (short, value.strip_prefix('-'))
                    && let Some((before, after)) = rest.split_once(short)
                    && before.chars().all(|c| c.is_ascii_alphabetic())
                {
                    if after.is_empty() { found.extend(next()) } else { found.push(after) }
                }
            }
        }
        found
    }

    /// The arguments that are no options, where the options in `valued` take the next word.
    pub(super) fn plain(&self, valued: &[&str]) -> Vec<&Word> {
        let mut plain = Vec::new();
        let mut words = self.args.iter();
        let mut options = true;
        while let Some(word) = words.next() {
            if options && word.is("--") {
                options = false;
            } else if options && word.values.len() == 1 && word.values[0].starts_with('-') && word.values[0].len() > 1 {
                if valued.contains(&word.values[0].as_str()) {
                    words.next();
                }
            } else {
                plain.push(word);
            }
        }
        plain
    }

    /// Whether some argument is not known at all, so that it could be any option.
    pub(super) fn is_open(&self) -> bool {
        self.args.iter().any(|word| word.any(|value| value.starts_with([text::UNKNOWN, text::FETCHED])))
    }
}

fn is_long(value: &str, option: &str) -> bool {
    let name = value.split('=').next().unwrap_or_default();
    name == option || (name.len() >= 6 && option.starts_with(name) && name.starts_with("--"))
}

fn letters<'a>(value: &'a str, valued: &'a str) -> impl Iterator<Item = char> + 'a {
    let cluster = value.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
    let mut over = false;
    cluster.chars().take_while(move |c| {
        let taken = !over;
        over |= valued.contains(*c);
        taken
    })
}

/// Something that a rule found in a script.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) rule: &'static Rule,
    /// The command that it is about.
    pub(super) subject: String,
    pub(super) bytes: Range<usize>,
    pub(super) message: String,
}

impl Call {
    /// Something about this command.
    pub(super) fn found(&self, rule: &'static Rule, message: impl Into<String>) -> Found {
        Found { rule, subject: text::shown(&self.name), bytes: self.bytes.clone(), message: message.into() }
    }
}
