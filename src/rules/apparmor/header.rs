//! Which program a profile is for.

use std::ops::Range;
use std::path::Path;

use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static ATTACHMENT: Rule = Rule {
    id: "apparmor-attachment",
    severity: Severity::Error,
    summary: "an AppArmor profile for other programs than those that rootless Podman needs",
    why: "With `flags=(unconfined)` and `userns` the kernel gives up its restriction of user namespaces for a program. \
          That is meant for podman, conmon, crun, slirp4netns and pasta, at their own paths, and for nothing else.",
    remedy: "write `profile NAME /usr/bin/NAME flags=(unconfined) {` for one of these programs",
    threats: &["apparmor", "kernel-surface"],
    waivable: true,
    examples: &[Example {
        path: "apparmor/crun",
        bad: super::example!("profile crun /usr/bin/* flags=(unconfined) {\n  userns,\n}"),
        good: super::example!("profile crun /usr/bin/crun flags=(unconfined) {\n  userns,\n}"),
        trial: Trial::Alone,
    }],
};

pub(super) static COLLISION: Rule = Rule {
    id: "apparmor-collision",
    severity: Severity::Error,
    summary: "an AppArmor profile that another one of the distribution would collide with",
    why: "Debian and Ubuntu ship profiles for some of these programs, under the programs' names. Two profiles of different \
          names for one path cancel each other; stage 2 looks by the name of the file whether there is one already.",
    remedy: "give the profile and its file the name of its program",
    threats: &["apparmor"],
    waivable: true,
    examples: &[Example {
        path: "apparmor/crun",
        bad: super::example!("profile my-crun /usr/bin/crun flags=(unconfined) {\n  userns,\n}"),
        good: super::example!("profile crun /usr/bin/crun flags=(unconfined) {\n  userns,\n}"),
        trial: Trial::Alone,
    }],
};

/// The programs, and each path at which a distribution may have them.
const PROGRAMS: [(&str, &[&str]); 5] = [
    ("podman", &["/usr/bin/podman"]),
    ("conmon", &["/usr/bin/conmon"]),
    ("crun", &["/usr/bin/crun"]),
    ("slirp4netns", &["/usr/bin/slirp4netns"]),
    ("pasta", &["/usr/bin/pasta", "/usr/bin/pasta{,.avx2}", "/usr/bin/pasta.avx2"]),
];

/// Judges the line that opens a profile.
pub(super) fn check(text: &str, bytes: Range<usize>, file: &str, found: &mut Found) {
    let words: Vec<&str> = text.split(' ').collect();
    let &["profile", name, path, "flags=(unconfined)", "{"] = words.as_slice() else {
        let message = format!("{}: this is not `profile NAME PATH flags=(unconfined) {{`", excerpt(text, 120));
        return found.add(&ATTACHMENT, "profile", bytes, message);
    };
    let Some((program, _)) = PROGRAMS.iter().find(|(_, paths)| paths.contains(&path)) else {
        let message = format!("{} is not the path of a program that needs a profile", excerpt(path, 80));
        return found.add(&ATTACHMENT, "profile", bytes, message);
    };
    if name != *program {
        let message = format!("the profile for {program} is called {}", excerpt(name, 64));
        found.add(&COLLISION, "profile", bytes.clone(), message);
    }
    let file = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // What was piped has no name.
    if file != "-" && file.strip_prefix("podclaw-").unwrap_or(file) != *program {
        let message = format!("the file with the profile for {program} is called {}", excerpt(file, 64));
        found.add(&COLLISION, "file", bytes, message);
    }
}
