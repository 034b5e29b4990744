//! What is left of labs that are gone.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Check, Daemon, Group, Said, Subject};
use crate::host::firewall::nftables;
use crate::host::interfaces::Kind;
use crate::host::loops::loops;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "machine-leftovers",
    group: Group::Machine,
    title: "nothing is left of labs that are gone",
    why: "What a wipe or a crash left holds disk space and addresses, and may hold what a guest wrote. Only root can have \
          left it.",
    remedy: "`losetup --detach DEVICE`, `umount PATH`, `ip link delete NAME`, `nft delete chain FAMILY incus NAME`; a restart \
             removes all of them",
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
                    found.push(format!("/dev/{} of {}, a pool that is gone", it.name, it.file));
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
                    found.push(format!("mount {} of a pool that is gone", mount.point.display()));
                }
            }
        }
    }
    match &subject.interfaces {
        Err(why) => blind.push(format!("interfaces: {why}")),
        Ok(interfaces) => {
            let is_gone =
                |name: &str, kind| kind == Kind::Bridge && name == subject.wanted.bridge && !networks.contains(name);
            for it in interfaces.iter().filter(|it| is_gone(&it.name, it.kind)) {
                found.push(format!("bridge {} that the daemon does not know", it.name));
            }
            let is_loose =
                |it: &&crate::host::interfaces::Interface| it.kind == Kind::Veth && it.master.is_none() && !it.is_up;
            for it in interfaces.iter().filter(is_loose) {
                found.push(format!("interface {}, one end of a pair that nothing uses", it.name));
            }
        }
    }
    chains(subject, daemon, networks, &mut found, &mut blind);
    if !found.is_empty() {
        return Said::warn(format!("{} things", found.len())).with(found);
    }
    if !blind.is_empty() {
        return Said::unknown("nothing was found, but not all was seen").with(blind).mend("run it as root");
    }
    Said::ok("nothing was found")
}

/// Chains of bridges that are gone. Another daemon on this machine has its chains in the same table, so a bridge that is
/// there counts as somebody's.
fn chains(
    subject: &Subject,
    daemon: &Daemon,
    networks: &BTreeSet<String>,
    found: &mut Vec<String>,
    blind: &mut Vec<String>,
) {
    if daemon.server.firewall != "nftables" {
        return;
    }
    let rules = subject.programs.nftables.as_deref().map_err(Clone::clone).and_then(nftables);
    let rules = match rules {
        Ok(rules) => rules,
        Err(why) => return blind.push(format!("the firewall: {why}")),
    };
    let there = subject.interfaces.as_deref().unwrap_or_default();
    for chain in rules.incus_chains.iter().filter(|chain| chain.family == "inet") {
        let known = ["fwd.", "pstrt.", "in.", "out.", "acl.", "aclin.", "aclout.", "aclfwd."];
        let bridge = known.iter().find_map(|prefix| chain.name.strip_prefix(prefix));
        if let Some(bridge) = bridge
            && !networks.contains(bridge)
            && !there.iter().any(|it| it.name == bridge)
        {
            found.push(format!("firewall chain {} of a bridge that is gone", chain.name));
        }
    }
}
