//! What agents may do without being asked.

use super::auth::is_empty;
use super::file::{Config, Path};
use crate::json::Node;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "openclaw-tools",
    severity: Severity::Warning,
    summary: "agents that run everything unasked, or clients that are approved unseen",
    why: "The container and the guest hold what an agent does. But what it may do there, with the keys and channels that \
          the gateway has, is up to these settings, and so is who becomes a client.",
    remedy: "leave these settings at their defaults, or stricter",
    threats: &["authentication", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: super::example!(r#", "tools": {"exec": {"security": "full", "ask": "off"}}"#),
        good: super::example!(r#", "tools": {"exec": {"security": "allowlist", "ask": "always"}}"#),
        trial: Trial::Alone,
    }],
};

/// The end of a path, the values that are wrong there, and what is then the case.
const TEXTS: [(&[&str], &[&str], &str); 5] = [
    (&["exec", "security"], &["full"], "agents run any command"),
    (&["exec", "mode"], &["full", "auto"], "agents run any command"),
    (&["exec", "ask"], &["off"], "nobody is asked before a command runs"),
    (&["docker", "network"], &["host"], "the sandbox of agents is on the gateway's own network"),
    (&["config", "permissionMode"], &["approve-all"], "whatever a coding agent asks for is approved"),
];
/// The end of a path that is switched on or off, the wrong value, and what is then the case.
const SWITCHES: [(&[&str], bool, &str); 7] = [
    (&["elevated", "enabled"], true, "agents may leave their sandbox"),
    (&["applyPatch", "workspaceOnly"], false, "agents change files outside of their workspace"),
    (&["fs", "workspaceOnly"], false, "agents read files outside of their workspace"),
    (&["shellEnv", "enabled"], true, "variables of a login shell become the gateway's"),
    (&["pairing", "autoApproveLocal"], true, "clients on the loopback are approved unseen, and everything is on it"),
    (&["chatCompletions", "enabled"], true, "the token can be used over plain HTTP as well"),
    (&["responses", "enabled"], true, "the token can be used over plain HTTP as well"),
];
/// The end of a path that must not hold anything, and what is the case when it does.
const LISTS: [(&[&str], &str); 7] = [
    (&["pairing", "autoApproveCidrs"], "clients of whole networks are approved unseen"),
    (&["pairing", "sshVerify"], "clients are approved by a connection that the gateway makes"),
    (&["docker", "binds"], "paths are mounted into the sandbox of agents"),
    (&["browser", "binds"], "paths are mounted into the sandbox of agents"),
    (&["gateway", "tools", "allow"], "tools are allowed over HTTP that are closed by default"),
    (&["nodes", "commands", "allow"], "commands are allowed on other devices that are closed by default"),
    (&["audit", "suppressions"], "findings of the gateway's own audit are hidden"),
];

pub(super) fn check(config: &Config, found: &mut Found) {
    config.walk(|path, member| {
        if let Some(message) = wrong(path, &member.value) {
            found.add(&RULE, path.shown(), member.value.bytes.clone(), message);
        }
    });
}

fn wrong(path: &Path<'_>, node: &Node) -> Option<&'static str> {
    let text = || {
        let value = node.as_str()?.to_ascii_lowercase();
        let case = TEXTS.iter().find(|(end, _, _)| path.ends_with(end))?;
        let joined = case.0 == ["docker", "network"] && value.starts_with("container:");
        (joined || value.contains("${") || case.1.contains(&value.as_str())).then_some(case.2)
    };
    let switch = || {
        let value = node.as_bool()?;
        SWITCHES.iter().find(|(end, bad, _)| path.ends_with(end) && value == *bad).map(|(_, _, message)| *message)
    };
    let list = || {
        let (_, message) = LISTS.iter().find(|(end, _)| path.ends_with(end))?;
        (!is_empty(node)).then_some(*message)
    };
    text().or_else(switch).or_else(list)
}
