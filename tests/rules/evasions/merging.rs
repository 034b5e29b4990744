//! Files that do together what none of them seems to do alone.

use super::Together;

const CARD: &str = "description: x\ndevices:\n  eth0:\n    type: nic\n    network: podclawbr0\n";
const FILTERS: &str = "description: x\ndevices:\n  eth0:\n    type: nic\n    network: podclawbr0\n    security.mac_filtering: \"true\"\n    security.ipv4_filtering: \"true\"\n    security.port_isolation: \"true\"\n";
const PRIVILEGED: &str = "description: x\nconfig:\n  security.privileged: \"true\"\n";
const FINE: &str = "description: x\nconfig:\n  limits.cpu: 2\n";

#[rustfmt::skip]
pub(super) const TOGETHER: &[Together] = &[
    ("the first of the stack", &[("a.yaml", PRIVILEGED)], &["a", "guest", "standard"], "privileged", "config.security.privileged"),
    ("the middle of the stack", &[("a.yaml", PRIVILEGED)], &["guest", "a", "standard"], "privileged", "config.security.privileged"),
    ("the last of the stack", &[("a.yaml", PRIVILEGED)], &["guest", "standard", "a"], "privileged", "config.security.privileged"),
    ("no part of the stack", &[("a.yaml", PRIVILEGED), ("b.yaml", FINE)], &["guest", "standard", "b"], "privileged", "config.security.privileged"),
    ("put right by a later one", &[("a.yaml", PRIVILEGED), ("b.yaml", "description: x\nconfig:\n  security.privileged: \"false\"\n")], &["guest", "standard", "a", "b"], "privileged", "config.security.privileged"),
    ("unset by an empty value, which unsets nothing", &[("a.yaml", PRIVILEGED), ("b.yaml", "description: x\nconfig:\n  security.privileged: \"\"\n")], &["guest", "standard", "a", "b"], "privileged", "config.security.privileged"),
    ("an empty value where nothing was", &[("a.yaml", "description: x\nconfig:\n  limits.memory: \"\"\n")], &["guest", "a"], "missing-limit", "config.limits.memory"),
    ("an empty id map where none was", &[("a.yaml", "description: x\nconfig:\n  security.idmap.isolated: \"\"\n")], &["standard", "a"], "id-map", "config.security.idmap.isolated"),
    ("a card without filters over one with them", &[("a.yaml", FILTERS), ("b.yaml", CARD)], &["guest", "standard", "a", "b"], "address-spoofing", "devices.eth0.security.mac_filtering"),
    ("a card without filters below one with them", &[("a.yaml", CARD), ("b.yaml", FILTERS)], &["guest", "standard", "a", "b"], "address-spoofing", "devices.eth0.security.mac_filtering"),
    ("a card that relies on an earlier one's network", &[("a.yaml", "description: x\ndevices:\n  eth0: {type: nic, security.mac_filtering: \"true\", security.ipv4_filtering: \"true\", security.port_isolation: \"true\"}\n")], &["guest", "standard", "a"], "foreign-network", "devices.eth0.network"),
    ("a size that relies on an earlier one's disk", &[("a.yaml", "description: x\ndevices:\n  root: {type: disk, size: 5GiB}\n")], &["guest", "standard", "a"], "host-path", "devices.root.pool"),
    ("a disk that takes away an earlier one's size", &[("a.yaml", "description: x\ndevices:\n  root: {type: disk, path: /, pool: podclaw}\n")], &["guest", "standard", "a"], "missing-limit", "devices.root.size"),
    ("two root disks from two profiles", &[("a.yaml", "description: x\ndevices:\n  a: {type: disk, path: /, pool: podclaw, size: 1GiB}\n"), ("b.yaml", "description: x\ndevices:\n  root: {type: none}\n  b: {type: disk, path: /, pool: podclaw, size: 1GiB}\n")], &["guest", "standard", "a", "b"], "second-disk", "devices.b"),
    ("a disk that is masked, and its replacement", &[("a.yaml", "description: x\ndevices:\n  root: {type: none}\n  disk: {type: disk, path: /, pool: default, size: 1GiB}\n")], &["guest", "standard", "a"], "host-path", "devices.disk.pool"),
    ("masked by one, given back by nobody", &[("a.yaml", "description: x\ndevices:\n  eth0: {type: none}\n"), ("b.yaml", FINE)], &["guest", "standard", "a", "b"], "missing-device", "devices.eth0"),
    ("masked by one, given back on another network", &[("a.yaml", "description: x\ndevices:\n  eth0: {type: none}\n"), ("b.yaml", "description: x\ndevices:\n  eth1: {type: nic, network: incusbr0}\n")], &["guest", "standard", "a", "b"], "foreign-network", "devices.eth1.network"),
    ("masked last, by a profile that is on top of all", &[("a.yaml", FILTERS), ("b.yaml", "description: x\ndevices:\n  eth0: {type: none}\n")], &["guest", "standard", "a"], "missing-device", "devices.eth0"),
    ("a stack without the profile of security", &[("a.yaml", FINE)], &["standard", "a"], "id-map", "config.security.idmap.isolated"),
    ("a stack without the profile of security: autostart", &[("a.yaml", FINE)], &["standard", "a"], "autostart", "config.boot.autostart"),
    ("a stack without the profile of security: guest API", &[("a.yaml", FINE)], &["standard", "a"], "guest-api", "config.security.guestapi"),
    ("a stack without the profile of security: core dumps", &[("a.yaml", FINE)], &["standard", "a"], "missing-limit", "config.limits.kernel.core"),
    ("a stack without the profile of security: disk", &[("a.yaml", FINE)], &["standard", "a"], "missing-device", "devices.root"),
    ("a stack without the profile of security: card", &[("a.yaml", FINE)], &["standard", "a"], "missing-device", "devices.eth0"),
    ("a stack without limits", &[("a.yaml", FINE)], &["guest", "a"], "missing-limit", "config.limits.memory"),
    ("a stack without a limit of processes", &[("a.yaml", "description: x\nconfig:\n  limits.cpu: 2\n  limits.memory: 1GiB\n")], &["guest", "a"], "missing-limit", "config.limits.processes"),
    ("a guest of the same name that loosens it", &[("guest.yaml", PRIVILEGED)], &["guest", "standard"], "privileged", "config.security.privileged"),
    ("a guest of the same name that leaves out most", &[("guest.yaml", FINE)], &["guest", "standard"], "id-map", "config.security.idmap.isolated"),
    ("two guests of the same name, the second bad", &[("a/standard.yaml", "description: x\nconfig:\n  limits.cpu: 2\n  limits.memory: 1GiB\n  limits.processes: 100\n"), ("b/standard.yaml", PRIVILEGED)], &["guest", "standard"], "privileged", "config.security.privileged"),
    ("two of the same name, the second without limits", &[("a/standard.yaml", "description: x\nconfig:\n  limits.cpu: 2\n  limits.memory: 1GiB\n  limits.processes: 100\n"), ("b/standard.yaml", "description: x\nconfig:\n  limits.cpu: 2\n")], &["guest", "standard"], "missing-limit", "config.limits.memory"),
    ("a file of another kind with the name of the last", &[("a/a.yaml", "#cloud-config\nbootcmd: []\n"), ("b/a.yaml", PRIVILEGED)], &["guest", "standard", "a"], "privileged", "config.security.privileged"),
    ("a raw key behind a thousand lines", &[("a.yaml", concat!("description: x\n", "# filler\n# filler\n# filler\n# filler\n# filler\n# filler\n# filler\n# filler\n", "config:\n  raw.lxc: x\n"))], &["guest", "standard", "a"], "raw-config", "config.raw.lxc"),
    ("the wrong lab's names are not made this lab's", &[("a.yaml", "description: x\ndevices:\n  root: {type: disk, path: /, pool: other, size: 1GiB}\n")], &["guest", "standard", "a"], "host-path", "devices.root.pool"),
];
