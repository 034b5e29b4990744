//! Hardware of the host.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "host-device",
    severity: Severity::Error,
    summary: "a device of the host in a guest",
    why: "A device node, a graphics card or a USB stick puts a driver of the host's kernel, or the host's disk \
          itself, within reach of the guest. Rootless Podman needs none: Incus gives every container /dev/fuse and \
          /dev/net/tun.",
    remedy: "leave the device out",
    threats: &["host-device"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  kvm: {type: unix-char, path: /dev/kvm}\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
