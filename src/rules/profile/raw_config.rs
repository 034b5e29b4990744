//! Text for the programs below Incus.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "raw-config",
    severity: Severity::Error,
    summary: "text that goes unread into the configuration of liblxc, AppArmor, seccomp or QEMU",
    why: "`raw.lxc` alone can run a program as root of the host when the guest starts, mount any path of the host, \
          and take away the AppArmor profile. The other `raw.*` keys can do as much. Nobody can judge such text \
          without knowing all of these languages.",
    remedy: "leave it out, and use the key of Incus that does the same",
    threats: &["privileged", "host-path", "kernel-surface", "id-map"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  raw.lxc: \"lxc.mount.entry = / mnt none bind 0 0\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
