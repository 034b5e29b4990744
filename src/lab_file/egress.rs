//! What guests may reach, as the lab file says.

mod allowance;
mod destination;
mod ports;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

pub use allowance::{Allowance, DNS_PORTS, Transport};
pub use destination::Destination;
pub use ports::Ports;

/// The most allowances.
const MOST: usize = 64;
/// The most allowances by name: each is looked up again and again.
const MOST_NAMES: usize = 32;
/// What guests may reach outside of their lab.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "EgressAsWritten")]
pub struct Egress {
    /// What is open to all guests.
    pub mode: EgressMode,
    /// What is open besides.
    pub allow: Vec<Allowance>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct EgressAsWritten {
    mode: EgressMode,
    allow: Vec<Allowance>,
}

/// What is open to guests before any allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EgressMode {
    /// The public internet, and nothing else.
    #[default]
    Open,
    /// Nothing but the allowances.
    Allowlist,
    /// Nothing at all: no allowance may be there, and no name is resolved.
    Sealed,
}

impl EgressMode {
    /// How it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Allowlist => "allowlist",
            Self::Sealed => "sealed",
        }
    }
}

impl Egress {
    /// The names of all allowances by name, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .allow
            .iter()
            .filter_map(|allowance| match &allowance.to {
                Destination::Name(name) => Some(name.as_str()),
                Destination::Net(_) => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Fails where an allowance leads into the lab's own subnet: guests never reach each other, nor the bridge.
    pub(super) fn fits(&self, subnet: Ipv4Net) -> Result<(), String> {
        let inside = |allowance: &&Allowance| matches!(allowance.to, Destination::Net(net) if subnet.contains(&net));
        match self.allow.iter().find(inside) {
            None => Ok(()),
            Some(allowance) => Err(format!(
                "`{}` can't be allowed: it is in the lab's own subnet {}, where guests reach nothing but the resolver",
                allowance.to,
                subnet.trunc()
            )),
        }
    }
}

impl TryFrom<EgressAsWritten> for Egress {
    type Error = String;

    fn try_from(EgressAsWritten { mode, allow }: EgressAsWritten) -> Result<Self, String> {
        let egress = Self { mode, allow };
        if mode == EgressMode::Sealed && !egress.allow.is_empty() {
            return Err("the mode `sealed` opens nothing: take `allow` out, or use the mode `allowlist`".into());
        }
        if egress.allow.len() > MOST {
            return Err(format!("{} allowances are too many: {MOST} at most", egress.allow.len()));
        }
        let names = egress.names().len();
        if names > MOST_NAMES {
            return Err(format!("{names} names are too many: {MOST_NAMES} at most"));
        }
        Ok(egress)
    }
}

#[cfg(test)]
mod tests;
