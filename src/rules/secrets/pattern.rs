//! What a secret looks like.

use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexSet};

use super::value;
use crate::rules::Rule;

/// The form of one kind of secret.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The rule that finds it.
    pub(super) rule: &'static Rule,
    /// Its name in subjects.
    pub(super) name: &'static str,
    /// What it is, for people, with an article.
    pub(super) what: &'static str,
    /// A regular expression of little more than the letters that no such secret is without; it says cheaply that a text
    /// has none.
    pub(super) hint: &'static str,
    /// The secret with what is around it; its first group is what must not be shown, or else all of it.
    pub(super) form: &'static str,
    /// What decides where the form alone cannot.
    pub(super) check: Check,
}

/// How it is decided that what has the form of a secret is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// The form is enough.
    Form,
    /// The header of a key: what follows it is what must not be shown.
    Key,
    /// It is a JSON web token: the first part says so.
    WebToken,
    /// It is a name and a password in Base64.
    NameAndPassword,
    /// It does not stand for something else, as `$PASSWORD` and `<password>` do.
    Literal,
    /// It looks like chance made it, and has at least as many characters.
    Random(usize),
}

impl Check {
    /// Whether `secret` is one. `after` is the text behind it.
    pub(super) fn passes(self, secret: &str, after: &str) -> bool {
        match self {
            Self::Form | Self::Key => true,
            Self::WebToken => value::is_web_token(secret),
            Self::NameAndPassword => value::is_name_and_password(secret),
            Self::Literal => !value::is_placeholder(secret),
            // What is called or looked up is an expression, and what a colon follows a key.
            Self::Random(least) => !after.starts_with(['(', '[', '{', '$', ':']) && value::is_random(secret, least),
        }
    }
}

/// All patterns, in the order of the hints.
pub(super) struct Patterns {
    hints: Option<RegexSet>,
    all: Vec<(&'static Pattern, OnceLock<Option<Regex>>)>,
}

/// All patterns. Only the hints are compiled at once, each form when its hint is first seen.
pub(super) static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let all: Vec<_> = super::ALL.into_iter().flatten().map(|pattern| (pattern, OnceLock::new())).collect();
    Patterns { hints: RegexSet::new(all.iter().map(|(pattern, _)| pattern.hint)).ok(), all }
});

impl Patterns {
    /// The patterns of which a text has the hint, each with its form. A test makes sure that all of them compile.
    pub(super) fn hinted<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'static Pattern, &'a Regex)> {
        let hints = self.hints.as_ref().map(|hints| hints.matches(text));
        let hinted = hints.into_iter().flatten().filter_map(|index| self.all.get(index));
        hinted.filter_map(|(pattern, form)| {
            Some((*pattern, form.get_or_init(|| Regex::new(pattern.form).ok()).as_ref()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_compile() {
        assert!(PATTERNS.hints.is_some());
        for (pattern, _) in &PATTERNS.all {
            assert!(Regex::new(pattern.form).is_ok(), "{}", pattern.name);
        }
    }
}
