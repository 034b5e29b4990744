//! The stages of a guest, in their order.

use super::call::{Call, Found};
use crate::cloud_init::Stage;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "stage-order",
    severity: Severity::Error,
    summary: "the steps of setting up a guest in the wrong order",
    why: "Rootless Podman only works, and is only contained, when what it needs is there before: its packages, the AppArmor profiles for its user namespaces, the user with its ids and storage.conf, then the image, the configuration, the unit, and the start. A step that comes too early fails, or runs without what was to contain it.",
    remedy: "keep the order: packages, apparmor, user, image, config, quadlet, start",
    threats: &["stage-order"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nreadonly names=(apparmor packages user image config quadlet start)\n",
        good: "#!/bin/bash\nset -euo pipefail\nreadonly names=(packages apparmor user image config quadlet start)\n",
        trial: Trial::Alone,
    }],
};

/// The stage that a command belongs to.
fn stage(call: &Call) -> Option<Stage> {
    let any = |part: &str| call.args.iter().any(|word| word.any(|value| value.contains(part)));
    match call.name.as_str() {
        "apt" | "apt-get" if call.has("install") => Some(Stage::Packages),
        "apparmor_parser" => Some(Stage::Apparmor),
        "useradd" | "adduser" => Some(Stage::User),
        "podman"
            if ["load", "pull", "run", "build", "create"]
                .iter()
                .any(|verb| call.args.first().is_some_and(|word| word.is(verb))) =>
        {
            Some(Stage::Image)
        }
        "systemctl" if ["start", "restart", "enable"].iter().any(|verb| call.has(verb)) && any("openclaw") => {
            Some(Stage::Start)
        }
        name if name.contains("setup-podman.sh") || name.ends_with("podman/setup.sh") => Some(Stage::Image),
        _ if any("storage.conf") => Some(Stage::User),
        _ if any("openclaw.json") => Some(Stage::Config),
        _ if any("openclaw.container") => Some(Stage::Quadlet),
        _ => None,
    }
}

/// Steps that come after one that needs them. `before` are the stages whose work is done already.
pub(super) fn check(calls: &[Call], before: &[Stage]) -> Vec<Found> {
    let mut seen: Vec<Stage> = before.to_vec();
    let mut found = Vec::new();
    for call in calls {
        let Some(stage) = stage(call) else { continue };
        if seen.contains(&stage) {
            continue;
        }
        if let Some(later) = seen.iter().filter(|done| **done > stage && **done != Stage::Packages).max() {
            let message = format!("{} comes after {}, which needs it", stage.title(), later.title());
            found.push(Found { rule: &RULE, subject: stage.name().into(), bytes: call.bytes.clone(), message });
        }
        if stage == Stage::Image {
            let missing = [Stage::Apparmor, Stage::User].into_iter().filter(|needed| !seen.contains(needed));
            for needed in missing.filter(|needed| !calls.iter().any(|call| self::stage(call) == Some(*needed))) {
                let message = format!("rootless Podman is used here, and nothing sets up: {}", needed.title());
                found.push(Found { rule: &RULE, subject: needed.name().into(), bytes: call.bytes.clone(), message });
            }
        }
        seen.push(stage);
    }
    found
}

/// The runner's own list of names.
pub(super) fn runner(names: &[String], bytes: std::ops::Range<usize>) -> Option<Found> {
    let all = Stage::ALL.map(Stage::name);
    (names != all).then(|| Found {
        rule: &RULE,
        subject: "names".into(),
        bytes,
        message: format!("the stages are not {}", all.join(", ")),
    })
}

/// A directory's stages: each of the seven, and nothing else.
pub(super) fn directory<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Result<Stage, &'a str>> {
    names
        .map(|name| Stage::ALL.into_iter().find(|stage| name == format!("{}.sh", stage.file_stem())).ok_or(name))
        .collect()
}
