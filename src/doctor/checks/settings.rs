//! Settings of the kernel that make it harder to attack.

use super::{Check, Group, Said, Subject};
use crate::host::Unseen;
use crate::host::kernel::{chosen, sysctl_number};

/// Settings, the least that each should be, and what it does.
const LEAST: [(&str, i64, &str); 6] = [
    ("kernel.dmesg_restrict", 1, "the kernel's log, with its addresses, is for root"),
    ("kernel.kptr_restrict", 1, "addresses of the kernel are for root"),
    ("kernel.perf_event_paranoid", 2, "the kernel's counters are for root"),
    ("kernel.unprivileged_bpf_disabled", 1, "programs for the kernel are root's"),
    ("kernel.yama.ptrace_scope", 1, "a process can't look into another one of its user"),
    ("kernel.kexec_load_disabled", 1, "nobody replaces the running kernel"),
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "kernel-settings",
        group: Group::Kernel,
        title: "the kernel shows and takes no more than it must",
        why: "Weaknesses of the kernel are easier to use with its addresses, its counters and its programs. Guests need none \
              of them.",
        remedy: "`sysctl -w`, and the same in /etc/sysctl.d/90-podclaw.conf",
        essential: false,
        judge: settings,
    },
    Check {
        id: "kernel-core-pattern",
        group: Group::Kernel,
        title: "crashes of guests start no program on the host",
        why: "A handler of core dumps runs as root on the host, and reads what a guest's crashed process had in memory. A \
              guest's limit of 0 for core dumps does not keep the kernel from starting it.",
        remedy: "`sysctl -w kernel.core_pattern=core`, and remove apport or systemd-coredump",
        essential: false,
        judge: |subject| match subject.root.word("/proc/sys/kernel/core_pattern") {
            Err(why) => Said::unseen("kernel.core_pattern", &why),
            Ok(pattern) if pattern.starts_with('|') || pattern.starts_with('@') => {
                Said::warn(format!("crashes go to {pattern}"))
            }
            Ok(pattern) => Said::ok(format!("a file, {pattern:?}")),
        },
    },
    Check {
        id: "kernel-lockdown",
        group: Group::Kernel,
        title: "root can't put code into the kernel",
        why: "With lockdown, or with signed modules only, even somebody who became root on the host has it harder to stay \
              unseen, and to survive in the firmware.",
        remedy: "boot with Secure Boot, or with `lockdown=integrity` or `module.sig_enforce=1`",
        essential: false,
        judge: lockdown,
    },
];

fn settings(subject: &Subject) -> Said {
    let (mut low, mut commands) = (Vec::new(), Vec::new());
    for (name, least, what) in LEAST {
        match sysctl_number(&subject.root, name) {
            Ok(value) if value >= least => {}
            Ok(value) => {
                low.push(format!("{name} is {value} and should be {least}: {what}"));
                commands.push(format!("{name}={least}"));
            }
            // A kernel that does not have the thing does not have its setting either; Yama is the exception.
            Err(Unseen::Missing) if name != "kernel.yama.ptrace_scope" => {}
            Err(Unseen::Missing) => low.push(format!("the kernel has no {name}: {what}")),
            Err(why) => return Said::unseen(name, &why),
        }
    }
    if low.is_empty() {
        return Said::ok("all are as they should be");
    }
    let said = Said::warn(format!("{} settings are low", low.len())).with(low);
    if commands.is_empty() {
        return said.mend("use a kernel with Yama: `lsm=...,yama` on its command line");
    }
    said.mend(format!("`sysctl -w {}`, and the same in /etc/sysctl.d/90-podclaw.conf", commands.join(" ")))
}

fn lockdown(subject: &Subject) -> Said {
    let locked = match subject.root.word("/sys/kernel/security/lockdown") {
        Ok(text) => chosen(&text).filter(|level| *level != "none").map(str::to_owned),
        Err(Unseen::Missing) => None,
        Err(why) => return Said::unseen("lockdown", &why),
    };
    let signed = subject.root.word("/sys/module/module/parameters/sig_enforce").is_ok_and(|word| word == "Y");
    // Missing where the kernel was built without modules.
    let has_modules = !matches!(subject.root.followed("/proc/modules"), Err(Unseen::Missing));
    let disabled = match sysctl_number(&subject.root, "kernel.modules_disabled") {
        Ok(number) => number == 1,
        Err(Unseen::Missing) => false,
        Err(why) => return Said::unseen("kernel.modules_disabled", &why),
    };
    match (locked, signed, has_modules && !disabled) {
        (Some(level), ..) => Said::ok(format!("lockdown for {level}")),
        (None, true, _) => Said::ok("modules must be signed"),
        (None, false, false) => Said::ok("no module can be loaded"),
        (None, false, true) => Said::warn("no lockdown, and modules need no signature"),
    }
}
