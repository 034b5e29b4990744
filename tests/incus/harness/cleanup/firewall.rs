//! The chains that a daemon made, and podclaw's own tables. All daemons of a machine share the tables named `incus`, so
//! chains go one by one.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::super::{process, slot::Slot};

const TABLE: &str = "incus";

/// Removes the chains of the slot's networks and guests, and the tables of its labs. Their names start with its prefix.
pub(crate) fn remove(slot: Slot) -> Vec<String> {
    let mut left = remove_chains(slot);
    let ours = format!("podclaw_{}", slot.prefix());
    let found = || {
        let tables = list("tables").unwrap_or_default().into_iter().filter_map(|it| {
            Some((it.get("table")?["family"].as_str()?.to_owned(), it["table"]["name"].as_str()?.to_owned()))
        });
        tables.filter(|(_, name)| name.starts_with(&ours)).collect::<Vec<_>>()
    };
    nft(&found().iter().map(|(family, name)| format!("delete table {family} {name}\n")).collect::<Vec<_>>().concat());
    left.extend(found().into_iter().map(|(family, name)| format!("firewall table {family} {name}")));
    left
}

fn remove_chains(slot: Slot) -> Vec<String> {
    let is_ours = |name: &str| name.split('.').skip(1).any(|part| part.starts_with(&slot.prefix()));
    let ours = || chains().unwrap_or_default().into_iter().filter(|chain| is_ours(&chain.name)).collect::<Vec<_>>();
    let found = ours();
    if found.is_empty() {
        return Vec::new();
    }
    // Emptied first, because a chain that another one jumps to cannot be deleted. All of it is one transaction.
    let commands = ["flush", "delete"].into_iter().flat_map(|verb| found.iter().map(move |chain| chain.command(verb)));
    nft(&commands.collect::<String>());
    ours().iter().map(|chain| format!("firewall chain {}", chain.name)).collect()
}

/// Whether there is a table already: one of the user's own daemon. When in doubt, there is.
pub(crate) fn table_exists() -> bool {
    list("tables").is_none_or(|tables| tables.iter().filter_map(|it| it.get("table")).any(|it| it["name"] == TABLE))
}

/// Removes the tables, which a daemon leaves empty. They stay if there is any doubt, or another daemon: whoever deletes
/// them deletes the NAT and the ACLs of all.
pub(crate) fn remove_if_empty() {
    if process::is_running("incusd") || chains().is_none_or(|chains| !chains.is_empty()) {
        return;
    }
    let tables = list("tables").unwrap_or_default();
    let tables = tables.iter().filter_map(|it| it.get("table")).filter(|table| table["name"] == TABLE);
    let commands = tables.filter_map(|table| Some(format!("delete table {} {TABLE}\n", table["family"].as_str()?)));
    nft(&commands.collect::<Vec<_>>().concat());
}

struct Chain {
    family: String,
    name: String,
}

impl Chain {
    fn command(&self, verb: &str) -> String {
        format!("{verb} chain {} {TABLE} {}\n", self.family, self.name)
    }
}

/// All chains of all tables named `incus`; none if nft does not say.
fn chains() -> Option<Vec<Chain>> {
    let all = list("chains")?;
    let ours = all.iter().filter_map(|entry| entry.get("chain")).filter(|chain| chain["table"] == TABLE);
    let text = |value: &Value| value.as_str().map(Into::into);
    Some(ours.filter_map(|it| Some(Chain { family: text(&it["family"])?, name: text(&it["name"])? })).collect())
}

fn list(what: &str) -> Option<Vec<Value>> {
    let output = Command::new("nft").args(["--json", "list", what]).stderr(Stdio::null()).output().ok()?;
    let mut answer: Value = output.status.success().then(|| serde_json::from_slice(&output.stdout).ok())??;
    answer["nftables"].as_array_mut().map(std::mem::take)
}

/// Whether it worked is looked at afterwards.
fn nft(commands: &str) {
    let child = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
    if let Ok(mut child) = child {
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(commands.as_bytes()));
        let _ = child.wait();
    }
}
