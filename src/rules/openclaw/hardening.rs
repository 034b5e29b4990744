//! Settings whose default is too open for a lab.

use super::file::Config;
use crate::json::Node;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "openclaw-hardening",
    severity: Severity::Warning,
    summary: "a gateway that can be guessed at without end, announces itself, or offers a terminal",
    why: "By default attempts from the loopback are not counted, and in a lab everything comes from the loopback. The \
          terminal in the browser is a shell for whoever has the token. mDNS tells the network that there is a gateway.",
    remedy: "write `gateway.auth.rateLimit` with `exemptLoopback: false`, `gateway.terminal.enabled: false` and \
             `discovery.mdns.mode: \"off\"`",
    threats: &["authentication", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: r#"{"gateway": {"bind": "loopback", "auth": {"mode": "token"}}}"#,
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

/// More attempts than this in a window are no limit.
const MOST_ATTEMPTS: u64 = 100;

pub(super) fn check(config: &Config, found: &mut Found) {
    let mut say = |path: &str, message: &str| {
        let bytes = config.root.at(path).map_or_else(|| config.nearest(path), |node| node.bytes.clone());
        found.add(&RULE, path, bytes, message);
    };
    let number = |path: &str| config.root.at(path).and_then(Node::as_u64);
    let is_off = |path: &str| config.root.at(path).and_then(Node::as_bool) == Some(false);
    if config.root.at("gateway.auth.rateLimit").is_none_or(|limit| limit.members().is_empty()) {
        say("gateway.auth.rateLimit", "nothing limits how often the token may be guessed");
    } else {
        for key in ["maxAttempts", "windowMs", "lockoutMs"] {
            let path = format!("gateway.auth.rateLimit.{key}");
            let fine = number(&path).is_some_and(|value| value > 0 && (key != "maxAttempts" || value <= MOST_ATTEMPTS));
            if !fine && (config.root.at(&path).is_some() || key == "maxAttempts") {
                say(&path, "this does not limit how often the token may be guessed");
            }
        }
        if !is_off("gateway.auth.rateLimit.exemptLoopback") {
            say("gateway.auth.rateLimit.exemptLoopback", "attempts from the loopback are not counted");
        }
    }
    if !is_off("gateway.terminal.enabled") {
        say("gateway.terminal.enabled", "the terminal in the browser is on");
    }
    if config.text("discovery.mdns.mode") != Some("off") {
        say("discovery.mdns.mode", "the gateway announces itself on its network");
    }
}
