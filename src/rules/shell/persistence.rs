//! What runs later, or again.

use super::call::{Call, Found};
use super::text::{PARAMETER, shown};
use crate::cloud_init::STAGES_UNIT;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-persistence",
    severity: Severity::Error,
    summary: "something that is made to run later, outside of the stages",
    why: "What runs from cron, a timer or a unit of its own runs again after it was reviewed, and after the gateway had time to change it. podclaw's stages start one unit, the gateway's.",
    remedy: "do it in a stage, or in the gateway's own unit",
    threats: &["persistence"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nsystemctl enable --now backdoor.service\n",
        good: "#!/bin/bash\nset -euo pipefail\nsystemctl daemon-reload\n",
        trial: Trial::Alone,
    }],
};

/// Commands that only make something run later.
pub(super) const NAMES: &str =
    "crontab at batch atd anacron systemd-run systemd-tmpfiles update-rc.d chkconfig rc-update tmux screen watch
initctl cloud-init cloud-init-per supervisord pm2 dpkg-divert dpkg-trigger";
const VERBS: &str = "status show is-active is-enabled is-failed daemon-reload stop reset-failed list-units list-unit-files list-timers cat
disable mask kill is-system-running --version show-environment unset-environment";
/// What makes units run that are there.
const STARTS: &str = "start restart try-restart reload reload-or-restart unmask";
/// The units of the system that a stage starts again, beside the gateway's.
const OTHERS: &str =
    "systemd-journald.service systemd-journald systemd-resolved.service systemd-resolved user@1000.service";
const UNITS: [&str; 3] = ["openclaw.service", "openclaw", STAGES_UNIT];

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` makes something run outside of the stages")));
    }
    match name {
        "systemctl" => systemctl(call),
        "loginctl" => {
            let plain = call.plain(&["-M", "--machine", "-H", "--host"]);
            let verb = plain.first().and_then(|word| word.one()).unwrap_or_default();
            let own = plain.iter().skip(1).all(|user| user.one() == Some("openclaw"));
            let reads = verb.starts_with("list")
                || verb.contains("status")
                || verb.starts_with("show")
                || verb == "disable-linger";
            (!(reads || (verb == "enable-linger" && own)))
                .then(|| call.found(&RULE, "only the service user's units may run without a login"))
        }
        "service" => {
            let reads = call.has("--status-all") || call.args.get(1).is_some_and(|verb| verb.is("status"));
            let stops = call.args.len() == 2 && call.args[1].is("stop");
            (!reads && !stops).then(|| call.found(&RULE, "`service` starts what is not the lab's"))
        }
        "podman-user-generator" | "/usr/lib/systemd/user-generators/podman-user-generator" => {
            (!call.has("--dryrun")).then(|| call.found(&RULE, "this makes units that podclaw does not know"))
        }
        "enable" => Some(call.found(&RULE, "`enable` changes which builtins the shell has")),
        _ => None,
    }
}

fn systemctl(call: &Call) -> Option<Found> {
    if call.long("--root") || call.long("--host") || call.short('H', "npto") || call.long("--machine") {
        return Some(call.found(&RULE, "this changes the units of another system"));
    }
    let plain = call.plain(&[
        "-p",
        "--property",
        "-n",
        "--lines",
        "-o",
        "--output",
        "-t",
        "--type",
        "--state",
        "-s",
        "--signal",
        "-M",
    ]);
    let verb = plain.first()?;
    match verb.one() {
        Some(known) if super::known::in_list(VERBS, known) => None,
        Some("enable" | "reenable")
            if plain.len() > 1 && plain[1..].iter().all(|unit| UNITS.iter().any(|own| unit.is(own))) =>
        {
            None
        }
        Some(known) if super::known::in_list(STARTS, known) => {
            let own =
                |unit: &str| UNITS.contains(&unit) || super::known::in_list(OTHERS, unit) || unit.contains(PARAMETER);
            let odd = plain[1..].iter().flat_map(|word| &word.values).find(|unit| !own(unit))?;
            let message = format!("`systemctl {known} {}` starts what is not the lab's", shown(odd));
            Some(call.found(&RULE, message))
        }
        _ => {
            Some(call.found(
                &RULE,
                format!("`systemctl {}` makes units that podclaw does not know run", shown(&verb.shown())),
            ))
        }
    }
}
