//! Private keys.

use super::pattern::{Check, Pattern};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "secret-private-key",
    severity: Severity::Error,
    summary: "a private key",
    why: "A key that was made elsewhere opens what is elsewhere: whatever runs in the lab may read it, and be somebody else with it. Whoever can read this file can, too.",
    remedy: "take it out, replace it where it is used, and let what needs a key make its own in the guest",
    threats: &["secrets"],
    waivable: false,
    examples: &[Example {
        path: "notes.md",
        bad: "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n-----END OPENSSH PRIVATE KEY-----\n",
        good: "-----BEGIN PUBLIC KEY-----\nnot a real one\n-----END PUBLIC KEY-----\n",
        trial: Trial::Alone,
    }],
};

pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        rule: &RULE,
        name: "pem",
        what: "a private key",
        hints: &["PRIVATE KEY"],
        also: "",
        form: r"-----? ?BEGIN (?:[A-Za-z0-9]+ ){0,6}PRIVATE KEY(?: BLOCK)? ?-----?",
        check: Check::Key,
    },
    Pattern {
        rule: &RULE,
        name: "putty",
        what: "a private key of PuTTY",
        hints: &["PuTTY-User-Key-File-"],
        also: "",
        form: r"PuTTY-User-Key-File-[0-9]+:",
        check: Check::Key,
    },
    Pattern {
        rule: &RULE,
        name: "openssh",
        what: "a private key of OpenSSH",
        hints: &["b3BlbnNzaC1rZXktdjE"],
        also: "",
        form: r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]*(?:\s+[A-Za-z0-9+/]{40,})*(?:\s+[A-Za-z0-9+/]+={1,2})?",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "age",
        what: "a secret key of age",
        hints: &["AGE-SECRET-KEY-1", "AGE-PLUGIN-"],
        also: "",
        form: r"(?i)AGE-(?:SECRET-KEY|PLUGIN-[A-Z0-9-]{1,32})-1[A-Z0-9]{20,}",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "wireguard",
        what: "a key of WireGuard",
        hints: &["privatekey", "private_key", "private-key", "presharedkey", "preshared_key", "preshared-key"],
        also: "",
        form: r#"(?i)(?:private|preshared)[_-]?key["']?\s*[=:]\s*["']?([A-Za-z0-9+/]{43}=)"#,
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "jwk",
        what: "a private JSON web key",
        hints: &[r#""d""#],
        also: "kty",
        form: r#""d"\s*:\s*"([A-Za-z0-9_-]{40,})""#,
        check: Check::Form,
    },
];
