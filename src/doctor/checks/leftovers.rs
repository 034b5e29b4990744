//! What is left of labs that are gone.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Check, Group, Said, Subject};
use crate::host::firewall::{Chain, Table, nftables};
use crate::host::interfaces::{Interface, Kind};
use crate::host::loops::loops;
use crate::names::LabName;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "machine-leftovers",
    group: Group::Machine,
    title: "nothing is left of labs that are gone",
    why: "What a wipe or a crash left holds disk space and addresses, and may hold what a guest wrote. Only root can have \
          left it.",
    remedy: "what is said beside each; or restart the machine, which removes all of them",
    essential: false,
    judge,
}];

fn judge(subject: &Subject) -> Said {
    let Ok(daemon) = &subject.daemon else {
        return Said::unknown("there is no word from a daemon that would say what is in use").mend(super::NO_DAEMON);
    };
    let (Ok(pools), Ok(networks)) = (&daemon.pools, &daemon.networks) else {
        return Said::unknown("the daemon does not say which pools and networks there are");
    };
    let pools: BTreeSet<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
    let mut found = Vec::new();
    let mut blind = Vec::new();
    match loops(&subject.root) {
        Err(why) => blind.push(format!("loop devices: {why}")),
        Ok(loops) => {
            for it in loops {
                let disk = Path::new(&it.file).strip_prefix(subject.wanted.incus_dir.join("disks")).ok();
                let pool = disk.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
                if pool.is_some_and(|pool| it.is_deleted || !pools.contains(pool.as_str())) {
                    let mend = command("losetup --detach", &format!("/dev/{}", it.name));
                    found.push(format!("/dev/{} of {}, a pool that is gone{mend}", it.name, it.file));
                }
            }
        }
    }
    match &subject.mounts {
        Err(why) => blind.push(format!("mounts: {why}")),
        Ok(mounts) => {
            for mount in mounts {
                let below = mount.point.strip_prefix(subject.wanted.incus_dir.join("storage-pools")).ok();
                let pool = below.and_then(|path| path.components().next());
                if pool.is_some_and(|pool| !pools.contains(&*pool.as_os_str().to_string_lossy())) {
                    let point = mount.point.display().to_string();
                    found.push(format!("mount {point} of a pool that is gone{}", command("umount", &point)));
                }
            }
        }
    }
    match &subject.interfaces {
        Err(why) => blind.push(format!("interfaces: {why}")),
        Ok(interfaces) => {
            // Another daemon may have others, but each one writes down its own.
            let own = subject.root.words(subject.wanted.incus_dir.join("networks")).unwrap_or_default();
            let is_own = |name: &String| *name == subject.wanted.bridge || own.contains(name);
            let is_gone = |it: &&Interface| it.kind == Kind::Bridge && is_own(&it.name) && !networks.contains(&it.name);
            for it in interfaces.iter().filter(is_gone) {
                let mend = command("ip link delete", &it.name);
                found.push(format!("bridge {} that the daemon does not know{mend}", it.name));
            }
            // Of a guest that did not start, both ends are here, and Incus has taken neither away.
            let is_loose = |it: &&Interface| it.kind == Kind::Veth && it.master.is_none() && !it.is_up;
            for it in interfaces.iter().filter(is_loose) {
                let mend = command("ip link delete", &it.name);
                found.push(format!("interface {}, one end of a pair that nothing uses{mend}", it.name));
            }
        }
    }
    match subject.programs.nftables.as_deref().map_err(Clone::clone).and_then(nftables) {
        // podclaw puts up no table without nft, and this daemon does without it.
        Err(_) if daemon.server.firewall != "nftables" => {}
        Err(why) => blind.push(format!("the firewall: {why}")),
        Ok(rules) => {
            let there = subject.interfaces.as_deref().unwrap_or_default();
            let is_there = |name: &str| networks.contains(name) || there.iter().any(|it| it.name == name);
            found.extend(rules.incus_chains.iter().filter(|chain| is_left(chain, &is_there)).map(|chain| {
                let chain = format!("{} incus {}", chain.family, chain.name);
                let [flush, delete] = ["flush", "delete"].map(|verb| format!("nft {verb} chain"));
                format!(
                    "firewall chain {chain}, of what is gone{}{}",
                    command(&flush, &chain),
                    command(&delete, &chain)
                )
            }));
            // A bridge that is there is somebody's: perhaps another daemon's.
            let is_ours = |table: &&Table| {
                let lab = table.name.strip_prefix("podclaw_").and_then(|lab| lab.parse::<LabName>().ok());
                lab.is_some_and(|lab| !is_there(&lab.network()))
            };
            found.extend(rules.tables.iter().filter(is_ours).map(|table| {
                let table = format!("{} {}", table.family, table.name);
                format!("firewall table {table} of a lab that is gone{}", command("nft delete table", &table))
            }));
        }
    }
    if !found.is_empty() {
        return Said::warn(format!("{} things", found.len())).with(found);
    }
    if !blind.is_empty() {
        return Said::unknown("nothing was found, but not all was seen").with(blind).mend("run it as root");
    }
    Said::ok("nothing was found")
}

/// Whether a chain of Incus is one of a bridge or of a guest's card that is gone. Another daemon on this machine has its
/// chains in the same tables, so what is there counts as somebody's.
fn is_left(chain: &Chain, is_there: &impl Fn(&str) -> bool) -> bool {
    if chain.family == "inet" {
        let known = ["fwd.", "pstrt.", "in.", "out.", "acl.", "aclin.", "aclout.", "aclfwd."];
        return known.iter().find_map(|prefix| chain.name.strip_prefix(prefix)).is_some_and(|bridge| !is_there(bridge));
    }
    // The filters of one card, which its rules name.
    chain.family == "bridge" && !chain.interfaces.is_empty() && !chain.interfaces.iter().any(|it| is_there(it))
}

/// The command that removes something, to be shown; nothing where a shell would take its name for something else.
fn command(verb: &str, what: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._- ".contains(c);
    if what.chars().all(is_plain) { format!(", `{verb} {what}`") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_obey_is_in_no_command() {
        assert_eq!(command("ip link delete", "veth2"), ", `ip link delete veth2`");
        for name in ["a;reboot", "$(reboot)", "`reboot`", "a\nb", "a|b", "a&"] {
            assert_eq!(command("ip link delete", name), "", "{name:?}");
        }
    }
}
