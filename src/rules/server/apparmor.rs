//! AppArmor.

use crate::rules::{Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "server-apparmor",
    severity: Severity::Error,
    summary: "a daemon that does not confine guests with AppArmor",
    why: "AppArmor keeps root of a guest from mounts, from other guests' processes and from files of /proc and /sys \
          that the kernel would give away. Without it user ids, seccomp and the kernel's own checks are all there \
          is, and the first hole in them is enough.",
    remedy: "use a kernel with AppArmor: boot with `apparmor=1 security=apparmor`, `apt-get install apparmor`, and \
             restart the daemon and the guests",
    threats: &["kernel-surface"],
    waivable: true,
    examples: &[],
};
