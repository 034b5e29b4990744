//! One allowance: where to, by which protocol, at which ports.

use serde::{Deserialize, Serialize};

use super::{Destination, Ports};

/// The most ports of one allowance, where a range counts as two: more do not fit into one rule of every firewall that
/// Incus has.
const MOST_PORTS: usize = 15;
/// Somewhere that guests may reach, although the mode does not open it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "AllowanceAsWritten")]
pub struct Allowance {
    /// Where.
    pub to: Destination,
    /// By which protocol.
    pub protocol: Transport,
    /// At which ports: at least one, in order, and none twice.
    pub ports: Vec<Ports>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowanceAsWritten {
    to: Destination,
    #[serde(default)]
    protocol: Transport,
    ports: Vec<Ports>,
}

/// A transport protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl TryFrom<AllowanceAsWritten> for Allowance {
    type Error = String;

    fn try_from(AllowanceAsWritten { to, protocol, mut ports }: AllowanceAsWritten) -> Result<Self, String> {
        ports.sort_unstable();
        let mut merged: Vec<Ports> = Vec::new();
        for next in ports {
            match merged.last_mut() {
                Some(last) if u32::from(next.first) <= u32::from(last.last) => last.last = last.last.max(next.last),
                _ => merged.push(next),
            }
        }
        if merged.is_empty() {
            return Err(format!("the allowance of `{to}` has no ports: name those that it is for"));
        }
        let count: usize = merged.iter().map(|ports| if ports.first == ports.last { 1 } else { 2 }).sum();
        if count > MOST_PORTS {
            return Err(format!(
                "the allowance of `{to}` has too many ports: {MOST_PORTS} at most, where a range counts as two"
            ));
        }
        // The address must be known, because all others are to be kept closed at these ports.
        if let (Destination::Name(name), Some(port)) = (&to, dns_port(&merged)) {
            return Err(format!("port {port} can't be allowed by name: give the address of the resolver `{name}`"));
        }
        Ok(Self { to, protocol, ports: merged })
    }
}

/// The ports of resolvers: DNS and DNS over TLS.
pub const DNS_PORTS: [u16; 2] = [53, 853];

fn dns_port(ports: &[Ports]) -> Option<u16> {
    DNS_PORTS.into_iter().find(|port| ports.iter().any(|ports| ports.is(*port)))
}
