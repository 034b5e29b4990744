//! Which address Incus binds each guest's port to: its filter there drops what comes from another one. The filter is named
//! after the guest, so that the kernel tells of each whose it is, and nothing has to be asked of the daemon.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::Value;

use super::nft::{self, NftError};
use super::ruleset::Ruleset;

/// What a guest's port is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The address from which alone it may send IPv4.
    pub address: Ipv4Addr,
    /// The hardware address from which alone it may send; nothing where that is not bound.
    pub mac: Option<[u8; 6]>,
    /// The name of the filter.
    chain: String,
}

impl Binding {
    /// The guest of that project whose port it is; nothing where it is another project's.
    #[must_use]
    pub fn guest_of(&self, project: &str) -> Option<&str> {
        // `in.PROJECT_GUEST.DEVICE`. No guest has a `_` or a `.` in its name.
        let (guest, _device) =
            self.chain.strip_prefix("in.")?.strip_prefix(project)?.strip_prefix('_')?.split_once('.')?;
        (!guest.contains('_')).then_some(guest)
    }
}

/// The bindings of the host's ends of guests' cards, by the ends' names, as the kernel has them now. One that has no
/// filter, or one for several addresses, is left out.
///
/// # Errors
/// Why nft does not say.
pub async fn bound() -> Result<BTreeMap<String, Binding>, NftError> {
    Ok(nft::ruleset("bridge", "incus").await?.map(|rules| read(&rules)).unwrap_or_default())
}

fn read(rules: &Ruleset) -> BTreeMap<String, Binding> {
    let mut found = BTreeMap::<String, Option<Binding>>::new();
    // Of what is not on every packet's way nothing is to be concluded.
    let filters = rules.chains.iter().filter(|(_, chain)| chain.is_filter && chain.hook.as_deref() == Some("input"));
    let mut macs = BTreeMap::new();
    for (name, rule) in filters.flat_map(|(name, chain)| chain.rules.iter().map(move |rule| (name, rule))) {
        macs.extend(hardware(rule).map(|(port, mac)| (port.to_owned(), mac)));
        let Some((port, address)) = binding(rule) else { continue };
        let binding = address.map(|address| Binding { address, mac: None, chain: name.clone() });
        let known = found.entry(port.to_owned()).or_insert_with(|| binding.clone());
        // Two that differ let nothing through.
        if known.as_ref().map(|known| known.address) != address {
            *known = None;
        }
    }
    let with_mac = |(port, binding): (String, Option<Binding>)| {
        let mac = macs.get(&port).copied();
        Some((port, Binding { mac, ..binding? }))
    };
    found.into_iter().filter_map(with_mac).collect()
}

/// What a rule says that drops packets of a port from all but one hardware address.
fn hardware(rule: &[Value]) -> Option<(&str, [u8; 6])> {
    let [port, sender, verdict] = rule else { return None };
    verdict.get("drop")?;
    let part = |part: &'_ Value, pointer: &str| part.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (left, from) = (port.get("match")?, sender.get("match")?);
    let is_port = part(left, "/left/meta/key")? == "iifname" && part(left, "/op")? == "==";
    let is_sender = part(from, "/left/payload/protocol")? == "ether"
        && part(from, "/left/payload/field")? == "saddr"
        && part(from, "/op")? == "!=";
    let mut mac = [0; 6];
    let text = from.get("right")?.as_str()?;
    let mut bytes = text.split(':');
    for byte in &mut mac {
        *byte = u8::from_str_radix(bytes.next()?, 16).ok()?;
    }
    (is_port && is_sender && bytes.next().is_none()).then_some((left.get("right")?.as_str()?, mac))
}

/// What a rule says that drops IPv4 packets of a port from all but one address; nothing for the address where there are
/// several.
fn binding(rule: &[Value]) -> Option<(&str, Option<Ipv4Addr>)> {
    let [rest @ .., verdict] = rule else { return None };
    verdict.get("drop")?;
    let (mut port, mut bound) = (None, None);
    for part in rest {
        // What else it demands makes it drop less.
        let part = part.get("match")?;
        let (left, op, right) = (part.get("left")?, part.get("op")?.as_str()?, part.get("right")?);
        let field = |of: &str, name: &str| left.get(of).and_then(|of| of.get(name)).and_then(Value::as_str);
        match (field("meta", "key"), field("payload", "protocol"), field("payload", "field"), op) {
            (Some("iifname"), _, _, "==") => port = Some(right.as_str()?),
            (_, Some("ether"), Some("type"), "==") if right == "ip" => {}
            (_, Some("ip"), Some("saddr"), "!=") => bound = Some(right),
            _ => return None,
        }
    }
    Some((port?, one(bound?)))
}

