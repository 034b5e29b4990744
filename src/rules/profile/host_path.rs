//! Paths of the host.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "host-path",
    severity: Severity::Error,
    summary: "a disk other than the root disk in the lab's own pool",
    why: "A disk with a source mounts a path of the host into the guest, and any spelling of the root path other \
          than `/` is one more mount. A pool other than the lab's is not podclaw's to wipe.",
    remedy: "keep one disk, with `path: /` and the lab's own pool",
    threats: &["host-path", "dedicated-pool"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  home: {type: disk, source: /home, path: /mnt}\n",
        good: "description: extra\ndevices:\n  root: {type: disk, path: /, pool: podclaw, size: 20GiB}\n",
        trial: Trial::OnTop,
    }],
};
