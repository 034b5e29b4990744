//! How the gateway in a container is started.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;
use crate::unit_file;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-gateway",
    severity: Severity::Error,
    summary: "a gateway that is started without authentication, or with less care than its configuration asks for",
    why: "Arguments and variables count more than openclaw.json: `--auth none` makes everybody who reaches the port an \
          operator, who can run commands.",
    remedy: "leave these settings to openclaw.json, with `gateway.auth.mode` set to `token`",
    threats: &["authentication", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("Exec=node dist/index.js gateway --bind lan --auth none"),
        good: super::example!("Exec=node dist/index.js gateway --bind lan"),
        trial: Trial::Alone,
    }],
};

/// Arguments of the gateway, and the value that is wrong, or any.
const ARGUMENTS: [(&str, Option<&str>); 8] = [
    ("--auth", Some("none")),
    ("--auth", Some("trusted-proxy")),
    ("--allow-unconfigured", None),
    ("--tailscale", Some("funnel")),
    ("--tailscale", Some("serve")),
    ("--dev", None),
    ("--reset", None),
    ("--raw-stream", None),
];

/// Shells, and what starts one.
const SHELLS: [&str; 9] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "env", "xargs"];
/// Options of node that load code from elsewhere, or let others do so.
const LOADS: [&str; 14] = [
    "-e",
    "--eval",
    "-p",
    "--print",
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "--inspect",
    "--inspect-brk",
    "--inspect-port",
    "--env-file",
    "--config",
];
/// Where the files of variables are that the gateway cannot write.
const FILES: [&str; 3] = ["%h/.config/podclaw/", "/home/openclaw/.config/podclaw/", "/etc/podclaw/"];

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("Exec").chain(quadlet.all("Entrypoint")) {
        let Some(words) = unit_file::words(&entry.value) else {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "the words of this cannot be told apart");
            continue;
        };
        // A shell's command is one word here, and has words in turn.
        let words: Vec<&str> = words
            .iter()
            .flat_map(|word| word.split([' ', '\t', '\n', '\'', '"', ';', '[', ']', ',']))
            .filter(|word| !word.is_empty())
            .collect();
        let shell = |word: &&str| SHELLS.contains(&word.rsplit('/').next().unwrap_or_default());
        if words.iter().any(shell) {
            let message = "a shell in the container decides what runs there";
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
        if let Some(word) = words.iter().find(|word| LOADS.contains(&word.split('=').next().unwrap_or_default())) {
            let message = format!("{} runs other code than the image's", excerpt(word, 64));
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
        for (argument, wrong) in ARGUMENTS {
            if has(&words, argument, wrong) {
                let shown = wrong.map_or(argument.into(), |value| format!("{argument} {value}"));
                found.add(&RULE, subject(entry), entry.bytes.clone(), format!("the gateway is started with {shown}"));
            }
        }
        if entry.value.replace("%%", "").contains('%') {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "systemd replaces `%` and what follows it");
        }
    }
    for entry in quadlet.all("EnvironmentFile").filter(|entry| !entry.value.is_empty()) {
        let path = entry.plain();
        let own = FILES.iter().any(|start| path.strip_prefix(start).is_some_and(|rest| !rest.is_empty()));
        if !own || path.contains("..") || path.trim_start_matches("%h").contains('%') {
            let message = "the container gets variables from a file that others can write";
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
    for entry in quadlet.all("Environment") {
        for variable in unit_file::words(&entry.value).unwrap_or_default() {
            let name = variable.split('=').next().unwrap_or_default().to_ascii_uppercase();
            let loosens =
                ["INSECURE", "DANGEROUS", "UNSAFE", "REJECT_UNAUTHORIZED"].iter().any(|part| name.contains(part));
            let other = matches!(
                name.as_str(),
                "NODE_OPTIONS"
                    | "NODE_PATH"
                    | "PATH"
                    | "HTTP_PROXY"
                    | "HTTPS_PROXY"
                    | "ALL_PROXY"
                    | "OPENCLAW_GATEWAY_AUTH"
                    | "OPENCLAW_CONFIG_PATH"
                    | "OPENCLAW_INCLUDE_ROOTS"
                    | "OPENCLAW_STATE_DIR"
            );
            if loosens || other || name.starts_with("LD_") {
                let message = format!("the variable {} changes what the gateway obeys", excerpt(&name, 64));
                found.add(&RULE, subject(entry), entry.bytes.clone(), message);
            }
        }
    }
}

fn has(words: &[&str], argument: &str, wrong: Option<&str>) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let Some(rest) = word.strip_prefix(argument) else { return false };
        let value = match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if rest.is_empty() => words.get(at + 1).copied(),
            None => return false,
        };
        wrong.is_none_or(|wrong| value.is_some_and(|value| value.eq_ignore_ascii_case(wrong)))
    })
}
