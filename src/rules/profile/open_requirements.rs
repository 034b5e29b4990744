//! What a profile leaves to others.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "open-requirements",
    severity: Severity::Note,
    summary: "what a guest needs and a profile by itself does not bring",
    why: "A profile is a fragment: what every guest needs may come from another one of the stack. `--stack` names \
          the profiles to judge as a whole.",
    remedy: "judge it in its stack: `podclaw lint --stack guest,standard,NAME`",
    threats: &["documented"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        good: "description: extra\nconfig:\n  boot.autostart: \"false\"\n  limits.cpu: \"2\"\n  limits.kernel.core: \"0\"\n  limits.memory: 3GiB\n  limits.processes: \"2048\"\n  security.guestapi: \"false\"\n  security.idmap.isolated: \"true\"\n  security.nesting: \"true\"\ndevices:\n  root: {type: disk, path: /, pool: podclaw, size: 20GiB}\n  eth0: {type: nic, name: eth0, network: podclawbr0, security.mac_filtering: \"true\", security.ipv4_filtering: \"true\", security.port_isolation: \"true\"}\n",
        trial: Trial::Alone,
    }],
};
