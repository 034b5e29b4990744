//! Quadlets that only point at something else.

use super::file::{Quadlet, Type};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "quadlet-unjudged",
    severity: Severity::Error,
    summary: "a Quadlet that runs a Kubernetes file, or builds an image",
    why: "What a .kube file runs, and what a .build file builds, is written elsewhere in a language that podclaw does \
          not judge: host paths, privileged containers and unpinned downloads are all possible there.",
    remedy: "write a .container file with an image that is pinned by its digest",
    threats: &["judged-is-sent", "remote-code"],
    waivable: true,
    examples: &[Example { path: "quadlets/app.kube", bad: "[Kube]\nYaml=app.yaml\n", good: "", trial: Trial::Alone }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    let what = match quadlet.kind {
        Type::Kube => "what the Kubernetes file asks for is not judged",
        Type::Build => "what the image is built from is not judged",
        _ => return,
    };
    found.add(&RULE, quadlet.kind.section(), quadlet.heading(), what);
}
