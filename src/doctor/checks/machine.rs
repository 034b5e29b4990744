//! What the machine is, and what else it does.

use super::{Check, Group, Said, Subject};
use crate::host::machine::{Machine, machine};

/// Programs that mean that the machine does other work.
const WORK: [(&str, &str); 16] = [
    ("dockerd", "Docker"),
    ("containerd", "containerd"),
    ("libvirtd", "virtual machines"),
    ("virtqemud", "virtual machines"),
    ("kubelet", "Kubernetes"),
    ("k3s-server", "Kubernetes"),
    ("pveproxy", "Proxmox"),
    ("postgres", "a database"),
    ("mysqld", "a database"),
    ("mariadbd", "a database"),
    ("smbd", "a file server"),
    ("nfsd", "a file server"),
    ("slapd", "a directory of users"),
    ("samba", "a directory of users"),
    ("hostapd", "a wireless network"),
    ("named", "a name server"),
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "machine-kind",
        group: Group::Machine,
        title: "podclaw sees the whole machine",
        why: "In a container podclaw sees that container's files and processes, and not the machine that the guests share.",
        remedy: "run podclaw on the machine itself",
        essential: true,
        judge: |subject| match machine(&subject.root, subject.mounts.as_deref().unwrap_or_default()) {
            Err(why) => Said::unseen("the processor", &why),
            Ok(Machine::Container(name)) => Said::unknown(format!("this is a container ({name})")),
            Ok(Machine::Virtual(name)) if name.is_empty() => {
                Said::ok("a virtual machine, which is good: one more wall, and easily thrown away")
            }
            Ok(Machine::Virtual(name)) => {
                Said::ok(format!("a virtual machine ({name}), which is good: one more wall, and easily thrown away"))
            }
            Ok(Machine::Bare) => {
                Said::ok("no hypervisor was seen; after a break-in a reinstallation leaves the firmware as it is")
            }
        },
    },
    Check {
        id: "machine-work",
        group: Group::Machine,
        title: "the machine does nothing else",
        why: "A host that is lost takes its other work along: what others store or serve here is within reach of whoever \
              gets out of a guest.",
        remedy: "move it to another machine, and stop it here: `systemctl disable --now NAME`",
        essential: false,
        judge: work,
    },
];

fn work(subject: &Subject) -> Said {
    let processes = match &subject.processes {
        Ok(processes) => processes,
        Err(why) => return Said::unseen("the processes", why),
    };
    let runs = |name: &str| processes.iter().any(|process| process.is_hosts && process.name == name);
    let found: Vec<String> =
        WORK.iter().filter(|(name, _)| runs(name)).map(|(name, what)| format!("{name}: {what}")).collect();
    if found.is_empty() {
        Said::ok("no other service that is known was seen")
    } else {
        Said::warn("it does other work").with(found)
    }
}
