//! What guests may reach, as the lab file says.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// What guests may reach outside of their lab.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Egress {
    /// What is open to all guests.
    pub mode: EgressMode,
    /// What is open besides.
    pub allow: Vec<Allowance>,
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

/// Somewhere that guests may reach, although the mode does not open it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Where.
    pub to: Destination,
    /// By which protocol.
    #[serde(default)]
    pub protocol: Transport,
    /// At which ports. At least one.
    pub ports: Vec<Ports>,
}

/// Where an allowance leads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Destination {
    /// A network, or one address as a /32.
    Net(Ipv4Net),
    /// A host name, in lower case and without a dot at its end.
    Name(String),
}

/// A transport protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// One port or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "PortsAsWritten")]
pub struct Ports {
    /// The first.
    pub first: u16,
    /// The last; the same as the first where it is one port.
    pub last: u16,
}

/// A port as a number, a range as `8000-8010`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum PortsAsWritten {
    Number(u16),
    Text(String),
}

impl TryFrom<String> for Destination {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Net(address.into()));
        }
        if let Ok(net) = text.parse::<Ipv4Net>() {
            return Ok(Self::Net(net.trunc()));
        }
        let name = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label of digits would be a badly written address.
        let is_name = name.len() <= 253
            && name.contains('.')
            && name.split('.').all(is_label)
            && !name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if is_name { Ok(Self::Name(name)) } else { Err(format!("`{text}` is no IPv4 address, network or host name")) }
    }
}

impl TryFrom<PortsAsWritten> for Ports {
    type Error = String;

    fn try_from(written: PortsAsWritten) -> Result<Self, String> {
        let (first, last) = match &written {
            PortsAsWritten::Number(port) => (Some(*port), Some(*port)),
            PortsAsWritten::Text(text) => {
                let (first, last) = text.split_once('-').unwrap_or((text, text));
                (first.parse().ok(), last.parse().ok())
            }
        };
        match (first, last) {
            (Some(first), Some(last)) if 0 < first && first <= last => Ok(Self { first, last }),
            _ => Err(format!("{written:?} is neither a port nor a range of ports such as `8000-8010`")),
        }
    }
}
