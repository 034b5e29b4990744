//! What a Quadlet asks of systemd itself.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-service",
    severity: Severity::Error,
    summary: "a `[Service]` section that runs something else, or changes how Podman runs",
    why: "`ExecStartPre=` and its kin run commands outside of the container, and a variable such as CONTAINERS_CONF or \
          CONTAINER_HOST makes Podman obey another configuration, or another daemon.",
    remedy: "keep to the keys that restart, time and limit the service",
    threats: &["host-path", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/data.volume",
        bad: "[Volume]\nVolumeName=data\n\n[Service]\nExecStartPre=/bin/chmod 0777 /srv\n",
        good: "[Volume]\nVolumeName=data\n\n[Service]\nTimeoutStartSec=30\n",
        trial: Trial::Alone,
    }],
};

/// The keys that only time, restart and limit.
pub(super) const KEYS: &[&str] = &[
    "CPUQuota",
    "CPUWeight",
    "IOWeight",
    "KillMode",
    "LimitCORE",
    "LimitNOFILE",
    "LimitNPROC",
    "LogRateLimitBurst",
    "LogRateLimitIntervalSec",
    "MemoryHigh",
    "MemoryMax",
    "MemorySwapMax",
    "Nice",
    "NoNewPrivileges",
    "OOMScoreAdjust",
    "RemainAfterExit",
    "Restart",
    "RestartForceExitStatus",
    "RestartMaxDelaySec",
    "RestartPreventExitStatus",
    "RestartSec",
    "RestartSteps",
    "SuccessExitStatus",
    "SyslogIdentifier",
    "TasksMax",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "Type",
    "UMask",
];

/// Keys that make other units run, or stop them.
const OTHERS: [&str; 5] = ["Wants", "Requires", "Requisite", "BindsTo", "Conflicts"];

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("ServiceName").filter(|entry| !matches!(entry.plain(), "" | "openclaw")) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "the service takes the name of another one");
    }
    for entry in quadlet.in_section("Unit").filter(|entry| OTHERS.contains(&entry.key.as_str())) {
        let own = |unit: &str| {
            let ending = unit.rsplit('.').next().unwrap_or_default();
            (ending == "target" || super::is_ending(ending) || unit == "openclaw.service") && !unit.contains('/')
        };
        if !entry.value.split_whitespace().all(own) {
            let message = "this starts or stops a unit that podclaw does not know";
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
    for entry in quadlet.in_section("Service") {
        if KEYS.contains(&entry.key.as_str()) {
            continue;
        }
        let key = excerpt(&entry.key, 64);
        let message = if key.starts_with("Exec") {
            format!("{key} runs a command outside of the container")
        } else if key.contains("Environment") {
            format!("{key} changes what Podman itself obeys")
        } else {
            format!("the key {key} is not one that is allowed here")
        };
        found.add(&RULE, subject(entry), entry.bytes.clone(), message);
    }
}
