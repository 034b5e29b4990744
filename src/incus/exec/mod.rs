//! Running commands in instances.

mod capture;
mod session;
mod start;

use std::collections::BTreeMap;

pub use capture::Captured;
pub use session::{Output, Process, Session, Stdin};

/// A command for an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments. No shell looks at them.
    pub argv: Vec<String>,
    /// Environment variables, besides those that the daemon sets.
    pub environment: BTreeMap<String, String>,
    /// The user that runs it; root without.
    pub user: u32,
    /// The group.
    pub group: u32,
    /// The directory that it starts in; the user's home without.
    pub directory: Option<String>,
}

impl Command {
    /// A command that root runs.
    pub fn new(argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The same command for another user.
    #[must_use]
    pub fn as_user(mut self, user: u32, group: u32) -> Self {
        (self.user, self.group) = (user, group);
        self
    }

    /// The same command with an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}
