//! The gateway's token in a file that everybody can read.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::unit_file;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-secret",
    severity: Severity::Error,
    summary: "the gateway's token or password in a unit file or a command line, or the whole environment of the host",
    why: "Unit files are read by everybody in the guest, and a command line is seen by every process. Whoever has the \
          token is the operator.",
    remedy: "write it to a file of mode 0600 and name that in `EnvironmentFile=`",
    threats: &["secrets"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.container",
        bad: super::example!("Environment=OPENCLAW_GATEWAY_TOKEN=change-me"),
        good: super::example!("EnvironmentFile=%h/.config/podclaw/gateway.env"),
        trial: Trial::Alone,
    }],
};

const VARIABLES: [&str; 2] = ["OPENCLAW_GATEWAY_TOKEN", "OPENCLAW_GATEWAY_PASSWORD"];

/// Whether a variable holds the gateway's token or password.
pub(in crate::rules) fn is_token(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    VARIABLES.contains(&name.as_str())
        || ["_API_KEY", "_SECRET", "_PASSWORD", "_TOKEN"].iter().any(|end| name.ends_with(end))
}

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("Environment") {
        let words = unit_file::words(&entry.value);
        let literal =
            |word: &String| word.split_once('=').is_some_and(|(name, value)| is_token(name) && !value.is_empty());
        if words.is_none() {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "the variables of this cannot be told apart");
        } else if words.iter().flatten().any(|word| !word.contains('=')) {
            let message = "the container gets a variable of the user's session, or all that begin like it";
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        } else if words.iter().flatten().any(literal) {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "the gateway's token or password is written here");
        }
    }
    for entry in quadlet.all("Exec") {
        let words = unit_file::words(&entry.value).unwrap_or_default();
        let mut parts = words.iter().flat_map(|word| word.split_whitespace());
        if parts.any(|part| matches!(part.split('=').next(), Some("--token" | "--password"))) {
            found.add(&RULE, subject(entry), entry.bytes.clone(), "the gateway's token or password is an argument");
        }
    }
    for entry in quadlet.all("EnvironmentHost").filter(|entry| entry.as_bool() != Some(false)) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "the container gets all variables of the user's session");
    }
}
