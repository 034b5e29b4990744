//! What runs later, or again.

use super::call::{Call, Found};
use super::text::shown;
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
const VERBS: &str = "status show is-active is-enabled is-failed daemon-reload start stop restart try-restart reload reset-failed list-units
list-unit-files list-timers cat disable mask unmask kill is-system-running --version show-environment";
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
            let own = plain.get(1).is_none_or(|user| user.is("openclaw"));
            let reads = verb.starts_with("list")
                || verb.contains("status")
                || verb.starts_with("show")
                || verb == "disable-linger";
            (!(reads || (verb == "enable-linger" && own)))
                .then(|| call.found(&RULE, "only the service user's units may run without a login"))
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
        Some("import-environment" | "unset-environment") => None,
        _ => {
            Some(call.found(
                &RULE,
                format!("`systemctl {}` makes units that podclaw does not know run", shown(&verb.shown())),
            ))
        }
    }
}
