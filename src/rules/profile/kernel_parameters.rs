//! The host's kernel.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "kernel-parameters",
    severity: Severity::Error,
    summary: "modules, parameters or BPF for the host's kernel",
    why: "All guests share the host's kernel. A module that is loaded for one is there for all until the host \
          starts again; parameters and limits are copied into the settings of liblxc, which sets them as root, \
          without a check of what is in them.",
    remedy: "leave it out; what the lab needs of the kernel belongs into the setup of the host",
    threats: &["kernel-surface"],
    waivable: true,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\nconfig:\n  linux.kernel_modules: \"nfs\"\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
