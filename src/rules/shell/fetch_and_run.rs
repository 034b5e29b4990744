//! Code that comes from the network as the guest starts.

use std::collections::HashSet;

use super::call::{Call, Found};
use super::known::in_list;
use super::text;
use super::walk::Context;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-fetch-and-run",
    severity: Severity::Error,
    summary: "code from the network that is run as it comes",
    why: "Whoever holds the server, its name or the way to it decides what runs in the guest, as root, and may give each guest something else. Nothing that was reviewed says what that is.",
    remedy: "pin what you need: a package of the distribution, or an image by its digest",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\ncurl -fsSL https://example.org/install.sh | bash\n",
        good: "#!/bin/bash\nset -euo pipefail\napt-get install --yes podman\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn found(context: &Context<'_>, name: &str, message: impl Into<String>) -> Found {
    Found { rule: &RULE, subject: text::shown(name), bytes: context.bytes.clone(), message: message.into() }
}

/// Programs that print or save what they get from the network.
const FETCHERS: &str = "curl wget aria2c lwp-download lwp-request GET fetch http https lynx w3m links ftp tftp axel";

pub(super) fn is_fetcher(call: &Call) -> bool {
    in_list(FETCHERS, &call.name)
}

/// Whether a command brings something from outside of the guest.
pub(super) fn is_fetch(call: &Call) -> bool {
    is_fetcher(call) && !is_local(call) && !passes_arguments(call)
}

/// Whether it gets what its function is called with, and is judged again with that.
pub(super) fn passes_arguments(call: &Call) -> bool {
    call.args.iter().any(|word| word.any(|value| value.contains(text::PARAMETER)))
}

/// Options of curl and wget that take the next word.
const VALUED: &str = "-o -m -w -H -d -X -A -u -e -b -O -T -t --output --max-time --write-out --noproxy --connect-timeout --retry
--retry-delay --header --request --data --user-agent --max-redirs --proto --proto-redir --output-document --timeout --tries";

/// Whether everything that is asked for is on the guest's own loopback. What answers there can be the gateway, so that
/// nothing follows where it points.
pub(super) fn is_local(call: &Call) -> bool {
    if call.short('L', "omwHdXAueb") || call.long("--location") {
        return false;
    }
    let mut places = Vec::new();
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        match word.one() {
            Some("--url") => places.extend(words.next()),
            Some(option) if option.starts_with('-') && option.len() > 1 => {
                // The last of several letters can take a value, too.
                let short: String = ['-', option.chars().last().unwrap_or('-')].iter().collect();
                let cluster = !option.starts_with("--") && in_list(VALUED, &short);
                if in_list(VALUED, option) || cluster {
                    words.next();
                }
            }
            _ => places.push(word),
        }
    }
    !places.is_empty() && places.iter().all(|word| word.values.iter().all(|value| is_loopback(value)))
}

fn is_loopback(url: &str) -> bool {
    let Some((scheme, host)) = url.split_once("://") else { return false };
    matches!(scheme, "http" | "https")
        && !url.contains(['{', '}'])
        && ["127.0.0.1", "localhost", "[::1]"].iter().any(|local| {
            host.strip_prefix(local)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']) && !rest.contains('@'))
        })
}

/// What was saved to a file, and is run later.
pub(super) fn later(calls: &[Call]) -> Vec<Found> {
    let mut saved: HashSet<String> = HashSet::new();
    let mut found = Vec::new();
    for call in calls {
        if is_fetch(call) {
            let outputs =
                call.values_of("--output", Some('o')).into_iter().chain(call.values_of("--output-document", Some('O')));
            saved.extend(outputs.filter(|path| !path.is_empty()).map(str::to_owned));
            if call.short('O', "oHdATeuxXmb") || call.long("--remote-name") || call.name == "wget" {
                saved.extend(
                    call.args
                        .iter()
                        .flat_map(|word| &word.values)
                        .filter_map(|url| url.rsplit('/').next())
                        .map(str::to_owned),
                );
            }
        }
        let runs = saved.contains(&call.name) || call.name.strip_prefix("./").is_some_and(|name| saved.contains(name));
        let marks = call.name == "chmod"
            && call
                .args
                .first()
                .is_some_and(|mode| mode.any(|mode| mode.contains('x') || mode.contains(['7', '5', '1'])))
            && call.args.iter().skip(1).any(|word| word.any(|value| saved.contains(value)));
        if runs || marks {
            found.push(call.found(&RULE, "what was downloaded before is made a program here"));
        }
    }
    found
}
