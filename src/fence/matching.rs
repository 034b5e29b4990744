//! Whether a rule is about a packet. What is not understood is neither yes nor no.

use std::net::IpAddr;

use serde_json::Value;

use super::walk::{Link, Packet, Protocol};

/// Whether something holds of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// Nobody here knows.
    Unknown,
}

impl Holds {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// What of a packet a rule looks at.
enum Field<'p> {
    Link(&'p Link<'p>),
    Address(IpAddr),
    Number(u64, Option<&'static str>),
    /// It is the first of its connection.
    State,
    /// The packet has no such thing, and then the rule is not about it, whatever it wants.
    Missing,
    Unknown,
}

/// Whether one comparison of a rule holds.
pub(super) fn compare(comparison: &Value, packet: &Packet<'_>) -> Holds {
    let (left, right) = (&comparison["left"], &comparison["right"]);
    let field = field(left, packet);
    if matches!(field, Field::Missing) {
        return Holds::No;
    }
    let holds = is_one_of(&field, right);
    match comparison["op"].as_str() {
        Some("==" | "in") => holds,
        Some("!=") => holds.not(),
        _ => Holds::Unknown,
    }
}

fn field<'p>(left: &Value, packet: &'p Packet<'p>) -> Field<'p> {
    let key = |part: &str| left[part]["key"].as_str();
    let protocol = |name: &'static str, number: u64| Field::Number(number, Some(name));
    match (key("meta"), key("ct")) {
        (Some("iifname" | "iif"), _) => return Field::Link(&packet.from),
        (Some("oifname" | "oif"), _) => return Field::Link(&packet.to),
        (Some("l4proto"), _) => {
            return match packet.protocol {
                Protocol::Tcp { .. } => protocol("tcp", 6),
                Protocol::Udp { .. } => protocol("udp", 17),
                Protocol::Echo => protocol("icmp", 1),
            };
        }
        (Some("nfproto"), _) if packet.destination.is_ipv4() => return protocol("ipv4", 2),
        (Some("nfproto"), _) => return protocol("ipv6", 10),
        (None, Some("state")) => return Field::State,
        _ => {}
    }
    let payload = &left["payload"];
    let (Some(of), Some(name)) = (payload["protocol"].as_str(), payload["field"].as_str()) else {
        return Field::Unknown;
    };
    let is_four = packet.destination.is_ipv4();
    let ports = |(from, to): (u16, u16)| match name {
        "sport" => Field::Number(from.into(), None),
        "dport" => Field::Number(to.into(), None),
        _ => Field::Unknown,
    };
    match (of, packet.protocol) {
        ("ip", _) if !is_four => Field::Missing,
        ("ip6", _) if is_four => Field::Missing,
        ("ip" | "ip6", _) if name == "saddr" => Field::Address(packet.source),
        ("ip" | "ip6", _) if name == "daddr" => Field::Address(packet.destination),
        ("ip", _) if name == "version" => Field::Number(4, None),
        ("tcp" | "th", Protocol::Tcp { from, to }) | ("udp" | "th", Protocol::Udp { from, to }) => ports((from, to)),
        ("icmp", Protocol::Echo) if name == "type" => protocol("echo-request", 8),
        ("tcp" | "udp" | "icmp" | "icmpv6", _) => Field::Missing,
        _ => Field::Unknown,
    }
}

/// Whether a field is the value, or in it where it is several.
fn is_one_of(field: &Field<'_>, value: &Value) -> Holds {
    let several = value.as_array().or_else(|| value["set"].as_array());
    if let Some(several) = several {
        return several.iter().fold(Holds::No, |so_far, one| so_far.or(is_one_of(field, one)));
    }
    match field {
        Field::Link(link) => value.as_str().map_or(Holds::Unknown, |name| link.is_called(name)),
        Field::Address(address) => is_address(*address, value).map_or(Holds::Unknown, Holds::of),
        Field::Number(number, name) => is_number(*number, *name, value),
        Field::State => match value.as_str() {
            Some("new") => Holds::Yes,
            Some("established" | "related" | "invalid" | "untracked") => Holds::No,
            _ => Holds::Unknown,
        },
        Field::Missing => Holds::No,
        Field::Unknown => Holds::Unknown,
    }
}

fn is_address(address: IpAddr, value: &Value) -> Option<bool> {
    if let Some(one) = value.as_str() {
        return Some(one.parse::<IpAddr>().ok()? == address);
    }
    if let Some([first, last]) = value["range"].as_array().map(Vec::as_slice) {
        let end = |value: &Value| value.as_str()?.parse::<IpAddr>().ok();
        let (first, last) = (end(first)?, end(last)?);
        return Some(first.is_ipv4() == address.is_ipv4() && (first..=last).contains(&address));
    }
    let prefix = &value["prefix"];
    let (of, length) = (prefix["addr"].as_str()?.parse::<IpAddr>().ok()?, prefix["len"].as_u64()?);
    Some(ipnet::IpNet::new(of, u8::try_from(length).ok()?).ok()?.contains(&address))
}

fn is_number(number: u64, name: Option<&str>, value: &Value) -> Holds {
    if let Some(one) = value.as_u64() {
        return Holds::of(one == number);
    }
    if let Some([first, last]) = value["range"].as_array().map(Vec::as_slice) {
        let (Some(first), Some(last)) = (first.as_u64(), last.as_u64()) else { return Holds::Unknown };
        return Holds::of((first..=last).contains(&number));
    }
    match (value.as_str(), name) {
        // What begins so is a set with a name, whose contents stand elsewhere.
        (Some(text), Some(name)) if !text.starts_with('@') => Holds::of(text == name),
        _ => Holds::Unknown,
    }
}
