//! What the machine's firewall does for others: translation of addresses, and the rules that Incus left there.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{Seen, Unseen};

/// A rule that translates addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// Where it stands: family, table and chain.
    pub place: String,
    /// What it does: `masquerade`, `snat`, `dnat` or `redirect`.
    pub action: String,
    /// Whose it is, as far as the place tells.
    pub owner: Owner,
}

/// Who writes rules into a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Incus, for its own bridges.
    Incus,
    /// A manager of containers or virtual machines, for its own networks.
    Manager,
    /// Somebody else: most likely a person.
    Other,
}

/// A chain of the tables that Incus makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The family of its table.
    pub family: String,
    /// Its name, such as `fwd.podclawbr0`.
    pub name: String,
    /// The interfaces that its rules are about, by the way that packets come in.
    pub interfaces: BTreeSet<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its family, such as `inet`.
    pub family: String,
    /// Its name.
    pub name: String,
}

/// What is of interest in the rules of nftables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What translates addresses.
    pub translations: Vec<Translation>,
    /// All tables.
    pub tables: Vec<Table>,
    /// The chains of Incus.
    pub incus_chains: Vec<Chain>,
    /// Whether what is passed on for others is dropped unless a rule allows it.
    pub drops_forwarded: bool,
}

#[derive(Deserialize)]
struct Listing {
    nftables: Vec<Value>,
}

/// Reads what `nft --json list ruleset` says.
///
/// # Errors
/// That it makes no sense.
pub fn nftables(said: &str) -> Seen<Rules> {
    let listing: Listing = serde_json::from_str(said)
        .map_err(|error| Unseen::Unfit(format!("nft says what is no list of rules: {error}")))?;
    let mut rules = Rules::default();
    for entry in &listing.nftables {
        if let Some(table) = entry.get("table") {
            rules.tables.push(Table { family: text(table, "family"), name: text(table, "name") });
        }
        if let Some(chain) = entry.get("chain") {
            if text(chain, "table") == "incus" {
                let (family, name) = (text(chain, "family"), text(chain, "name"));
                rules.incus_chains.push(Chain { family, name, interfaces: BTreeSet::new() });
            }
            rules.drops_forwarded |= text(chain, "hook") == "forward" && text(chain, "policy") == "drop";
        }
        let Some(rule) = entry.get("rule") else { continue };
        let (table, chain) = (text(rule, "table"), text(rule, "chain"));
        let place = format!("{} {table} {chain}", text(rule, "family"));
        // nft lists a chain before its rules.
        let family = text(rule, "family");
        let is_of = |of: &&mut Chain| table == "incus" && of.family == family && of.name == chain;
        let mut of = rules.incus_chains.iter_mut().find(is_of);
        for expression in rule.get("expr").and_then(Value::as_array).into_iter().flatten() {
            if let Some(of) = &mut of {
                of.interfaces.extend(comes_in_at(expression));
            }
            for action in ["masquerade", "snat", "dnat", "redirect"] {
                // The iptables that writes into nftables hides its targets behind this name.
                let hidden = expression.get("xt").is_some_and(|it| text(it, "name").eq_ignore_ascii_case(action));
                if hidden || expression.get(action).is_some() {
                    let owner = if table == "incus" { Owner::Incus } else { owner(&table, &chain) };
                    rules.translations.push(Translation { place: place.clone(), action: action.into(), owner });
                }
            }
        }
    }
    Ok(rules)
}

/// The interface that an expression asks for, where it asks for one by its name.
fn comes_in_at(expression: &Value) -> Option<String> {
    let asked = expression.get("match").filter(|asked| text(asked, "op") == "==")?;
    let is_name = asked.pointer("/left/meta/key").is_some_and(|key| key == "iifname");
    asked.get("right").filter(|_| is_name)?.as_str().map(Into::into)
}

/// Reads the NAT table of `iptables-save`.
#[must_use]
pub fn iptables(said: &str) -> Vec<Translation> {
    let parse = |line: &str| {
        let chain = line.strip_prefix("-A ")?.split(' ').next()?;
        let target = line.split_once(" -j ")?.1.split(' ').next()?;
        let action = ["masquerade", "snat", "dnat", "redirect"].iter().find(|it| target.eq_ignore_ascii_case(it))?;
        let by_incus = line.contains("generated for Incus network");
        let owner = if by_incus { Owner::Incus } else { owner("nat", chain) };
        Some(Translation { place: format!("iptables nat {chain}"), action: (*action).to_owned(), owner })
    };
    said.lines().filter_map(parse).collect()
}

fn owner(table: &str, chain: &str) -> Owner {
    let managers = ["docker", "libvirt", "netavark", "cni-", "kube-", "lxc", "virbr"];
    let of_manager = |name: &str| managers.iter().any(|manager| name.to_lowercase().starts_with(manager));
    if of_manager(table) || of_manager(chain) { Owner::Manager } else { Owner::Other }
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_chains_are_about() {
        let said = r#"{"nftables":[{"table":{"family":"bridge","name":"incus","handle":1}},
            {"chain":{"family":"bridge","table":"incus","name":"in.p_g.eth0"}},
            {"rule":{"family":"bridge","table":"incus","chain":"in.p_g.eth0","expr":[
                {"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"veth1"}},{"drop":null}]}},
            {"rule":{"family":"bridge","table":"incus","chain":"in.p_g.eth0","expr":[
                {"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":"veth2"}},
                {"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"veth3"}},
                {"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":{"set":["veth4"]}}}]}}]}"#;
        let rules = nftables(said).unwrap();
        assert_eq!(rules.tables, [Table { family: "bridge".into(), name: "incus".into() }]);
        assert_eq!(rules.incus_chains[0].interfaces, BTreeSet::from(["veth1".to_owned()]));
    }

    #[test]
    fn tells_whose_rules_they_are() {
        let said = r#"{"nftables":[{"metainfo":{}},
            {"chain":{"family":"inet","table":"incus","name":"fwd.a"}},
            {"chain":{"family":"ip","table":"filter","name":"FORWARD","hook":"forward","policy":"drop"}},
            {"rule":{"family":"inet","table":"incus","chain":"pstrt.a","expr":[{"masquerade":null}]}},
            {"rule":{"family":"ip","table":"nat","chain":"POSTROUTING","expr":[{"match":{}},{"snat":{"addr":"1.2.3.4"}}]}},
            {"rule":{"family":"ip","table":"nat","chain":"DOCKER","expr":[{"xt":{"type":"target","name":"DNAT"}}]}}]}"#;
        let rules = nftables(said).unwrap();
        let owners: Vec<_> = rules.translations.iter().map(|it| (it.action.as_str(), it.owner)).collect();
        assert_eq!(owners, [("masquerade", Owner::Incus), ("snat", Owner::Other), ("dnat", Owner::Manager)]);
        assert!(rules.drops_forwarded);
        assert_eq!((rules.incus_chains[0].name.as_str(), rules.incus_chains[0].interfaces.len()), ("fwd.a", 0));
        assert!(nftables("{}").is_err());
        let old = "*nat\n-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE\n-A POSTROUTING -m comment --comment \"generated for Incus network a\" -j MASQUERADE\n-A X -j ACCEPT\n";
        assert_eq!(iptables(old).iter().map(|it| it.owner).collect::<Vec<_>>(), [Owner::Other, Owner::Incus]);
    }
}
