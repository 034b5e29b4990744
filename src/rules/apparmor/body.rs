//! What a profile says.

use std::sync::Arc;

use super::header;
use super::read;
use crate::place::Source;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "apparmor-rule",
    severity: Severity::Error,
    summary: "an AppArmor profile that says more, or less, than that its program may make user namespaces",
    why: "The profiles are loaded by root. All that rootless Podman needs is `userns`; other rules, and files that are \
          included, can allow or forbid anything to programs of the whole guest.",
    remedy: "write `abi <abi/4.0>,`, `include <tunables/global>`, and one profile that holds `userns,` and nothing else",
    threats: &["apparmor", "kernel-surface"],
    waivable: true,
    examples: &[Example {
        path: "apparmor/crun",
        bad: super::example!("profile crun /usr/bin/crun flags=(unconfined) {\n  userns,\n  capability sys_admin,\n}"),
        good: super::example!("profile crun /usr/bin/crun flags=(unconfined) {\n  userns,\n}"),
        trial: Trial::Alone,
    }],
};

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    After,
}

pub(super) fn check(source: &Arc<Source>, found: &mut Found) {
    let (lines, hidden) = read::read(&source.text);
    for bytes in hidden {
        found.add(&RULE, "file", bytes, "a character that cannot be seen, or that only some take for a space");
    }
    let (mut state, mut abi, mut tunables, mut userns) = (State::Before, 0, 0, 0);
    for line in &lines {
        let mut refuse = |message: &str| {
            found.add(&RULE, "profile", line.bytes.clone(), format!("{}: {message}", excerpt(&line.text, 80)));
        };
        match (state, line.text.as_str()) {
            (State::Before, "abi <abi/4.0>,") if tunables == 0 => abi += 1,
            (State::Before, "include <tunables/global>") => tunables += 1,
            (State::Before, text) if text.ends_with('{') => {
                header::check(text, line.bytes.clone(), &source.name, found);
                state = State::Inside;
            }
            (State::Before, _) => refuse("this is not what stands before a profile here"),
            (State::Inside, "userns," | "userns create,") => userns += 1,
            (State::Inside, "}") => state = State::After,
            (State::Inside, _) => refuse("a profile here says nothing but `userns,`"),
            (State::After, _) => refuse("there is more than one profile, or more after it"),
        }
    }
    let mut miss = |missing: bool, what: &str| {
        if missing {
            found.add(&RULE, "profile", 0..0, what);
        }
    };
    miss(abi != 1, "`abi <abi/4.0>,` must stand there once: other versions do not know `userns`");
    miss(tunables > 1, "`include <tunables/global>` is there twice");
    miss(state == State::Before, "there is no profile");
    miss(state == State::Inside, "the profile does not end");
    miss(state == State::After && userns != 1, "the profile must hold `userns,` once");
}
