//! The fence: a table of nftables of podclaw's own, which says the same as the lab's ACL.
//!
//! Incus takes its rules for a bridge away and makes them anew each time it starts and each time the network's settings
//! change, and meanwhile, for more than half a second, the bridge carries everything. Nothing that Incus keeps can stand
//! in for them. So podclaw puts a table beside Incus' own, made of the same ACL, that Incus knows nothing of. A packet
//! passes only where both let it, and where one is missing the other still stands.
//!
//! It is stricter in three points. A guest reaches no address of the host but the bridge's, and there only DNS and DHCP:
//! whatever the host itself takes in is not for guests, and that needs no list of its addresses. And connections that
//! stand already are cut when a rule closes them. And the host tells nobody, by ARP, which other addresses it has.

mod bound;
mod cut;
mod matching;
mod nft;
mod rule;
mod ruleset;
mod walk;

use std::fmt::Write as _;
use std::sync::Arc;

use ipnet::Ipv4Net;
use tokio::sync::OnceCell;

use crate::incus::Acl;
use crate::names::LabName;

pub use bound::{Binding, bound};
pub use cut::{Filters, cut};
pub use nft::NftError;
pub use rule::NotUnderstood;
pub use ruleset::Ruleset;
pub use walk::{Fate, Hook, Link, Packet, Protocol};

/// The kinds of tables that there are of the lab's name.
const FAMILIES: [&str; 2] = ["inet", "arp"];
/// The same, and the one that is there only as long as guests are cut off.
const ALL: [&str; 3] = [FAMILIES[0], FAMILIES[1], cut::FAMILY];

/// What the table is to be, and the small one beside it.
#[derive(Debug, Clone)]
pub struct Fence {
    name: String,
    text: String,
    /// What nft makes of it: it is asked once, as it does not change its mind as long as podclaw runs.
    lines: Arc<OnceCell<Vec<Line>>>,
}

impl PartialEq for Fence {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.text) == (&other.name, &other.text)
    }
}

impl Eq for Fence {}

/// A rule of a table, with the chain that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    /// The chain.
    pub chain: String,
    /// The rule, or what kind of chain it is, as nft writes it.
    pub rule: String,
}

/// The table of a lab.
#[must_use]
pub fn name(lab: &LabName) -> String {
    format!("podclaw_{lab}")
}

