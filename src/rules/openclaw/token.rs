//! Secrets that stand in the configuration itself.

use super::file::Config;
use crate::json::{Node, Value};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "openclaw-token",
    severity: Severity::Error,
    summary: "a token or password that is written into the configuration",
    why: "A file in a repository, a backup or a launch's input is read by more than the gateway. Whoever has the token \
          is the operator; the token of a lab is born in its guest and never leaves it.",
    remedy: "remove it, and give the token in the variable OPENCLAW_GATEWAY_TOKEN, or as \"${OPENCLAW_GATEWAY_TOKEN}\"",
    threats: &["secrets", "authentication"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: r#"{"gateway": {"bind": "loopback", "auth": {"mode": "token", "token": "change-me"}}}"#,
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

/// How the names of secrets end, in lower case.
const NAMES: [&str; 7] = ["token", "password", "passphrase", "secret", "apikey", "api_key", "privatekey"];
/// The gateway warns of tokens that are shorter.
const SHORTEST: usize = 24;

pub(super) fn check(config: &Config, found: &mut Found) {
    config.walk(|path, member| {
        let key = member.key.to_ascii_lowercase();
        if !NAMES.iter().any(|name| key.ends_with(name)) {
            return;
        }
        match &member.value.value {
            Value::String(text) if text.is_empty() || is_variable(text) => {}
            Value::String(text) => {
                let gateway = path.starts_with(&["gateway", "auth"]);
                let short =
                    if gateway && text.chars().count() < SHORTEST { ", and is short enough to be guessed" } else { "" };
                let message = format!("the secret is written here{short}");
                found.add(&RULE, path.shown(), member.value.bytes.clone(), message);
            }
            Value::Object(_) if is_fine(&member.value) => {}
            Value::Object(_) if member.value.get("source").is_some() => {
                found.add(
                    &RULE,
                    path.shown(),
                    member.value.bytes.clone(),
                    "the secret comes from a source that podclaw does not know",
                );
            }
            _ => {}
        }
    });
}

/// `${NAME}`, which the gateway replaces by a variable of its environment.
pub(super) fn is_variable(text: &str) -> bool {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    })
}

/// A reference to a secret that is kept elsewhere. One that runs a command is none of these.
fn is_fine(node: &Node) -> bool {
    matches!(node.get("source").and_then(Node::as_str), Some("env" | "file" | "store"))
}
