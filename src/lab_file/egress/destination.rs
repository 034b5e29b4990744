//! Where an allowance leads.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::Deserialize;

use crate::ranges::{self, NOT_PUBLIC};
use crate::text::excerpt;

/// The widest network, by the length of its prefix: the widest private one.
const WIDEST: u8 = 8;

/// Where an allowance leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Destination {
    /// A network, or one address as a /32.
    Net(Ipv4Net),
    /// A host name, in lower case and without a dot at its end.
    Name(String),
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
