//! What guests may reach, in short, for people and programs.

use std::fmt;

use ipnet::Ipv4Net;
use serde::Serialize;

use super::policy::{Opening, Policy};
use crate::lab_file::{Destination, EgressMode, Transport};

/// What guests may reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What is open to all guests.
    pub mode: EgressMode,
    /// What is open besides.
    pub allow: Vec<Opened>,
}

/// What an allowance opens. Shown as `api.example.com tcp 443 (203.0.113.4)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Where, as the lab file has it.
    pub to: String,
    /// By which protocol.
    pub protocol: Transport,
    /// At which ports.
    pub ports: Vec<String>,
    /// The addresses: those of a name as they were seen, or what of a network is not closed to everybody.
    pub addresses: Vec<String>,
}

impl Policy {
    /// The same, to be shown.
    pub(in crate::lab) fn summary(&self) -> Summary {
        Summary { mode: self.mode, allow: self.openings.iter().map(Opened::from).collect() }
    }
}

impl From<&Opening> for Opened {
    fn from(opening: &Opening) -> Self {
        let shown = |net: &Ipv4Net| Destination::Net(*net).to_string();
        Self {
            to: opening.written.to_string(),
            protocol: opening.protocol,
            ports: opening.ports.iter().map(ToString::to_string).collect(),
            addresses: opening.to.iter().map(shown).collect(),
        }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        write!(f, "{} {} {}", self.to, self.protocol.as_str(), self.ports.join(","))?;
        match &self.addresses[..] {
            [] => write!(f, " (no address yet)"),
            [one] if *one == self.to => Ok(()),
            all => {
                let first = all.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
                match all.len().saturating_sub(SHOWN) {
                    0 => write!(f, " ({first})"),
                    more => write!(f, " ({first} and {more} more)"),
                }
            }
        }
    }
}
