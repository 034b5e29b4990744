//! Who may be the gateway's operator.

use super::file::Config;
use crate::json::Node;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "openclaw-auth",
    severity: Severity::Error,
    summary: "a gateway without authentication, or with one that something else vouches for",
    why: "Whoever reaches the gateway without being asked who they are can run commands in it. A proxy or Tailscale that \
          vouches for people is not part of a lab.",
    remedy: "set `gateway.auth.mode` to `token`, and give the token in the variable OPENCLAW_GATEWAY_TOKEN",
    threats: &["authentication"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: r#"{"gateway": {"bind": "lan", "auth": {"mode": "none"}}}"#,
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

pub(super) fn check(config: &Config, found: &mut Found) {
    match config.root.at("gateway.auth.mode") {
        Some(mode) if matches!(mode.as_str(), Some("token" | "password")) => {}
        Some(mode) => {
            let shown = excerpt(mode.as_str().unwrap_or("this"), 64);
            let message = format!("{shown} is not a mode of authentication that a lab can have");
            found.add(&RULE, "gateway.auth.mode", mode.bytes.clone(), message);
        }
        None if config.is_loopback() => {}
        None => {
            let message = "`gateway.auth.mode` is missing, and the gateway listens beyond its loopback";
            found.add(&RULE, "gateway.auth.mode", config.nearest("gateway.auth.mode"), message);
        }
    }
    for path in [
        "gateway.auth.allowTailscale",
        "gateway.auth.trustedProxy.allowLoopback",
        "gateway.auth.trustedProxy.deviceAutoApprove.enabled",
    ] {
        if let Some(node) = config.root.at(path).filter(|node| node.as_bool() != Some(false)) {
            found.add(&RULE, path, node.bytes.clone(), "something else than the gateway says who its operator is");
        }
    }
    if let Some(node) = config.root.at("gateway.auth.identityScopes").filter(|node| !is_empty(node)) {
        found.add(&RULE, "gateway.auth.identityScopes", node.bytes.clone(), "people get rights by their names");
    }
}

pub(super) fn is_empty(node: &Node) -> bool {
    node.members().is_empty()
        && node.items().is_empty()
        && !matches!(node.as_bool(), Some(true))
        && node.as_str().is_none()
}
