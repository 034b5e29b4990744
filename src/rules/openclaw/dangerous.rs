//! Switches that OpenClaw itself calls dangerous.

use super::file::Config;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "openclaw-dangerous",
    severity: Severity::Error,
    summary: "a switch whose name says that it is dangerous, unsafe or insecure",
    why: "OpenClaw names the switches that take a protection away: `dangerouslyAllowHostHeaderOriginFallback` lets a web \
          page under any name be the control UI, others let channels, plugins and tools reach private networks.",
    remedy: "remove it; for the control UI write `gateway.controlUi.allowedOrigins`",
    threats: &["exposure", "authentication"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: super::example!(r#", "browser": {"ssrfPolicy": {"dangerouslyAllowPrivateNetwork": true}}"#),
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

const NAMES: [&str; 6] =
    ["dangerous", "unsafe", "insecure", "allowprivatenetwork", "allowrfc2544", "allowipv6uniquelocal"];

pub(super) fn check(config: &Config, found: &mut Found) {
    config.walk(|path, member| {
        let key = member.key.to_ascii_lowercase();
        if NAMES.iter().any(|name| key.contains(name)) && member.value.as_bool() != Some(false) {
            found.add(&RULE, path.shown(), member.key_bytes.clone(), "this switch takes a protection away");
        }
    });
}
