//! Users and passwords.

use super::call::{Call, Found};
use super::text::{NUMBER, PARAMETER, shown};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-account",
    severity: Severity::Error,
    summary: "a user that can log in, or has no home",
    why: "Nobody has to log in to a guest: podclaw gets in through the daemon. The gateway's user has a home, for its images and state, and no shell and no password. With `--system` it would get no home, and no ids for rootless containers.",
    remedy: "make the service user with `useradd -m -s /usr/sbin/nologin`",
    threats: &["user-accounts"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nuseradd --system openclaw\n",
        good: "#!/bin/bash\nset -euo pipefail\nuseradd -m -s /usr/sbin/nologin openclaw\n",
        trial: Trial::Alone,
    }],
};

/// Commands that only change passwords and accounts.
pub(super) const NAMES: &str =
    "chpasswd newusers vipw vigr chgpasswd chsh chfn pwconv pwunconv saslpasswd2 smbpasswd mkpasswd";
const NO_SHELLS: [&str; 4] = ["/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false"];

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` gives somebody a password or another account")));
    }
    match name {
        "passwd" => (!(call.short('l', "") || call.long("--lock") || call.short('S', "") || call.long("--status")))
            .then(|| call.found(&RULE, "this sets or removes a password")),
        "userdel" | "deluser" | "groupdel" | "delgroup" => {
            Some(call.found(&RULE, "this removes a user or a group, which something may need"))
        }
        "useradd" => useradd(call),
        "adduser" => adduser(call),
        "usermod" => usermod(call),
        _ => None,
    }
}

fn useradd(call: &Call) -> Option<Found> {
    const VALUED: &str = "bcdefgGkKpsuRPZ";
    if call.is_open() {
        return Some(call.found(&RULE, "cannot tell what user this makes"));
    }
    if call.short('D', VALUED) {
        return Some(call.found(&RULE, "this changes what new users get"));
    }
    if call.short('r', VALUED) || call.long("--system") {
        return Some(call.found(&RULE, "a system user gets no home and no ids for containers"));
    }
    if call.short('p', "bcdefgGkKsuRPZ") || call.long("--password") {
        return Some(call.found(&RULE, "this gives the user a password"));
    }
    if call.short('o', VALUED)
        || call.long("--non-unique")
        || call.values_of("--uid", Some('u')).iter().any(|id| is_root(id))
    {
        return Some(call.found(&RULE, "this makes a second user of one id"));
    }
    if let Some(found) = home(call, &call.values_of("--home-dir", Some('d'))) {
        return Some(found);
    }
    if !(call.short('m', VALUED) || call.long("--create-home")) {
        return Some(call.found(&RULE, "without `-m` the user gets no home"));
    }
    shell(call)
}

/// Whether an id is root's, or not known.
fn is_root(id: &str) -> bool {
    let number = id.bytes().all(|b| b.is_ascii_digit()) && id.parse::<u32>().is_ok_and(|id| id > 0);
    !number && !id.chars().all(|c| matches!(c, PARAMETER | NUMBER))
}

/// A home that is another one's, or a part of the system.
fn home(call: &Call, homes: &[&str]) -> Option<Found> {
    let own = |home: &str| {
        let name = home.strip_prefix("/home/").unwrap_or_default();
        home.contains(PARAMETER)
            || (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
    };
    let odd = homes.iter().find(|home| !own(home))?;
    Some(call.found(&RULE, format!("`{}` is no home of a user's own", shown(odd))))
}

fn shell(call: &Call) -> Option<Found> {
    let shells = call.values_of("--shell", Some('s'));
    match shells.iter().find(|shell| !NO_SHELLS.contains(shell)) {
        Some(shell) => Some(call.found(&RULE, format!("with the shell `{}` the user can log in", shown(shell)))),
        None => shells.is_empty().then(|| call.found(&RULE, "without `-s /usr/sbin/nologin` the user can log in")),
    }
}

fn adduser(call: &Call) -> Option<Found> {
    if call.has("--system") {
        return Some(call.found(&RULE, "a system user gets no ids for containers"));
    }
    if call.values_of("--uid", None).iter().any(|id| is_root(id)) {
        return Some(call.found(&RULE, "this makes a second user of one id"));
    }
    if let Some(found) = home(call, &call.values_of("--home", None)) {
        return Some(found);
    }
    if !(call.long("--disabled-login") || call.long("--disabled-password")) {
        return Some(call.found(&RULE, "this gives the user a password"));
    }
    shell(call)
}

fn usermod(call: &Call) -> Option<Found> {
    const VALUED: &str = "cdefgGlpsuvVwWZRP";
    let unlocks = call.short('U', VALUED)
        || call.long("--unlock")
        || call.short('p', "cdefgGlsuvVwWZRP")
        || call.long("--password");
    let twin = call.short('o', VALUED)
        || call.long("--non-unique")
        || call.values_of("--uid", Some('u')).iter().any(|id| is_root(id));
    if unlocks || twin || call.is_open() {
        return Some(call.found(&RULE, "this lets the user log in, or be somebody else"));
    }
    if call.values_of("--shell", Some('s')).is_empty() { None } else { shell(call) }
}
