//! The chains that a daemon made. All daemons of a machine share the tables named `incus`, so chains go one by one.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::super::slot::Slot;

const TABLE: &str = "incus";

/// Removes the chains of the networks, and those of the slot's guests.
pub(crate) fn remove(slot: Slot, networks: &BTreeSet<String>) -> Vec<String> {
    let is_ours = |name: &str| name.split('.').any(|part| networks.contains(part) || part.starts_with(&slot.prefix()));
    let ours = || chains().into_iter().filter(|chain| is_ours(&chain.name)).collect::<Vec<_>>();
    let found = ours();
    if found.is_empty() {
        return Vec::new();
    }
    // Emptied first, because a chain that another one jumps to cannot be deleted. All of it is one transaction.
    let commands = ["flush", "delete"].into_iter().flat_map(|verb| found.iter().map(move |chain| chain.command(verb)));
    nft(&commands.collect::<String>());
    ours().iter().map(|chain| format!("firewall chain {}", chain.name)).collect()
}

/// Whether there is a table already: one of the user's own daemon.
pub(crate) fn table_exists() -> bool {
    let tables = list("tables");
    let mut tables = tables.iter().filter_map(|entry| entry.get("table"));
    tables.any(|table| table["name"] == TABLE)
}

/// Removes the tables, which a daemon leaves empty.
pub(crate) fn remove_if_empty() {
    if chains().is_empty() {
        let tables = list("tables");
        let tables = tables.iter().filter_map(|entry| entry.get("table")).filter(|table| table["name"] == TABLE);
        let commands = tables.filter_map(|table| Some(format!("delete table {} {TABLE}\n", table["family"].as_str()?)));
        nft(&commands.collect::<String>());
    }
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

fn chains() -> Vec<Chain> {
    let all = list("chains");
    let ours = all.iter().filter_map(|entry| entry.get("chain")).filter(|chain| chain["table"] == TABLE);
    let text = |value: &Value| value.as_str().map(Into::into);
    ours.filter_map(|chain| Some(Chain { family: text(&chain["family"])?, name: text(&chain["name"])? })).collect()
}

fn list(what: &str) -> Vec<Value> {
    let output = Command::new("nft").args(["--json", "list", what]).stderr(Stdio::null()).output();
    let answer: Option<Value> = output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok());
    answer.and_then(|mut answer| answer["nftables"].as_array_mut().map(std::mem::take)).unwrap_or_default()
}

/// Whether it worked is looked at afterwards.
fn nft(commands: &str) {
    let child = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn();
    if let Ok(mut child) = child {
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(commands.as_bytes()));
        let _ = child.wait();
    }
}
