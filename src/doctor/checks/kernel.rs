//! The kernel: whether it is one that a lab was tried with.

use super::{Check, Group, Said, Subject};
use crate::host::Unseen;
use crate::host::kernel::{Cgroups, Version, cgroups, release, sysctl_number};

/// The oldest kernel that Incus 6 asks for.
const OLDEST: Version = Version(5, 4, 0);
/// The oldest one with which everything in a guest was meant to work.
const USUAL: Version = Version(5, 15, 0);

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "kernel-version",
        group: Group::Kernel,
        title: "the kernel is new enough, and the newest that is installed",
        why: "All guests share the host's kernel: a weakness of it is all that a guest needs to leave.",
        remedy: "install the distribution's updates and restart: `apt-get update && apt-get dist-upgrade && reboot`",
        essential: false,
        judge: version,
    },
    Check {
        id: "kernel-cgroups",
        group: Group::Kernel,
        title: "control groups of version 2 alone",
        why: "With version 1, limits below the guest's own are not enforced: those of the gateway's unit, of memory and of \
              processes, are lost, and only the whole guest's hold. Swap is often not counted at all.",
        remedy: "boot with `systemd.unified_cgroup_hierarchy=1` (the default since Debian 11 and Ubuntu 21.10)",
        essential: false,
        judge: |subject| match &subject.mounts {
            Err(why) => Said::unseen("the mounts", why),
            Ok(mounts) => match cgroups(mounts) {
                Ok(Cgroups::Unified) => Said::ok("version 2"),
                Ok(Cgroups::Legacy) => Said::warn("version 1, or both"),
                Err(_) => Said::fail("none are mounted, so nothing is limited"),
            },
        },
    },
    Check {
        id: "kernel-devices",
        group: Group::Kernel,
        title: "guests can use /dev/fuse and /dev/net/tun",
        why: "Rootless Podman in a guest opens both as a user, and sees them with the mode that they have here.",
        remedy: "`modprobe -a fuse tun && chmod 0666 /dev/fuse /dev/net/tun`; where udev runs, it does that",
        essential: false,
        judge: devices,
    },
    Check {
        id: "kernel-inotify",
        group: Group::Kernel,
        title: "the kernel has enough inotify instances for many guests",
        why: "All guests share the one number that the kernel gives the user who made them, and each takes about ten. Where \
              none is left, systemd in the next guest fails with \"Too many open files\": seen with twelve guests and 128.",
        remedy: "`sysctl -w fs.inotify.max_user_instances=8192`, and a line of that in /etc/sysctl.d for the next boot",
        essential: false,
        judge: inotify,
    },
];

/// About as many as a hundred guests need.
const INSTANCES: i64 = 1024;

fn inotify(subject: &Subject) -> Said {
    match sysctl_number(&subject.root, "fs.inotify.max_user_instances") {
        Err(why) => Said::unseen("fs.inotify.max_user_instances", &why),
        Ok(number) if number < INSTANCES => {
            Said::warn(format!("{number}, which is enough for about {} guests", number / 10))
        }
        Ok(number) => Said::ok(number.to_string()),
    }
}

fn version(subject: &Subject) -> Said {
    let release = match release(&subject.root) {
        Ok(release) => release,
        Err(why) => return Said::unseen("the kernel's release", &why),
    };
    let Some(version) = Version::parse(&release) else { return Said::unknown(format!("{release:?} is no version")) };
    if version < OLDEST {
        return Said::fail(format!("{release} is older than {OLDEST}"));
    }
    if version < USUAL {
        return Said::warn(format!("{release} is older than {USUAL}"));
    }
    if subject.root.followed("/run/reboot-required").is_ok() {
        return Said::warn(format!("{release}, and the distribution asks for a restart")).mend("`reboot`");
    }
    // A kernel whose modules are gone was replaced by an update.
    let modules = subject.root.words("/lib/modules").unwrap_or_default();
    let newest = modules.iter().filter_map(|name| Some((Version::parse(name)?, name))).max();
    match newest {
        Some((installed, name)) if installed > version && modules.contains(&release) => {
            Said::warn(format!("{release} runs, and {name} is installed")).mend("`reboot`")
        }
        _ => Said::ok(release),
    }
}

fn devices(subject: &Subject) -> Said {
    let mut wrong = Vec::new();
    for device in ["/dev/fuse", "/dev/net/tun"] {
        match subject.root.followed(device) {
            Ok(meta) if meta.mode & 0o666 == 0o666 => {}
            Ok(meta) => wrong.push(format!("{device} has the mode {:04o}", meta.mode)),
            Err(Unseen::Missing) => wrong.push(format!("there is no {device}")),
            Err(why) => return Said::unseen(device, &why),
        }
    }
    if wrong.is_empty() {
        return Said::ok("both are there, with mode 0666");
    }
    Said::fail("a launch would fail").with(wrong)
}
