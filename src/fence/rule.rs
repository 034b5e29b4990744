//! A rule of an ACL in the words of nftables.

use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::incus::AclRule;

/// A rule of an ACL that has no words in nftables here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("podclaw does not understand the {what} {value:?} of a rule of the ACL")]
pub struct NotUnderstood {
    what: &'static str,
    value: String,
}

/// The rules in the order in which Incus applies them, whatever their order in the list: drop, reject, allow.
pub(super) fn in_order<'a>(rules: impl IntoIterator<Item = &'a AclRule>) -> Result<Vec<String>, NotUnderstood> {
    let mut ordered = Vec::new();
    for rule in rules {
        let (rank, verdict) = match rule.action.as_str() {
            "drop" => (0, "drop"),
            "reject" => (1, "reject"),
            "allow" => (2, "accept"),
            action => return Err(refuse("action", action)),
        };
        match rule.state.as_str() {
            "disabled" => {}
            "enabled" | "logged" => ordered.push((rank, format!("{}{verdict}", conditions(rule)?))),
            state => return Err(refuse("state", state)),
        }
    }
    // It keeps the order of those that are equal.
    ordered.sort_by_key(|(rank, _)| *rank);
    Ok(ordered.into_iter().map(|(_, rule)| rule).collect())
}

/// What a packet must be, each with a space after it.
fn conditions(rule: &AclRule) -> Result<String, NotUnderstood> {
    let mut all = String::new();
    for (side, places) in [("saddr", &rule.source), ("daddr", &rule.destination)] {
        if !places.is_empty() {
            all += &address(side, places)?;
        }
    }
    let ports = [("sport", &rule.source_port), ("dport", &rule.destination_port)];
    match rule.protocol.as_str() {
        "" if ports.iter().all(|(_, ports)| ports.is_empty()) => {}
        protocol @ ("tcp" | "udp") => {
            if ports.iter().all(|(_, ports)| ports.is_empty()) {
                let _ = write!(all, "meta l4proto {protocol} ");
            }
            for (side, ports) in ports.into_iter().filter(|(_, ports)| !ports.is_empty()) {
                let _ = write!(all, "{protocol} {side} {} ", set(ports, port)?);
            }
        }
        "icmp4" => all += &icmp("icmp", rule)?,
        "icmp6" => all += &icmp("icmpv6", rule)?,
        protocol => return Err(refuse("protocol", protocol)),
    }
    Ok(all)
}

fn address(side: &str, places: &str) -> Result<String, NotUnderstood> {
    let is_v6 = places.contains(':');
    let family = if is_v6 { "ip6" } else { "ip" };
    let read = |place: &str| place_of(place, is_v6);
    Ok(format!("{family} {side} {} ", set(places, read)?))
}

/// An address, a network or a range, all of one family.
fn place_of(place: &str, is_v6: bool) -> Option<String> {
    if let Some((first, last)) = place.split_once('-') {
        let (first, last) = (first.parse::<IpAddr>().ok()?, last.parse::<IpAddr>().ok()?);
        return (first.is_ipv6() == is_v6 && last.is_ipv6() == is_v6 && first < last)
            .then(|| format!("{first}-{last}"));
    }
    let net = place.parse::<IpNet>().ok().or_else(|| place.parse::<IpAddr>().ok().map(IpNet::from))?.trunc();
    let is_one = net.prefix_len() == net.max_prefix_len();
    (net.addr().is_ipv6() == is_v6).then(|| if is_one { net.addr().to_string() } else { net.to_string() })
}

fn port(port: &str) -> Option<String> {
    let (first, last) = port.split_once('-').unwrap_or((port, port));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    match first.cmp(&last) {
        std::cmp::Ordering::Less => Some(format!("{first}-{last}")),
        std::cmp::Ordering::Equal => Some(first.to_string()),
        std::cmp::Ordering::Greater => None,
    }
}

fn icmp(protocol: &str, rule: &AclRule) -> Result<String, NotUnderstood> {
    let mut all = String::new();
    for (field, value) in [("type", &rule.icmp_type), ("code", &rule.icmp_code)] {
        if !value.is_empty() {
            let number: u8 = value.parse().map_err(|_| refuse("message", value))?;
            let _ = write!(all, "{protocol} {field} {number} ");
        }
    }
    if all.is_empty() {
        all = format!("meta l4proto {} ", if protocol == "icmp" { "icmp" } else { "ipv6-icmp" });
    }
    Ok(all)
}

/// A list with commas as nft wants it.
fn set(list: &str, read: impl Fn(&str) -> Option<String>) -> Result<String, NotUnderstood> {
    let all: Option<Vec<String>> = list.split(',').map(|one| read(one.trim())).collect();
    match all.as_deref() {
        None | Some([]) => Err(refuse("list", list)),
        Some([one]) => Ok(one.clone()),
        Some(all) => Ok(format!("{{ {} }}", all.join(", "))),
    }
}

fn refuse(what: &'static str, value: &str) -> NotUnderstood {
    NotUnderstood { what, value: crate::text::excerpt(value, 64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_an_acl_can_say() {
        let rule = |source: &str, protocol: &str, port: &str, icmp: &str| AclRule {
            action: "allow".into(),
            state: "enabled".into(),
            source: source.into(),
            protocol: protocol.into(),
            source_port: port.into(),
            icmp_type: icmp.into(),
            ..AclRule::default()
        };
        for (rule, said) in [
            (
                rule("10.0.0.1-10.0.0.9,192.168.1.1/24", "", "", ""),
                "ip saddr { 10.0.0.1-10.0.0.9, 192.168.1.0/24 } accept",
            ),
            (rule("fd00::/8", "", "", ""), "ip6 saddr fd00::/8 accept"),
            (rule("", "udp", "5-9", ""), "udp sport 5-9 accept"),
            (rule("", "tcp", "", ""), "meta l4proto tcp accept"),
            (rule("", "icmp4", "", "8"), "icmp type 8 accept"),
            (rule("", "icmp6", "", ""), "meta l4proto ipv6-icmp accept"),
            (rule("", "", "", ""), "accept"),
        ] {
            assert_eq!(in_order([&rule]).unwrap(), [said]);
        }
        for rule in [
            rule("10.0.0.1,fd00::1", "", "", ""),
            rule("10.0.0.9-10.0.0.1", "", "", ""),
            rule("10.0.0.0/8; drop", "", "", ""),
            rule("", "tcp", "9-5", ""),
            rule("", "", "53", ""),
            rule("", "icmp4", "", "any"),
        ] {
            assert!(in_order([&rule]).is_err(), "{rule:?}");
        }
        assert_eq!(place_of("127.0.0.1/32", false).unwrap(), "127.0.0.1");
    }
}
