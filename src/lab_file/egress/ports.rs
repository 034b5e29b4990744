//! Ports and ranges of them.

use std::fmt;

use serde::Deserialize;

use crate::text::excerpt;

/// One port or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "PortsAsWritten")]
pub struct Ports {
    /// The first.
    pub first: u16,
    /// The last; the same as the first where it is one port.
    pub last: u16,
}

impl Ports {
    /// Whether it is just this port, and not a range around it.
    #[must_use]
    pub fn is(self, port: u16) -> bool {
        (self.first, self.last) == (port, port)
    }

    /// Whether the port is one of them.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }
    }
}

/// A port as a number, a range as `8000-8010`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum PortsAsWritten {
    Number(i64),
    Text(String),
}

impl TryFrom<PortsAsWritten> for Ports {
    type Error = String;

    fn try_from(written: PortsAsWritten) -> Result<Self, String> {
        let (first, last, shown) = match written {
            PortsAsWritten::Number(port) => (u16::try_from(port).ok(), u16::try_from(port).ok(), port.to_string()),
            PortsAsWritten::Text(text) => {
                let (first, last) = text.split_once('-').unwrap_or((&text, &text));
                (number(first), number(last), excerpt(&text, 40))
            }
        };
        match (first, last) {
            (Some(first), Some(last)) if 0 < first && first <= last => Ok(Self { first, last }),
            _ => Err(format!("`{shown}` is neither a port nor a range of ports such as `8000-8010`")),
        }
    }
}

/// Digits and nothing else: `parse` takes a plus sign, too.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}
