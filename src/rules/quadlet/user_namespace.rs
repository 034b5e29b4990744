//! Who the container's users are outside of it.

use super::file::{Quadlet, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-user-namespace",
    severity: Severity::Error,
    summary: "a container whose users are mapped in a way that podclaw does not know, or not at all",
    why: "A user namespace makes the container's root somebody who is nobody outside. `host`, or a map written by hand, \
          can give it the ids of other users of the guest.",
    remedy: "use `UserNS=keep-id`, `auto` or `nomap`, and no map of your own",
    threats: &["id-map"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.pod",
        bad: "[Pod]\nUserNS=host\n",
        good: "[Pod]\nUserNS=keep-id\n",
        trial: Trial::Alone,
    }],
};

const MAPS: [&str; 8] =
    ["UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap", "RemapUsers", "RemapUid", "RemapGid", "RemapUidSize"];

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    for entry in quadlet.all("UserNS").filter(|entry| quadlet.drop_in || !entry.value.is_empty()) {
        if !is_known(entry.plain()) {
            let message = format!("the user namespace {} is not one that is allowed", excerpt(entry.plain(), 80));
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
    for entry in MAPS.into_iter().flat_map(|key| quadlet.all(key)).filter(|entry| !entry.value.is_empty()) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "ids are mapped by hand");
    }
}

/// Whether a namespace is one of the container's own, in which its root is nobody outside.
pub(in crate::rules) fn is_known(namespace: &str) -> bool {
    let (kind, options) = namespace.split_once(':').unwrap_or((namespace, ""));
    let allowed: &[&str] = match kind {
        "keep-id" => &["uid", "gid", "size"],
        "auto" => &["size"],
        "nomap" | "private" => &[],
        _ => return false,
    };
    options.is_empty()
        || options.split(',').all(|option| {
            option.split_once('=').is_some_and(|(name, value)| {
                allowed.contains(&name)
                    && value.bytes().all(|b| b.is_ascii_digit())
                    && value.parse::<u32>().is_ok_and(|id| id > 0)
            })
        })
}
