//! Passwords, and values that nothing but their name and their randomness gives away.

use super::pattern::{Check, Pattern};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "secret-password",
    severity: Severity::Error,
    summary: "a password, or a random value with the name of a secret",
    why: "A password of another machine is a way out of the lab; one of the lab in a file is known to everybody with the file.",
    remedy: "take it out and change it where it is used; a secret of a guest is made in the guest",
    threats: &["secrets"],
    waivable: false,
    examples: &[Example {
        path: "notes.md",
        bad: "Log in with https://admin:hunter2@192.0.2.7/\n",
        good: "Log in at https://192.0.2.7/\n",
        trial: Trial::Alone,
    }],
};

pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        rule: &RULE,
        name: "url",
        what: "a password in an address",
        hint: r"://[^/]*@",
        form: r"[A-Za-z][A-Za-z0-9+.-]{0,31}://[!$%&'()*+,.0-9;=A-Z_a-z~{}-]{0,128}:([!$%&()*+,.0-9;=A-Z_a-z~{}<>-]{1,256})@",
        check: Check::Literal,
    },
    Pattern {
        rule: &RULE,
        name: "hash",
        what: "the hash of a password",
        hint: r"\$[0-9a-z-]{1,12}\$",
        form: r"(?:^|[^A-Za-z0-9_])(\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*)\$[./A-Za-z0-9$,=+-]{20,})",
        check: Check::Form,
    },
    Pattern {
        rule: &RULE,
        name: "netrc",
        what: "a login of netrc",
        hint: r"(?i)login",
        form: r"(?i)(?:machine\s+[!-~]{1,256}|default)\s+login\s+[!-~]{1,256}\s+(?:account\s+[!-~]{1,256}\s+)?password\s+([!-~]{1,256})",
        check: Check::Literal,
    },
    Pattern {
        rule: &RULE,
        name: "connection",
        what: "a password in a connection string",
        hint: r"(?i)(?:password|pwd)=",
        form: r"(?i);\s*(?:password|pwd)=([!#$%&*+./0-9=?@A-Z^_a-z~-]{1,128});",
        check: Check::Literal,
    },
    Pattern {
        rule: &RULE,
        name: "named-secret",
        what: "a random value with the name of a secret",
        hint: r"(?i)api_?-?key|access_?-?key|auth_?-?key|private_?-?key|secret|account_?-?key|encryption_?-?key|signing_?-?key|token|credential",
        form: r#"(?i)(?:api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|secret[_-]?key|account[_-]?key|encryption[_-]?key|signing[_-]?key|token|secret|credentials?)(?:[_-]?(?:value|data|key|hex|b64|base64|[0-9]{1,2}))?["']?[ \t]*(?::=|=>|[:=])[ \t]*(?:[|>][+-]?[ \t]*)?\s*["']?([!#%&*+./0-9=?@A-Z^_a-z~-]{20,512})"#,
        check: Check::Random(20),
    },
    Pattern {
        rule: &RULE,
        name: "named-password",
        what: "a password",
        hint: r"(?i)passw(?:or)?d|passphrase|passcode|pwd",
        form: r#"(?i)(?:passw(?:or)?d|passphrase|passcode|pwd)(?:[_-]?(?:value|data|key|hex|b64|base64|[0-9]{1,2}))?["']?[ \t]*(?::=|=>|[:=])[ \t]*(?:[|>][+-]?[ \t]*)?\s*["']?([!#%&*+./0-9=?@A-Z^_a-z~-]{10,512})"#,
        check: Check::Random(10),
    },
    Pattern {
        rule: &RULE,
        name: "argument",
        what: "a secret as an argument",
        hint: r"(?i)--[a-z-]*(?:token|secret|password|passphrase|key)",
        form: r#"(?i)--[a-z-]{0,32}(?:token|secret|password|passphrase|key)[ \t]+["']?([!#%&*+./0-9=?@A-Z^_a-z~-]{12,512})"#,
        check: Check::Random(12),
    },
    Pattern {
        rule: &RULE,
        name: "environment",
        what: "a secret in the environment",
        hint: r"(?i)value",
        form: r#"(?i)name["']?\s*:\s*["']?[a-z0-9_]{0,64}(?:token|secret|passw(?:or)?d|api_?key)["']?,?\s+["']?value["']?\s*:\s*["']?([!#%&*+./0-9=?@A-Z^_a-z~-]{12,512})"#,
        check: Check::Random(12),
    },
];
