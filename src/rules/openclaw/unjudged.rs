//! Parts of the configuration that are elsewhere, or that nobody has judged.

use super::file::Config;
use super::token::is_variable;
use crate::json::Value;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "openclaw-unjudged",
    severity: Severity::Error,
    summary: "a configuration that is partly in another file or variable, or has settings of the gateway that are not known",
    why: "What `$include` brings in, and what a variable is replaced by, can be anything when the gateway starts. \
          Settings below `gateway` decide who gets in, so each must have been looked at.",
    remedy: "write the settings into this file, and below `gateway` only those that podclaw knows",
    threats: &["judged-is-sent"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: super::example!(r#", "agents": {"$include": "./agents.json5"}"#),
        good: super::example!(r#", "agents": {}"#),
        trial: Trial::Alone,
    }],
};

/// The settings below `gateway` that are harmless whatever they are set to, or that another rule judges. A `*` at the end
/// stands for everything below.
const KNOWN: [&str; 40] = [
    "port",
    "mode",
    "bind",
    "customBindHost",
    "publicOrigin",
    "portals.*",
    "push.*",
    "auth.mode",
    "auth.token*",
    "auth.password*",
    "auth.allowTailscale",
    "auth.identityScopes*",
    "auth.rateLimit.maxAttempts",
    "auth.rateLimit.windowMs",
    "auth.rateLimit.lockoutMs",
    "auth.rateLimit.exemptLoopback",
    "auth.trustedProxy.*",
    "controlUi.enabled",
    "controlUi.basePath",
    "controlUi.root",
    "controlUi.environment.*",
    "controlUi.communityInvite",
    "controlUi.embedSandbox",
    "controlUi.allowExternalEmbedUrls",
    "controlUi.automaticallyFetchFavicons",
    "controlUi.allowedOrigins*",
    "controlUi.dangerously*",
    "terminal.enabled",
    "terminal.detachedSessionTimeoutSeconds",
    "trustedProxies*",
    "allowRealIpFallback",
    "tools.*",
    "tailscale.*",
    "reload.*",
    "tls.*",
    "http.*",
    "nodes.pairing.*",
    "nodes.commands.*",
    "nodes.allowSkills",
    "cliAgents.enabled",
];
/// Keys that are not members to every program.
const PROTOTYPES: [&str; 3] = ["__proto__", "constructor", "prototype"];

pub(super) fn check(config: &Config, found: &mut Found) {
    if !matches!(config.root.value, Value::Object(_)) {
        found.add(&RULE, "file", config.root.bytes.clone(), "this is not an object");
    }
    config.walk(|path, member| {
        let mut say = |message: String| found.add(&RULE, path.shown(), member.key_bytes.clone(), message);
        if member.key == "$include" {
            return say("a part of the configuration is in another file".into());
        }
        if PROTOTYPES.contains(&member.key.as_str()) {
            return say("not every program takes this key for one".into());
        }
        if !path.starts_with(&["gateway"]) {
            return;
        }
        let dotted = path.dotted();
        let Some(setting) = dotted.strip_prefix("gateway.") else {
            if dotted == "gateway" && !matches!(member.value.value, Value::Object(_)) {
                say("this is not an object".into());
            }
            return;
        };
        let leaf = !matches!(&member.value.value, Value::Object(members) if !members.is_empty());
        if leaf && !is_known(setting) {
            return say(format!("the setting {} is not known", excerpt(&member.key, 64)));
        }
        let secret = setting.starts_with("auth.token") || setting.starts_with("auth.password");
        let text =
            member.value.as_str().into_iter().chain(member.value.items().iter().filter_map(crate::json::Node::as_str));
        let mut text = text.filter(|text| text.contains("${"));
        if text.any(|text| !(secret && is_variable(text))) {
            say("the value is only known when the gateway starts".into());
        }
    });
}

fn is_known(setting: &str) -> bool {
    KNOWN.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => setting.starts_with(start) || Some(setting) == start.strip_suffix('.'),
        None => setting == *known,
    }) || ["auth", "auth.rateLimit", "controlUi", "terminal", "nodes", "cliAgents"].contains(&setting)
}