/// The address where it is one alone, or a set of one.
fn one(right: &Value) -> Option<Ipv4Addr> {
    let value = match right.get("set").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => one,
        Some(_) => return None,
        None => right,
    };
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nft 1.0.6 lists what Incus 6.0.4 makes for one guest, with these rules for its addresses.
    fn listing(hook: &str, addresses: &[&str]) -> String {
        let port = r#"{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "veth1"}}"#;
        let field = |protocol: &str, field: &str, op: &str, right: &str| {
            format!(
                r#"{{"match": {{"op": "{op}", "left": {{"payload": {{"protocol": "{protocol}", "field": "{field}"}}}}, "right": {right}}}}}"#
            )
        };
        let mut rules = vec![
            format!(r#"{port}, {}, {{"drop": null}}"#, field("ether", "saddr", "!=", r#""10:66:6a:00:00:01""#)),
            format!(r#"{port}, {}, {{"accept": null}}"#, field("ip", "saddr", "==", r#""0.0.0.0""#)),
            format!(r#"{port}, {}, {{"drop": null}}"#, field("arp", "saddr ip", "!=", r#""10.9.0.9""#)),
            // It drops no more than what is for a port.
            format!(
                r#"{port}, {}, {}, {{"drop": null}}"#,
                field("ip", "saddr", "!=", r#""10.9.0.8""#),
                field("udp", "dport", "==", "53")
            ),
        ];
        rules.extend(
            addresses.iter().map(|at| format!(r#"{port}, {}, {{"drop": null}}"#, field("ip", "saddr", "!=", at))),
        );
        let rules: Vec<String> =
            rules.iter().map(|rule| format!(r#", {{"rule": {{"chain": "in.eth0", "expr": [{rule}]}}}}"#)).collect();
        format!(
            r#"{{"nftables": [{{"chain": {{"name": "in.eth0", "type": "filter", "hook": "{hook}", "prio": -200, "policy": "accept"}}}}{}]}}"#,
            rules.concat()
        )
    }

    #[test]
    fn a_port_is_bound_to_one_address_or_to_none() {
        let of = |hook: &str, addresses: &[&str]| {
            let found = read(&Ruleset::read(&listing(hook, addresses)).unwrap());
            found.get("veth1").map(|binding| binding.address.to_string())
        };
        assert_eq!(of("input", &[r#""10.9.0.5""#]).as_deref(), Some("10.9.0.5"));
        assert_eq!(of("input", &[r#"{"set": ["10.9.0.5"]}"#]).as_deref(), Some("10.9.0.5"));
        assert_eq!(of("input", &[]), None);
        assert_eq!(of("output", &[r#""10.9.0.5""#]), None);
        for several in [
            &[r#"{"set": ["10.9.0.5", "10.9.0.6"]}"#][..],
            &[r#"{"prefix": {"addr": "10.9.0.0", "len": 24}}"#],
            &[r#""10.9.0.5""#, r#""10.9.0.6""#],
            &[r#"{"set": ["10.9.0.5", "10.9.0.6"]}"#, r#""10.9.0.5""#],
        ] {
            assert_eq!(of("input", several), None, "{several:?}");
        }
    }

    #[test]
    fn a_port_is_known_by_its_guest_and_its_card() {
        let listing = listing("input", &[r#""10.9.0.5""#]).replace("in.eth0", "in.lab_a-1.eth0");
        let found = read(&Ruleset::read(&listing).unwrap());
        let binding = &found["veth1"];
        assert_eq!(binding.mac, Some([0x10, 0x66, 0x6a, 0, 0, 1]));
        let of = |chain: &str, project: &str| {
            Binding { chain: chain.into(), ..binding.clone() }.guest_of(project).map(str::to_owned)
        };
        assert_eq!(binding.guest_of("lab"), Some("a-1"));
        assert_eq!(of("in.lab_x_a.eth0", "lab"), None);
        assert_eq!(of("in.lab_x_a.eth0", "lab_x").as_deref(), Some("a"));
        for chain in ["fwd.lab_a.eth0", "in.laba.eth0", "in.lab2_a.eth0", "in.lab_a"] {
            assert_eq!(of(chain, "lab"), None, "{chain}");
        }
    }
}
