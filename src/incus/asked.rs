//! What a request is for, which all its errors name.

use std::fmt;
use std::time::Duration;

use super::error::{Error, Refusal};
use crate::text;

/// The longest message of the daemon that an error repeats, in characters.
const LONGEST_MESSAGE: usize = 800;

/// What was asked for, and of what: the part that all errors of a request share.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) action: &'static str,
    pub(super) object: String,
}

impl Asked {
    pub(super) fn new(action: &'static str, object: &impl fmt::Display) -> Self {
        Self { action, object: object.to_string() }
    }

    pub(super) fn refused(&self, code: u16, message: &str) -> Error {
        let kind = Refusal::of(code, message);
        let message = match text::excerpt(message.trim(), LONGEST_MESSAGE) {
            empty if empty.is_empty() => format!("the daemon gave the code {code} and no reason"),
            message => message,
        };
        Error::Refused { action: self.action, object: self.object.clone(), kind, message }
    }

    pub(super) fn broken(&self, error: reqwest::Error) -> Error {
        // The URL of a command's stream holds the secret that opens it.
        self.ended(&error.without_url())
    }

    pub(super) fn ended(&self, reason: &dyn std::error::Error) -> Error {
        let reason = text::excerpt(&chain(reason), LONGEST_MESSAGE);
        Error::Broken { action: self.action, object: self.object.clone(), reason }
    }

    pub(super) fn timed_out(&self, after: Duration) -> Error {
        Error::TimedOut { action: self.action, object: self.object.clone(), after }
    }

    pub(super) fn too_large(&self, limit: u64) -> Error {
        Error::TooLarge { action: self.action, object: self.object.clone(), limit }
    }

    pub(super) fn malformed(&self, reason: &impl fmt::Display) -> Error {
        let reason = text::excerpt(&reason.to_string(), LONGEST_MESSAGE);
        Error::Malformed { action: self.action, object: self.object.clone(), reason }
    }

    pub(super) fn gone(&self) -> Error {
        Error::Gone { action: self.action, object: self.object.clone() }
    }

    pub(super) fn source(&self, reason: &impl fmt::Display) -> Error {
        Error::Source { action: self.action, object: self.object.clone(), reason: reason.to_string() }
    }
}

/// An error and its causes on one line; reqwest's own text leaves the cause out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_bounds_what_the_daemon_says() {
        let error = Asked::new("start", &"instance a").refused(500, &format!("\u{1b}[2J{}", "x".repeat(5000)));
        let said = error.to_string();
        assert!(said.starts_with("cannot start instance a: \\u{1b}[2J"), "{said}");
        assert!(said.len() < 1000, "{}", said.len());
    }
}
