//! What a secret looks like.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

use super::hint::Hints;
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
    /// Texts, of at least three bytes and in any case, one of which is in everything that has the form. They say cheaply
    /// that a file has none.
    pub(super) hints: &'static [&'static str],
    /// A text that is there too, as it is written.
    pub(super) also: &'static str,
    /// The secret with what is around it, as a regular expression; its first group is what must not be shown, or else
    /// all of it.
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

/// All patterns, by their hints.
pub(super) struct Patterns {
    hints: Hints,
    all: Vec<(&'static Pattern, OnceLock<Option<Regex>>)>,
}

/// All patterns. A form is compiled when its hint is first seen.
pub(super) static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let all: Vec<_> = super::ALL.into_iter().flatten().map(|pattern| (pattern, OnceLock::new())).collect();
    Patterns { hints: Hints::of(all.iter().map(|(pattern, _)| pattern.hints)), all }
});

impl Patterns {
    /// The patterns of which a text has a hint, each with its form. A test makes sure that all of them compile.
    pub(super) fn hinted<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'static Pattern, &'a Regex)> {
        let hinted = self.hints.seen(text).into_iter().filter_map(|index| self.all.get(index));
        let hinted = hinted.filter(move |(pattern, _)| text.contains(pattern.also));
        hinted.filter_map(|(pattern, form)| Some((*pattern, form.get_or_init(|| compiled(pattern)).as_ref()?)))
    }
}

/// Secrets are ASCII, so that bytes are enough, and more than a match for what stands around them.
fn compiled(pattern: &Pattern) -> Option<Regex> {
    RegexBuilder::new(pattern.form).unicode(false).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_compile() {
        for (pattern, _) in &PATTERNS.all {
            assert!(compiled(pattern).is_some(), "{}", pattern.name);
            assert!(pattern.hints.iter().all(|hint| hint.len() >= 3), "{}", pattern.name);
        }
    }
}
