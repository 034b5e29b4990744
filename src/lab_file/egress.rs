//! What guests may reach, as the lab file says.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ranges::{self, NOT_PUBLIC};
use crate::text::excerpt;

/// The most allowances.
const MOST: usize = 64;
/// The most allowances by name: each is looked up again and again.
const MOST_NAMES: usize = 32;
/// The most ports of one allowance, where a range counts as two: more do not fit into one rule of every firewall that
/// Incus has.
const MOST_PORTS: usize = 15;
/// The widest network, by the length of its prefix: the widest private one.
const WIDEST: u8 = 8;

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

/// Where an allowance leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Destination {
    /// A network, or one address as a /32.
    Net(Ipv4Net),
    /// A host name, in lower case and without a dot at its end.
    Name(String),
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

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) if net.prefix_len() == 32 => write!(f, "{}", net.addr()),
            Self::Net(net) => write!(f, "{net}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A port as a number, a range as `8000-8010`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum PortsAsWritten {
    Number(i64),
    Text(String),
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

impl TryFrom<String> for Destination {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown = || excerpt(&text, 80);
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return allowable(address.into());
        }
        if let Ok(net) = text.parse::<Ipv4Net>() {
            return if net == net.trunc() {
                allowable(net)
            } else {
                Err(format!("`{net}` is an address within its network: write {} or {}", net.addr(), net.trunc()))
            };
        }
        let name = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label that begins with a digit would be a badly written address: resolvers read `0x7f.1` as one.
        let is_name = name.len() <= 253
            && name.contains('.')
            && name.split('.').all(is_label)
            && name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
        if is_name {
            Ok(Self::Name(name))
        } else {
            Err(format!("`{}` is no IPv4 address, network or host name", shown()))
        }
    }
}

/// A network that an allowance may lead to. What no allowance may open is taken out of a wider one later.
fn allowable(net: Ipv4Net) -> Result<Destination, String> {
    let to = Destination::Net(net);
    if net.prefix_len() < WIDEST {
        return Err(format!(
            "`{to}` is too wide for an allowance: /{WIDEST} at most; the mode `open` opens the internet"
        ));
    }
    let closed: Vec<Ipv4Net> = NOT_PUBLIC.iter().filter(|range| range.closed).map(|range| range.net).collect();
    if ranges::without(&[net], &closed).is_empty() {
        let what = NOT_PUBLIC.iter().find(|range| range.closed && ranges::overlap(range.net, net));
        let what = what.map_or("reserved", |range| range.what);
        return Err(format!("`{to}` can't be allowed: {what}"));
    }
    Ok(to)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::lab_file::LabFile;

    fn parse(allow: &str) -> Result<LabFile, String> {
        let text = format!("network:\n  egress:\n    {allow}\n");
        LabFile::parse(Path::new("podclaw.yaml"), &text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_can_be_allowed_is() {
        for allow in [
            "mode: open",
            "mode: sealed",
            "mode: allowlist",
            "allow: []",
            "allow: [{to: 192.168.77.9, ports: [443]}]",
            "allow: [{to: 192.168.77.0/24, protocol: udp, ports: [\"53\", 8000-8010, 65535]}]",
            "allow: [{to: API.Example.com., ports: [443]}]",
            "allow: [{to: 169.0.0.0/8, ports: [1]}]",
            "allow: [{to: 203.0.113.9, ports: [53]}]",
            "allow: [{to: 203.0.113.9, ports: [1-65535]}]",
            "allow: [{to: api.example.com, ports: [1-1024]}]",
        ] {
            parse(allow).expect(allow);
        }
    }

    #[test]
    fn what_can_not_be_allowed_is_refused() {
        let many = |count: usize, one: &str| format!("allow: [{}]", vec![one; count].join(", "));
        let ports: Vec<String> = (1..=16).map(|port| (port * 2).to_string()).collect();
        let names: Vec<String> = (0..33).map(|number| format!("{{to: a{number}.example.com, ports: [443]}}")).collect();
        for (allow, why) in [
            ("mode: closed", "unknown variant"),
            ("modes: open", "unknown field"),
            ("allow: [{to: 192.168.77.9}]", "ports"),
            ("allow: [{to: 192.168.77.9, ports: []}]", "has no ports"),
            ("allow: [{to: 192.168.77.9, ports: [0]}]", "neither a port"),
            ("allow: [{to: 192.168.77.9, ports: [65536]}]", "neither a port"),
            ("allow: [{to: 192.168.77.9, ports: [-1]}]", "neither a port"),
            ("allow: [{to: 192.168.77.9, ports: [\"+80\"]}]", "neither a port"),
            ("allow: [{to: 192.168.77.9, ports: [9-8]}]", "neither a port"),
            ("allow: [{to: 192.168.77.9, ports: [1-2-3]}]", "neither a port"),
            ("allow: [{to: 192.168.77.9, ports: [443], protocol: sctp}]", "unknown variant"),
            ("allow: [{to: 192.168.77.9, ports: [443], port: 1}]", "unknown field"),
            ("allow: [{to: 192.168.77.9/24, ports: [443]}]", "write 192.168.77.9 or 192.168.77.0/24"),
            ("allow: [{to: 0.0.0.0/0, ports: [443]}]", "too wide"),
            ("allow: [{to: 128.0.0.0/1, ports: [443]}]", "too wide"),
            ("allow: [{to: 0.0.0.0, ports: [443]}]", "this network"),
            ("allow: [{to: 127.0.0.1, ports: [443]}]", "loopback"),
            ("allow: [{to: 169.254.169.254, ports: [80]}]", "cloud metadata"),
            ("allow: [{to: 169.254.0.0/16, ports: [80]}]", "cloud metadata"),
            ("allow: [{to: 100.100.100.200, ports: [80]}]", "cloud metadata"),
            ("allow: [{to: 168.63.129.16, ports: [80]}]", "a cloud's service"),
            ("allow: [{to: 224.0.0.251, ports: [5353]}]", "multicast"),
            ("allow: [{to: 255.255.255.255, ports: [67]}]", "broadcast"),
            ("allow: [{to: 10.173.57.1, ports: [443]}]", "the lab's own subnet"),
            ("allow: [{to: 10.173.57.0/24, ports: [443]}]", "the lab's own subnet"),
            ("allow: [{to: \"::1\", ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: localhost, ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: 0x7f.1, ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: 010.0.0.1, ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: a.example.0x7f, ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: \"*.example.com\", ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: \"a_b.example.com\", ports: [443]}]", "no IPv4 address"),
            ("allow: [{to: dns.example.com, ports: [853]}]", "by name"),
            ("{mode: sealed, allow: [{to: 192.168.77.9, ports: [443]}]}", "opens nothing"),
            (&many(65, "{to: 192.168.77.9, ports: [443]}"), "too many"),
            (&format!("allow: [{}]", names.join(", ")), "too many"),
            (&format!("allow: [{{to: 192.168.77.9, ports: [{}]}}]", ports.join(", ")), "too many ports"),
        ] {
            let error = parse(allow).expect_err(allow);
            assert!(error.contains(why), "{allow}: {error}");
        }
    }

    #[test]
    fn ports_are_put_in_order() {
        let file =
            parse("allow: [{to: 192.168.77.9, ports: [443, 80, 8005-8020, 443, 8000-8010]}]").expect("it is right");
        let ports: Vec<String> = file.network().egress.allow[0].ports.iter().map(ToString::to_string).collect();
        assert_eq!(ports, ["80", "443", "8000-8020"]);
    }
}