impl Fence {
    /// The fence of a lab whose bridge has this address and subnet, made of what its ACL says.
    ///
    /// # Errors
    /// A rule of the ACL that podclaw does not understand. It never writes one.
    pub fn new(lab: &LabName, net: Ipv4Net, acl: &Acl) -> Result<Self, NotUnderstood> {
        let (name, bridge) = (name(lab), lab.network());
        let out = rule::in_order(&acl.egress)?;
        let into = rule::in_order(&acl.ingress)?;
        let (address, subnet) = (net.addr(), net.trunc());
        // An answer to somebody who was let in; a guest's own connections are judged anew each time. Where nobody is let in
        // there is none: the kernel takes any error that quotes a connection of anybody for an answer to that one, so a
        // guest could send errors, with what it likes in them, to whoever talks to the host.
        let answer = format!("ct state established,related ct direction reply ct original ip daddr {subnet} accept");
        let answer: Vec<String> = if into.is_empty() { Vec::new() } else { vec![answer] };
        // What is rejected is told to its sender, and names are answered to it: not to one that a guest made up.
        let own = format!("ip saddr != {subnet} drop");
        let chains = [
            (
                "forward",
                Some(hook("forward")),
                vec![format!("iifname \"{bridge}\" jump egress"), format!("oifname \"{bridge}\" jump ingress")],
            ),
            ("input", Some(hook("input")), vec![format!("iifname \"{bridge}\" jump host")]),
            (
                "output",
                Some(hook("output")),
                vec![
                    // The daemon's resolver gives out addresses, and tells of what it can't reach.
                    format!("oifname \"{bridge}\" udp sport 67 accept"),
                    format!("oifname \"{bridge}\" icmp type {{ 3, 11, 12 }} accept"),
                    format!("oifname \"{bridge}\" jump ingress"),
                ],
            ),
            (
                "host",
                None,
                [
                    vec![
                        format!("ip daddr {{ {address}, 255.255.255.255 }} udp sport 68 udp dport 67 accept"),
                        own.clone(),
                        format!("ip daddr {address} udp dport 53 accept"),
                        format!("ip daddr {address} tcp dport 53 accept"),
                    ],
                    answer.clone(),
                    // Whatever the ACL opens is not the host itself.
                    vec!["reject".into()],
                ]
                .concat(),
            ),
            ("egress", None, [vec![own], answer, out, vec!["reject".into()]].concat()),
            (
                "ingress",
                None,
                [vec!["ct state established,related accept".into()], into, vec!["reject".into()]].concat(),
            ),
        ];
        // Whoever was cut off is not any more: the fence is what they get instead.
        let mut text = ALL.map(|family| gone(family, &name)).concat();
        // A chain must be there before another one jumps to it, and all of it is one transaction.
        let _ = writeln!(text, "table inet {name} {{");
        for (chain, hook, rules) in chains.iter().rev() {
            let _ = writeln!(text, "  chain {chain} {{");
            for line in hook.iter().chain(rules) {
                let _ = writeln!(text, "    {line}");
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n");
        text += &neighbours(&name, &bridge, subnet);
        Ok(Self { name, text, lines: Arc::default() })
    }

    /// The table's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What nft is told.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The rules as this machine's nft writes them, to be compared with those that stand.
    ///
    /// # Errors
    /// Why nft could not say.
    pub async fn lines(&self) -> Result<Vec<Line>, NftError> {
        let rehearsed = async || Ok(lines(&nft::rehearsed(self.text.clone()).await?));
        self.lines.get_or_try_init(rehearsed).await.cloned()
    }

    /// Puts the table up, in place of the one that stands, in one transaction.
    ///
    /// # Errors
    /// Why nft could not.
    pub async fn put(&self) -> Result<(), NftError> {
        nft::load(self.text.clone()).await
    }
}

/// The rules that stand; nothing where there is no such table.
///
/// # Errors
/// Why nft could not say.
pub async fn standing(lab: &LabName) -> Result<Option<Vec<Line>>, NftError> {
    let name = name(lab);
    let (inet, arp, cut) = tokio::join!(
        nft::listing(FAMILIES[0], &name),
        nft::listing(FAMILIES[1], &name),
        nft::listing(cut::FAMILY, &name)
    );
    Ok(match (inet?, arp?, cut?) {
        (None, None, None) => None,
        (inet, arp, cut) => Some(lines(&[inet, arp, cut].map(Option::unwrap_or_default).concat())),
    })
}

/// The lab's table as the kernel has it; nothing where there is none.
///
/// # Errors
/// Why nft could not say.
pub async fn own_ruleset(lab: &LabName) -> Result<Option<Ruleset>, NftError> {
    nft::ruleset("inet", &name(lab)).await
}

/// The table in which Incus keeps the rules of all bridges, as the kernel has it; nothing where there is none.
///
/// # Errors
/// Why nft could not say.
pub async fn incus_ruleset() -> Result<Option<Ruleset>, NftError> {
    nft::ruleset("inet", "incus").await
}

/// Removes the table, if there is one.
///
/// # Errors
/// Why nft could not.
pub async fn remove(lab: &LabName) -> Result<(), NftError> {
    let name = name(lab);
    nft::load(ALL.map(|family| gone(family, &name)).concat()).await
}

/// What leaves no table of this name, whether there is one or not.
fn gone(family: &str, name: &str) -> String {
    format!("table {family} {name}\ndelete table {family} {name}\n")
}

/// The second table, for questions of ARP, which no other family of tables sees: the kernel answers for all addresses of
/// the host on each interface, so a guest that asks for one after the other learns where the host is and which it has.
fn neighbours(name: &str, bridge: &str, subnet: Ipv4Net) -> String {
    let hook = hook("input");
    let rule = format!("iifname \"{bridge}\" arp operation request arp daddr ip != {subnet} drop");
    format!("table arp {name} {{\n  chain neighbour {{\n    {hook}\n    {rule}\n  }}\n}}\n")
}

/// Before Incus' own chains, which have 0; a verdict of the one is none of the other, so the order makes no difference.
fn hook(hook: &str) -> String {
    format!("type filter hook {hook} priority -10; policy accept;")
}

/// The rules in a listing of one table.
fn lines(listing: &str) -> Vec<Line> {
    let mut chain = String::new();
    let mut found = Vec::new();
    for line in listing.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("chain ") {
            name.trim_end_matches('{').trim().clone_into(&mut chain);
        } else if !line.is_empty() && line != "}" && !line.starts_with("table ") {
            found.push(Line { chain: chain.clone(), rule: line.to_owned() });
        }
    }
    found
}

#[cfg(test)]
mod tests;
