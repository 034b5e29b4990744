//! Cutting guests off, all at once and in one transaction, whatever the daemon does: a third table, in which every frame
//! from and to the host's end of their interfaces is dropped.
//!
//! It does not outlive the machine, and neither do guests: podclaw starts none with it. `init` takes it away, as it puts
//! up what the lab has to have.

use std::collections::BTreeSet;

use super::nft::{self, NftError};
use super::{gone, name};
use crate::host::firewall::{Rules, nftables};
use crate::names::LabName;

/// The kind of the table.
pub(super) const FAMILY: &str = "bridge";
/// The table in which Incus keeps the filters of single guests.
const INCUS: &str = "incus";
/// The longest name of an interface.
const LONGEST: usize = 15;

/// What becomes of the filters that Incus has for each of the guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filters {
    /// They stay.
    Keep,
    /// They go, in the same transaction. For guests that are about to be killed: whoever is cut off needs none, and Incus
    /// reads all rules of the machine four times and changes them twice for each guest that stops with filters.
    Drop,
}

/// Cuts off the guests that these interfaces of the host lead to, and nobody else. Whoever was cut off before and is not
/// named is not any more.
///
/// # Errors
/// Why nft could not.
pub async fn cut(lab: &LabName, interfaces: &BTreeSet<String>, filters: Filters) -> Result<(), NftError> {
    let text = table(lab, interfaces);
    let dropped = match filters {
        Filters::Keep => String::new(),
        Filters::Drop => nft::json(FAMILY, INCUS).await?.map_or_else(String::new, |said| chains(&said, interfaces)),
    };
    match nft::load(format!("{text}{dropped}")).await {
        // A guest that stopped meanwhile took its filters away.
        Err(NftError::Failed { .. }) if !dropped.is_empty() => nft::load(text).await,
        loaded => loaded,
    }
}

fn table(lab: &LabName, interfaces: &BTreeSet<String>) -> String {
    let name = name(lab);
    let names: Vec<String> = interfaces.iter().filter(|it| is_plain(it)).map(|it| format!("\"{it}\"")).collect();
    let gone = gone(FAMILY, &name);
    if names.is_empty() {
        return gone;
    }
    let elements = names.join(", ");
    format!(
        "{gone}table {FAMILY} {name} {{
  set cut {{ type ifname; elements = {{ {elements} }} }}
  chain from {{
    type filter hook prerouting priority -310; policy accept;
    iifname @cut drop
  }}
  chain to {{
    type filter hook postrouting priority 310; policy accept;
    oifname @cut drop
  }}
}}
"
    )
}

/// What takes away the chains of Incus that are about these interfaces alone.
fn chains(said: &str, interfaces: &BTreeSet<String>) -> String {
    let Rules { incus_chains, .. } = nftables(said).unwrap_or_default();
    let theirs = incus_chains.iter().filter(|chain| {
        let is_theirs = !chain.interfaces.is_empty() && chain.interfaces.is_subset(interfaces);
        chain.family == FAMILY && is_theirs && is_plain_chain(&chain.name)
    });
    let commands = theirs.map(|chain| {
        let name = &chain.name;
        format!("flush chain {FAMILY} {INCUS} {name}\ndelete chain {FAMILY} {INCUS} {name}\n")
    });
    commands.collect()
}

/// Whether nft takes an interface's name for a name and nothing else. Incus gives such names; others may have been set.
fn is_plain(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_plain_chain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn only_what_is_named_is_cut_off_and_no_name_is_a_command() {
        let lab: LabName = "a".parse().unwrap();
        let text = table(&lab, &set(&["veth1", "veth2\" }", "a\nflush ruleset", "0123456789abcdef"]));
        assert!(text.contains("elements = { \"veth1\" }"), "{text}");
        assert!(!text.contains("flush"), "{text}");
        assert_eq!(table(&lab, &set(&[])), "table bridge podclaw_a\ndelete table bridge podclaw_a\n");
    }

    #[test]
    fn only_the_filters_of_those_that_are_cut_off_go() {
        let rule = |chain: &str, interface: &str| {
            format!(
                r#"{{"chain":{{"family":"bridge","table":"incus","name":"{chain}"}}}},
                {{"rule":{{"family":"bridge","table":"incus","chain":"{chain}","expr":[
                {{"match":{{"op":"==","left":{{"meta":{{"key":"iifname"}}}},"right":"{interface}"}}}},{{"drop":null}}]}}}}"#
            )
        };
        let said = format!(
            r#"{{"nftables":[{},{},{},{{"chain":{{"family":"bridge","table":"incus","name":"empty"}}}}]}}"#,
            rule("in.p_a.eth0", "veth1"),
            rule("in.q_b.eth0", "veth9"),
            rule("in p", "veth1")
        );
        let dropped = chains(&said, &set(&["veth1"]));
        assert_eq!(dropped, "flush chain bridge incus in.p_a.eth0\ndelete chain bridge incus in.p_a.eth0\n");
        assert_eq!(chains("nonsense", &set(&["veth1"])), "");
    }
}
