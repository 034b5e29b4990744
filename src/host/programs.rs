//! What only a program of the system can say. All that are run here only print.

use std::time::Duration;

use super::{Root, Seen, Unseen};
use crate::program::{self, Running};

/// How long a program may take.
const LONGEST: Duration = Duration::from_secs(5);

/// What the programs said.
#[derive(Debug, Clone)]
pub struct Programs {
    /// All rules of nftables, as JSON.
    pub nftables: Seen<String>,
    /// The NAT table of the old iptables, in the form of `iptables-save`; empty where the kernel has none.
    pub iptables: Seen<String>,
    /// What the distribution says that it changed in Incus.
    pub incus_changes: Seen<String>,
}

impl Programs {
    /// Runs them all.
    #[must_use]
    pub fn ask(root: &Root) -> Self {
        Self { nftables: nftables(), iptables: legacy_nat(root), incus_changes: incus_changes(root) }
    }
}

/// All rules of nftables, as JSON.
///
/// # Errors
/// Why that was not seen.
pub fn nftables() -> Seen<String> {
    run("nft", &["--json", "list", "ruleset"])
}

/// What the distribution says that it changed in Incus.
///
/// # Errors
/// Why that was not seen.
pub fn incus_changes(root: &Root) -> Seen<String> {
    super::packages::changes(root, |path| run("gzip", &["-dc", "--", path]))
}

/// Asking iptables loads its modules, so it is asked only where they are in use.
fn legacy_nat(root: &Root) -> Seen<String> {
    let tables = match root.text("/proc/net/ip_tables_names") {
        Ok(tables) => tables,
        Err(Unseen::Missing) => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    if !tables.lines().any(|table| table == "nat") {
        return Ok(String::new());
    }
    run("iptables-legacy-save", &["-t", "nat"])
}

/// Runs a program of the system and gives what it says.
fn run(name: &str, arguments: &[&str]) -> Seen<String> {
    let unfit = |what: &dyn std::fmt::Display| Unseen::Unfit(format!("{name}: {what}"));
    let Some(path) = program::find(name) else {
        return Err(Unseen::Unfit(format!("there is no {name} on this machine")));
    };
    let said =
        program::run(&path, arguments, Vec::new(), LONGEST, &Running::default()).map_err(|error| unfit(&error))?;
    match said.status {
        status if status.success() => Ok(String::from_utf8_lossy(&said.out).into_owned()),
        _ if !rustix::process::geteuid().is_root() => Err(Unseen::Forbidden),
        status => Err(Unseen::Unfit(format!("{name} ended with {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_cut_off() {
        assert_eq!(run("echo", &["a"]), Ok("a\n".into()));
        assert!(run("head", &["-c", "9000000", "/dev/zero"]).unwrap_err().to_string().contains("too much"));
        assert!(run("none-of-that-name", &[]).unwrap_err().to_string().starts_with("there is no "));
        assert!(run("false", &[]).is_err());
    }
}
