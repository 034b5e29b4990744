//! Unit files as Podman's Quadlet reads them: sections, and `KEY=VALUE` lines in them.
//!
//! Podman's reader differs from systemd's, and from its own older versions: in where a line goes on, in what counts as a
//! space, in comments between continued lines. Where they could disagree there is a [`Fault`]; otherwise they all read
//! what is in the [`Unit`].

mod read;
mod words;

use std::ops::Range;
use std::sync::Arc;

pub use read::read;
pub use words::words;

/// What a unit file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// The headings, in the order of the text. One name may come several times; then they are one section.
    pub sections: Vec<Section>,
    /// All assignments, in the order of the text.
    pub entries: Vec<Entry>,
    /// What readers could disagree on.
    pub faults: Vec<Fault>,
}

/// A heading.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name, without the brackets.
    pub name: Arc<str>,
    /// Where it is.
    pub bytes: Range<usize>,
}

/// One assignment.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of its section.
    pub section: Arc<str>,
    /// The key, as it is written: case matters.
    pub key: String,
    /// The value in one line, without space around it. Quotes and escapes are still in it.
    pub value: String,
    /// The whole assignment.
    pub bytes: Range<usize>,
}

/// Something that is no line of a unit file, or that readers read differently.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub bytes: Range<usize>,
    /// What it is, as a fragment.
    pub message: &'static str,
}

impl Entry {
    /// The value without one pair of quotes around all of it, which newer versions of Podman remove from single values.
    #[must_use]
    pub fn plain(&self) -> &str {
        let inner = |quote| self.value.strip_prefix(quote)?.strip_suffix(quote);
        inner('"').or_else(|| inner('\'')).unwrap_or(&self.value)
    }

    /// The value as Podman reads a truth value: everything that it does not know is `false` to it, and `None` here.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain().to_ascii_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Some(true),
            "0" | "no" | "false" | "off" => Some(false),
            _ => None,
        }
    }
}
