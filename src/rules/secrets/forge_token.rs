//! Tokens of forges and registries.

use super::pattern::{Check, Pattern};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "secret-forge-token",
    severity: Severity::Error,
    summary: "a token of a forge or a package registry",
    why: "Such a token reads private code, or publishes in its owner's name: a way out of the lab and into everybody who installs what is published.",
    remedy: "take it out and revoke it; what the lab installs is public, and pinned by podclaw.lock",
    threats: &["secrets"],
    waivable: false,
    examples: &[Example {
        path: "notes.md",
        bad: "GITHUB_TOKEN=ghp_000000000000000000000000000000000000\n",
        good: "GITHUB_TOKEN is not needed.\n",
        trial: Trial::Alone,
    }],
};

pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        rule: &RULE,
        name: "github",
        what: "a token of GitHub",
        hint: r"gh[pousr]_|github_pat_",
        form: r"(?:^|[^A-Za-z0-9_])(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "gitlab",
        what: "a token of GitLab",
        hint: r"gl[a-z]{2,6}-|GR1348941",
        form: r"(?:^|[^A-Za-z0-9_])(gl(?:pat|dt|rt|rtr|cbt|ptt|ft|feedt|soat|agent|imt|oas|ffct|wt)-[A-Za-z0-9_.-]{20,}|GR1348941[A-Za-z0-9_-]{20,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "gitea",
        what: "a token of Gitea",
        hint: r"gto_",
        form: r"(?:^|[^A-Za-z0-9_])(gto_[a-z2-7]{40,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "bitbucket",
        what: "a token of Atlassian",
        hint: r"ATBB|ATATT3|ATCTT3",
        form: r"(?:^|[^A-Za-z0-9_])((?:ATBB|ATATT3|ATCTT3)[A-Za-z0-9_=-]{28,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "npm",
        what: "a token of npm",
        hint: r"npm_",
        form: r"(?:^|[^A-Za-z0-9_])(npm_[A-Za-z0-9]{30,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "pypi",
        what: "a token of PyPI",
        hint: r"pypi-AgE",
        form: r"(?:^|[^A-Za-z0-9_])(pypi-AgE[A-Za-z0-9_-]{30,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "docker",
        what: "a token of Docker Hub",
        hint: r"dckr_",
        form: r"(?:^|[^A-Za-z0-9_])(dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "rubygems",
        what: "a key of RubyGems",
        hint: r"rubygems_",
        form: r"(?:^|[^A-Za-z0-9_])(rubygems_[0-9a-f]{40,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "crates",
        what: "a token of crates.io",
        hint: r"cio",
        form: r"(?:^|[^A-Za-z0-9_])(cio[A-Za-z0-9]{32})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "nuget",
        what: "a key of NuGet",
        hint: r"oy2",
        form: r"(?:^|[^A-Za-z0-9_])(oy2[a-z0-9]{43})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "linear",
        what: "a key of Linear",
        hint: r"lin_",
        form: r"(?:^|[^A-Za-z0-9_])(lin_(?:api|oauth)_[A-Za-z0-9]{32,})",
        check: Check::Form,
    },
];
