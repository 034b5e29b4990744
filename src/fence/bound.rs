//! Which address Incus binds each guest's port to: its filter there drops what comes from another one.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::Value;

use super::nft::{self, NftError};
use super::ruleset::Ruleset;

/// The addresses of the host's ends of guests' cards, by the ends' names, as the kernel has them now. One that has no
/// filter, or one for several addresses, is left out.
///
/// # Errors
/// Why nft does not say.
pub async fn bound() -> Result<BTreeMap<String, Ipv4Addr>, NftError> {
    Ok(nft::ruleset("bridge", "incus").await?.map(|rules| read(&rules)).unwrap_or_default())
}

fn read(rules: &Ruleset) -> BTreeMap<String, Ipv4Addr> {
    let mut found = BTreeMap::<String, Option<Ipv4Addr>>::new();
    // Of what is not on every packet's way nothing is to be concluded.
    let filters = rules.chains.values().filter(|chain| chain.is_filter && chain.hook.as_deref() == Some("input"));
    for (port, address) in filters.flat_map(|chain| &chain.rules).filter_map(|rule| binding(rule)) {
        let known = found.entry(port.to_owned()).or_insert(address);
        // Two that differ let nothing through.
        *known = known.filter(|known| Some(*known) == address);
    }
    found.into_iter().filter_map(|(port, address)| Some((port, address?))).collect()
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
            found.get("veth1").map(ToString::to_string)
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
}
