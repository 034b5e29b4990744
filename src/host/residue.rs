//! What deleted guests, a deleted network or a deleted pool of Incus left on the machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::firewall::nftables;
use super::interfaces::interfaces;
use super::kernel::apparmor_profiles;
use super::loops::loops;
use super::monitors::title;
use super::mounts::mounts;
use super::processes::numbers;
use super::{Root, Seen, Unseen};
use crate::text;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Gone {
    /// Where the daemon keeps its things.
    pub incus_dir: PathBuf,
    /// The project whose guests are gone.
    pub project: String,
    /// Those of its guests that are not.
    pub staying: BTreeSet<String>,
    /// The host's ends of the interfaces that the guests had.
    pub interfaces: BTreeSet<String>,
    /// The network that is gone, if one is.
    pub bridge: Option<String>,
    /// The pool that is gone, if one is.
    pub pool: Option<String>,
    /// The firewall table that is gone, if one is.
    pub table: Option<String>,
    /// Whether the daemon's logs of guests may stay.
    pub spares_logs: bool,
}

/// Something that is left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Trace {
    /// What it is, such as `mount`.
    pub kind: &'static str,
    /// Its name or path, escaped.
    pub name: String,
}

/// Directories in which the daemon has something for each guest, by the name that a guest has across all projects.
const OF_GUESTS: [&str; 8] = [
    "backups/instances",
    "containers",
    "containers-snapshots",
    "devices",
    "security/seccomp",
    "shmounts",
    "virtual-machines",
    "virtual-machines-snapshots",
];
/// Where the kernel has the namespaces of AppArmor's policies.
const NAMESPACES: &str = "/sys/kernel/security/apparmor/policy/namespaces";
/// Where the distribution's daemon keeps its things, and its logs.
const DISTRIBUTION: &str = "/var/lib/incus";
const DISTRIBUTION_LOGS: &str = "/var/log/incus";

/// Looks for all of it; returns what was found, and what could not be looked at.
#[must_use]
pub fn residue(root: &Root, rules: Seen<String>, gone: &Gone) -> (Vec<Trace>, Vec<String>) {
    let mut found = BTreeSet::new();
    let mut blind = Vec::new();
    let mut take = |kind: &'static str, seen: Seen<Vec<String>>| match seen {
        Ok(names) => {
            found.extend(names.into_iter().map(|name| Trace { kind, name: text::excerpt(&name, 200) }));
        }
        // What the kernel or the daemon does not have at all leaves nothing.
        Err(Unseen::Missing) => {}
        Err(why) => blind.push(format!("{kind}: {why}")),
    };
    take("mount", gone.mounts(root));
    take("loop device", gone.loops(root));
    take("interface", gone.interfaces(root));
    take("AppArmor profile", gone.apparmor(root));
    take("AppArmor namespace", gone.namespaces(root));
    take("control group", gone.groups(root));
    take("process", gone.processes(root));
    take("file", gone.files(root));
    take("firewall", rules.and_then(|said| gone.chains(&said)));
    (found.into_iter().collect(), blind)
}

impl Gone {
    /// Whether a name, of those that guests have across all projects, is that of one that is gone. The names of guests have
    /// no `_`, so a project that is called as another one and a guest of it are told apart.
    fn is_guest(&self, name: &str) -> bool {
        let guest = name.strip_prefix(&self.project).and_then(|rest| rest.strip_prefix('_'));
        guest.is_some_and(|guest| !guest.is_empty() && !guest.contains('_') && !self.staying.contains(guest))
    }

    fn is_bridge(&self, name: &str) -> bool {
        self.bridge.as_deref() == Some(name)
    }

