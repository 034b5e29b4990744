//! Logins of clusters and registries.

use super::pattern::{Check, Pattern};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "secret-kubeconfig",
    severity: Severity::Error,
    summary: "a login of a cluster or a registry",
    why: "The file of a client, such as a kubeconfig or Docker's config.json, holds all that it takes to be that client: whatever runs in the lab could command the cluster.",
    remedy: "take it out and revoke it; a guest pulls public images, by digest, and knows no cluster",
    threats: &["secrets"],
    waivable: false,
    examples: &[Example {
        path: "notes.md",
        bad: "users:\n- user:\n    client-key-data: bm90IGEgcmVhbCBvbmU=\n",
        good: "users: []\n",
        trial: Trial::Alone,
    }],
};

pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        rule: &RULE,
        name: "client-key",
        what: "the key of a client",
        hints: &["client-key-data"],
        also: "",
        form: r#"client-key-data["']?\s*:\s*(?:[|>][+-]?\s+)?["']?([A-Za-z0-9+/]{16,}[A-Za-z0-9+/=]*(?:\s+[A-Za-z0-9+/]{40,})*(?:\s+[A-Za-z0-9+/]+={1,2})?)"#,
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "registry-login",
        what: "a login of a registry",
        hints: &["auth"],
        also: "",
        form: r#"["'\s{,]auth["']?\s*:\s*["']?([A-Za-z0-9+/]{6,}={0,2})"#,
        check: Check::NameAndPassword,
    },
    Pattern {
        rule: &RULE,
        name: "registry-token",
        what: "a token of a registry",
        hints: &["identitytoken", "registrytoken", "_auth", "_password"],
        also: "",
        form: r#"(?:identitytoken|registrytoken|_authToken|_auth|_password)["']?\s*[:=]\s*["']?([A-Za-z0-9+/_.=-]{8,})"#,
        check: Check::Literal,
    },
    Pattern {
        rule: &RULE,
        name: "kubeadm",
        what: "a token of kubeadm",
        hints: &["token"],
        also: "",
        form: r#"token["']?[\s:=]{1,8}["']?([a-z0-9]{6}\.[a-z0-9]{16})(?:$|[^A-Za-z0-9])"#,
        check: Check::Random(20),
    },
    Pattern {
        rule: &RULE,
        name: "k3s",
        what: "a token of k3s",
        hints: &["K10"],
        also: "",
        form: r"(?:^|[^A-Za-z0-9_])(K10[0-9a-f]{64}::[A-Za-z0-9_-]+:[A-Za-z0-9_-]+)",
        check: Check::Form,
    },
];
