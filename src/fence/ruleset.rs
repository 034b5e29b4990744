//! A table of the host's firewall as the kernel has it, by nft's JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The chains of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruleset {
    pub(super) chains: BTreeMap<String, Chain>,
}

/// A chain, with its rules in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Where packets come to it by themselves; nowhere if others have to jump to it.
    pub(super) hook: Option<String>,
    /// Whether it filters, and does not rewrite addresses.
    pub(super) is_filter: bool,
    /// Which of several is first.
    pub(super) priority: i64,
    /// Whether it stops what no rule is about.
    pub(super) drops: bool,
    /// What each rule says, part by part.
    pub(super) rules: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct Listing {
    nftables: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Chain(ChainEntry),
    Rule(RuleEntry),
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct ChainEntry {
    name: String,
    hook: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    prio: i64,
    policy: Option<String>,
}

#[derive(Deserialize)]
struct RuleEntry {
    chain: String,
    #[serde(default)]
    expr: Vec<Value>,
}

impl Ruleset {
    /// Reads what nft says of one table.
    ///
    /// # Errors
    /// Where it is no such listing.
    pub(crate) fn read(json: &str) -> Result<Self, serde_json::Error> {
        let mut chains = BTreeMap::<String, Chain>::new();
        let mut rules = Vec::new();
        for entry in serde_json::from_str::<Listing>(json)?.nftables {
            match entry {
                Entry::Chain(chain) => {
                    let made = Chain {
                        hook: chain.hook,
                        is_filter: chain.kind.as_deref() == Some("filter"),
                        priority: chain.prio,
                        drops: chain.policy.as_deref() == Some("drop"),
                        rules: Vec::new(),
                    };
                    chains.insert(chain.name, made);
                }
                Entry::Rule(rule) => rules.push(rule),
                Entry::Other(_) => {}
            }
        }
        for rule in rules {
            chains.entry(rule.chain).or_default().rules.push(rule.expr);
        }
        Ok(Self { chains })
    }
}
