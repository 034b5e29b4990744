//! What people are told to type.

use std::borrow::Cow;

use crate::text;

/// The program's name, as it stands before a command.
const PROGRAM: &str = "podclaw ";

/// How podclaw was called: a command that people are told to type is about the same lab, on the same daemon.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    options: String,
    commands: Vec<String>,
}

impl Hints {
    /// Puts these options, each with its value, into each of these commands.
    #[must_use]
    pub fn new<'a>(options: impl IntoIterator<Item = (&'a str, String)>, commands: Vec<String>) -> Self {
        let options = options.into_iter().map(|(option, value)| format!("{option} {} ", text::escape(&quoted(&value))));
        Self { options: options.collect(), commands }
    }

    /// The text, in which each command of podclaw is one that can be typed as it is.
    #[must_use]
    pub fn complete<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.options.is_empty() {
            return text.into();
        }
        let mut whole = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(PROGRAM) {
            let (before, after) = rest.split_at(at + PROGRAM.len());
            whole.push_str(before);
            let begins = rest[..at].chars().next_back().is_none_or(|last| !is_in_word(last));
            if begins && self.commands.iter().any(|command| begins_with(after, command)) {
                whole.push_str(&self.options);
            }
            rest = after;
        }
        whole.push_str(rest);
        whole.into()
    }
}

fn begins_with(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| rest.chars().next().is_none_or(|next| !is_in_word(next)))
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '/' | '.')
}

/// As a shell takes it for one word.
fn quoted(value: &str) -> Cow<'_, str> {
    if !value.is_empty() && value.chars().all(|it| it.is_ascii_alphanumeric() || "-_/.,:@%+=".contains(it)) {
        return value.into();
    }
    format!("'{}'", value.replace('\'', r"'\''")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_about_the_same_lab() {
        let options = [("--lab", "two".to_owned()), ("--lab-file", "my lab.yaml".to_owned())];
        let hints = Hints::new(options, vec!["wipe".into(), "init".into()]);
        let whole = |text: &str| hints.complete(text).into_owned();
        assert_eq!(
            whole("`podclaw wipe` and `sudo podclaw init --dry-run`"),
            "`podclaw --lab two --lab-file 'my lab.yaml' wipe` and `sudo podclaw --lab two --lab-file 'my lab.yaml' init --dry-run`"
        );
        assert_eq!(whole("podclaw wipe"), "podclaw --lab two --lab-file 'my lab.yaml' wipe");
        for same in
            ["podclaw asks for it", "podclaw initially", "/etc/podclaw wipe", "the lab podclaw", "my-podclaw wipe x"]
        {
            assert_eq!(whole(same), same);
        }
        assert_eq!(Hints::default().complete("`podclaw wipe`"), "`podclaw wipe`");
    }

    #[test]
    fn a_value_is_one_word() {
        assert_eq!(quoted("/etc/podclaw.yaml"), "/etc/podclaw.yaml");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
        assert_eq!(quoted(""), "''");
    }
}