    /// Whether a path is the pool's, or a guest's own.
    fn is_place(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.incus_dir) else { return false };
        let names: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["storage-pools", pool, ..] if self.pool.as_deref() == Some(pool) => true,
            ["disks", file] => self.pool.as_ref().is_some_and(|pool| file == format!("{pool}.img")),
            ["networks", bridge, ..] => self.is_bridge(bridge),
            ["storage-pools", _, _, guest, ..] | [_, guest, ..] => self.is_guest(guest),
            _ => false,
        }
    }

    fn mounts(&self, root: &Root) -> Seen<Vec<String>> {
        let all = mounts(root)?.into_iter().map(|mount| mount.point);
        Ok(all.filter(|point| self.is_place(point)).map(|point| point.display().to_string()).collect())
    }

    fn loops(&self, root: &Root) -> Seen<Vec<String>> {
        let all = loops(root)?.into_iter().filter(|it| self.is_place(Path::new(&it.file)));
        Ok(all.map(|it| format!("/dev/{} of {}", it.name, it.file)).collect())
    }

    fn interfaces(&self, root: &Root) -> Seen<Vec<String>> {
        let all = interfaces(root)?.into_iter();
        let is_left = |it: &super::interfaces::Interface| {
            self.is_bridge(&it.name)
                || it.master.as_deref().is_some_and(|master| self.is_bridge(master))
                || self.interfaces.contains(&it.name)
        };
        Ok(all.filter(is_left).map(|it| it.name).collect())
    }

    /// Those in which guests load profiles of their own: `incus-PROJECT_GUEST_<var-lib-incus>`.
    fn namespaces(&self, root: &Root) -> Seen<Vec<String>> {
        let directory = self.incus_dir.display().to_string().trim_matches('/').replace('/', "-");
        let directory = format!("_<{directory}>");
        let is_left = |name: &String| {
            let guest = name.strip_suffix(&directory).and_then(|name| name.strip_prefix("incus-"));
            guest.is_some_and(|guest| self.is_guest(guest))
        };
        Ok(root.words(NAMESPACES)?.into_iter().filter(is_left).map(|name| format!("{NAMESPACES}/{name}")).collect())
    }

    fn apparmor(&self, root: &Root) -> Seen<Vec<String>> {
        // `incus-PROJECT_GUEST_</var/lib/incus>`, with the daemon's directory; `incus_dnsmasq-BRIDGE_<...>`.
        let directory = format!("_<{}>", self.incus_dir.display());
        let is_left = |name: &String| {
            let Some(name) = name.strip_suffix(&directory) else { return false };
            name.strip_prefix("incus-").is_some_and(|guest| self.is_guest(guest))
                || name.split_once('-').is_some_and(|(_, bridge)| self.is_bridge(bridge))
        };
        let loaded = apparmor_profiles(root)?;
        Ok(loaded.into_iter().map(|(name, _)| name).filter(is_left).collect())
    }

    /// Each hierarchy of the old kind is a directory of its own.
    fn groups(&self, root: &Root) -> Seen<Vec<String>> {
        let top = Path::new("/sys/fs/cgroup");
        let is_left = |name: &String| {
            let guest = ["lxc.payload.", "lxc.monitor."].iter().find_map(|prefix| name.strip_prefix(prefix));
            guest.is_some_and(|guest| self.is_guest(guest))
        };
        let mut places = vec![top.to_owned()];
        places.extend(root.words(top)?.iter().filter(|name| !name.contains('.')).map(|name| top.join(name)));
        let inside = |place: &PathBuf| {
            let names = root.words(place).unwrap_or_default().into_iter().filter(is_left);
            names.map(|name| place.join(name).display().to_string()).collect::<Vec<_>>()
        };
        Ok(places.iter().flat_map(inside).collect())
    }

    /// The resolver of the network, and what watches over a guest.
    fn processes(&self, root: &Root) -> Seen<Vec<String>> {
        let left = numbers(root)?.into_iter().filter_map(|pid| {
            let command = root.text(format!("/proc/{pid}/cmdline")).ok()?;
            let is_monitor = title(&command, &self.incus_dir).is_some_and(|guest| self.is_guest(guest));
            let is_resolver = self.is_resolver(&command);
            let words = command.trim_end_matches('\0').replace('\0', " ");
            (is_monitor || is_resolver).then(|| format!("{pid}: {}", text::excerpt(&words, 80)))
        });
        Ok(left.collect())
    }

    /// Whether that is the command line of the resolver of the network that is gone.
    #[must_use]
    pub fn is_resolver(&self, command: &str) -> bool {
        let Some(bridge) = &self.bridge else { return false };
        let network = self.incus_dir.join("networks").join(bridge);
        let of_network = |word: &str| word.contains(&format!("{}/", network.display()));
        command.split('\0').next().is_some_and(|program| program.ends_with("dnsmasq"))
            && command.split('\0').any(of_network)
    }

    fn files(&self, root: &Root) -> Seen<Vec<String>> {
        // Without it, this is not the daemon's machine, or not its directory.
        root.names(&self.incus_dir)?;
        let mut places: Vec<PathBuf> = Vec::new();
        for directory in OF_GUESTS {
            let directory = self.incus_dir.join(directory);
            match root.words(&directory) {
                Ok(names) => {
                    places.extend(names.iter().filter(|name| self.is_guest(name)).map(|name| directory.join(name)));
                }
                Err(Unseen::Missing) => {}
                Err(why) => return Err(why),
            }
        }
        if !self.spares_logs {
            places.extend(self.logs(root)?);
        }
        let pool = self.pool.iter().flat_map(|pool| [format!("storage-pools/{pool}"), format!("disks/{pool}.img")]);
        let network = self.bridge.iter().map(|bridge| format!("networks/{bridge}"));
        places.extend(pool.chain(network).map(|path| self.incus_dir.join(path)).filter(|path| root.meta(path).is_ok()));
        Ok(places.into_iter().map(|path| path.display().to_string()).collect())
    }

    /// The directories of the daemon's logs of guests that are gone, with what their consoles said. Incus 6.0 leaves them.
    ///
    /// # Errors
    /// Why they were not seen.
    pub fn logs(&self, root: &Root) -> Seen<Vec<PathBuf>> {
        let mut found = Vec::new();
        for directory in [self.incus_dir.join("logs"), PathBuf::from(DISTRIBUTION_LOGS)] {
            // That is where the distribution's own daemon has them, and no other.
            if directory == Path::new(DISTRIBUTION_LOGS) && self.incus_dir != Path::new(DISTRIBUTION) {
                continue;
            }
            match root.words(&directory) {
                Ok(names) => {
                    found.extend(names.iter().filter(|name| self.is_guest(name)).map(|name| directory.join(name)));
                }
                Err(Unseen::Missing) => {}
                Err(why) => return Err(why),
            }
        }
        Ok(found)
    }

    fn chains(&self, said: &str) -> Seen<Vec<String>> {
        let rules = nftables(said)?;
        // `fwd.BRIDGE` and the like, `in.PROJECT_GUEST.DEVICE`.
        let is_left = |name: &str| {
            let mut parts = name.split('.').skip(1);
            parts.any(|part| self.is_bridge(part) || self.is_guest(part))
        };
        let chains = rules.incus_chains.iter().filter(|chain| is_left(&chain.name));
        let chains = chains.map(|chain| format!("chain {} incus {}", chain.family, chain.name));
        let tables = rules.tables.iter().filter(|table| self.table.as_ref() == Some(&table.name));
        Ok(chains.chain(tables.map(|table| format!("table {} {}", table.family, table.name))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone() -> Gone {
        Gone {
            incus_dir: "/var/lib/incus".into(),
            project: "lab".into(),
            staying: BTreeSet::from(["mine".to_owned()]),
            interfaces: BTreeSet::from(["veth1".to_owned()]),
            bridge: Some("labbr0".into()),
            pool: Some("lab".into()),
            table: Some("podclaw_lab".into()),
            spares_logs: false,
        }
    }

    fn put(tree: &Path, files: &[(&str, &str)]) {
        for (file, text) in files {
            let path = tree.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    const MOUNTS: &str = "1 0 0:1 / /var/lib/incus/storage-pools/lab rw - btrfs /dev/loop0 rw
1 0 0:1 / /var/lib/incus/storage-pools/lab2 rw - btrfs /dev/loop1 rw
1 0 0:1 / /var/lib/incus/storage-pools/other/containers/lab_a/rootfs rw - btrfs /dev/loop1 rw
1 0 0:1 / /var/lib/incus/devices/lab_a rw - tmpfs x rw
1 0 0:1 / /var/lib/incus/devices/lab_mine rw - tmpfs x rw
1 0 0:1 / /var/lib/incus/devices/lab_x_a rw - tmpfs x rw
1 0 0:1 / /mnt/storage-pools/lab rw - btrfs x rw
";
    const RULES: &str = r#"{"nftables":[{"table":{"family":"inet","name":"podclaw_lab"}},
        {"table":{"family":"inet","name":"podclaw_lab2"}},
        {"chain":{"family":"inet","table":"incus","name":"fwd.labbr0"}},
        {"chain":{"family":"inet","table":"incus","name":"fwd.lab2br0"}},
        {"chain":{"family":"bridge","table":"incus","name":"in.lab_a.eth0"}},
        {"chain":{"family":"bridge","table":"incus","name":"in.lab_mine.eth0"}}]}"#;

    #[test]
    fn what_is_left_is_found_and_what_is_anothers_is_not() {
        let tree = tempfile::tempdir().unwrap();
        put(
            tree.path(),
            &[
                ("proc/self/mountinfo", MOUNTS),
                (
                    "proc/7/cmdline",
                    "dnsmasq\0--pid-file\0--dhcp-hostsdir=/var/lib/incus/networks/labbr0/dnsmasq.hosts\0",
                ),
                ("proc/8/cmdline", "dnsmasq\0--interface=lab2br0\0"),
                ("proc/9/cmdline", "[lxc monitor] /var/lib/incus/containers lab_a\0\0"),
                ("proc/10/cmdline", "[lxc monitor] /var/lib/incus/containers lab_mine\0"),
                ("sys/block/loop0/loop/backing_file", "/var/lib/incus/disks/lab.img (deleted)\n"),
                ("sys/block/loop1/loop/backing_file", "/var/lib/incus/disks/lab2.img\n"),
                ("sys/class/net/labbr0/type", "1\n"),
                ("sys/class/net/veth1/type", "1\n"),
                ("sys/class/net/veth2/type", "1\n"),
                (
                    "sys/kernel/security/apparmor/profiles",
                    "incus-lab_a_</var/lib/incus> (enforce)\nincus-lab_a_</srv/incus> (enforce)\n\
                     incus_dnsmasq-labbr0_</var/lib/incus> (enforce)\n/usr/bin/man (enforce)\n",
                ),
                ("sys/kernel/security/apparmor/policy/namespaces/incus-lab_a_<var-lib-incus>/x", ""),
                ("sys/kernel/security/apparmor/policy/namespaces/incus-lab_mine_<var-lib-incus>/x", ""),
                ("sys/kernel/security/apparmor/policy/namespaces/incus-lab_a_<srv-incus>/x", ""),
                ("sys/fs/cgroup/lxc.payload.lab_a/x", ""),
                ("sys/fs/cgroup/pids/lxc.monitor.lab_a/x", ""),
                ("sys/fs/cgroup/lxc.payload.lab_mine/x", ""),
                ("var/lib/incus/containers/lab_a", ""),
                ("var/lib/incus/containers/lab_mine", ""),
                ("var/log/incus/lab_a/console.log", ""),
                ("var/log/incus/lab_mine/console.log", ""),
                ("var/lib/incus/disks/lab.img", ""),
                ("var/lib/incus/disks/lab2.img", ""),
            ],
        );
        let (found, blind) = residue(&Root::at(tree.path()), Ok(RULES.into()), &gone());
        let found: Vec<String> = found.iter().map(|trace| format!("{} {}", trace.kind, trace.name)).collect();
        assert_eq!(
            found,
            [
                "AppArmor namespace /sys/kernel/security/apparmor/policy/namespaces/incus-lab_a_<var-lib-incus>",
                "AppArmor profile incus-lab_a_</var/lib/incus>",
                "AppArmor profile incus_dnsmasq-labbr0_</var/lib/incus>",
                "control group /sys/fs/cgroup/lxc.payload.lab_a",
                "control group /sys/fs/cgroup/pids/lxc.monitor.lab_a",
                "file /var/lib/incus/containers/lab_a",
                "file /var/lib/incus/disks/lab.img",
                "file /var/log/incus/lab_a",
                "firewall chain bridge incus in.lab_a.eth0",
                "firewall chain inet incus fwd.labbr0",
                "firewall table inet podclaw_lab",
                "interface labbr0",
                "interface veth1",
                "loop device /dev/loop0 of /var/lib/incus/disks/lab.img",
                "mount /var/lib/incus/devices/lab_a",
                "mount /var/lib/incus/storage-pools/lab",
                "mount /var/lib/incus/storage-pools/other/containers/lab_a/rootfs",
                "process 7: dnsmasq --pid-file --dhcp-hostsdir=/var/lib/incus/networks/labbr0/dnsmasq.hosts",
                "process 9: [lxc monitor] /var/lib/incus/containers lab_a",
            ]
        );
        assert_eq!(blind, Vec::<String>::new());
    }

    #[test]
    fn what_could_not_be_looked_at_is_said() {
        let tree = tempfile::tempdir().unwrap();
        let (found, blind) = residue(&Root::at(tree.path()), Err(Unseen::Forbidden), &gone());
        assert_eq!((found.len(), &*blind), (0, &["firewall: this user may not look".to_owned()][..]));
    }
}
