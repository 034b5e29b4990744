//! The filter of system calls.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "syscalls",
    severity: Severity::Error,
    summary: "a loosened filter of system calls, or the host doing calls for a guest",
    why: "The default filter blocks the calls that load kernels and modules or open files by handle. Text that is \
          put into it can take that away. Where calls are intercepted, the host does them as root for the guest: \
          making a few device nodes and extended attributes is harmless, mounting file systems or loading BPF is \
          not.",
    remedy: "leave it out; rootless Podman needs only the interception of mknod and setxattr",
    threats: &["kernel-surface"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  security.syscalls.deny_default: \"false\"\n",
        good: "description: extra\nconfig:\n  security.syscalls.deny_default: \"true\"\n",
        trial: Trial::OnTop,
    }],
};
