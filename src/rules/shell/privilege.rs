//! Ways to root.

use super::call::{Call, Found};
use super::text::{self, Word};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-privilege",
    severity: Severity::Error,
    summary: "a way to root for somebody who is not",
    why: "The gateway may be hostile. The guest contains it better while its user cannot become root: no sudo, no group that amounts to root, no program with the setuid bit.",
    remedy: "leave the service user without privileges, and do what needs root in a stage",
    threats: &["user-accounts"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nusermod -aG sudo openclaw\n",
        good: "#!/bin/bash\nset -euo pipefail\nid openclaw\n",
        trial: Trial::Alone,
    }],
};

/// Groups whose members are root, or as good as that.
const GROUPS: &str =
    "root sudo wheel admin adm docker podman incus incus-admin lxd libvirt kvm disk shadow staff systemd-journal";
/// Commands that only change who may do what.
pub(super) const NAMES: &str = "visudo setcap setfacl chattr newgrp pkexec machinectl addgroup";

pub(super) fn is_strong(group: &str) -> bool {
    group.split(',').any(|group| {
        // The ids of the system's groups are below those of users.
        let low = group.trim_start_matches('+').parse::<u32>().is_ok_and(|id| id < 1000);
        low || super::known::in_list(GROUPS, group) || group.contains(text::is_hole)
    })
}

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` changes who may do what")));
    }
    match name {
        "sudo" | "doas" => sudo(call),
        "chmod" => mode(call),
        "install" | "mkdir" | "mknod" => {
            let modes = call.values_of("--mode", Some('m'));
            modes.iter().find_map(|mode| weak(mode)).map(|why| call.found(&RULE, why))
        }
        "usermod" | "useradd" => {
            groups(call, &[call.values_of("--groups", Some('G')), call.values_of("--gid", Some('g'))].concat())
        }
        "groupadd" | "groupmod" => {
            let plain = call.plain(&["-g", "--gid", "-n", "--new-name"]);
            let names = plain.iter().flat_map(|word| word.values.iter().map(String::as_str));
            let groups: Vec<&str> = names.chain(call.values_of("--new-name", Some('n'))).collect();
            self::groups(call, &groups)
        }
        "adduser" => {
            let plain = call.plain(&["--home", "--shell", "--uid", "--gid", "--ingroup", "--gecos", "--comment"]);
            let second = plain.get(1).into_iter().flat_map(|word| word.values.iter().map(String::as_str));
            let options = ["--gid", "--ingroup"].into_iter().flat_map(|option| call.values_of(option, None));
            groups(call, &second.chain(options).collect::<Vec<_>>())
        }
        "chown" | "chgrp" => owner(call),
        "umask" => call
            .plain(&[])
            .iter()
            .flat_map(|word| &word.values)
            .any(|mask| u32::from_str_radix(mask, 8).is_ok_and(|mask| mask & 0o002 == 0))
            .then(|| call.found(&RULE, "everybody can write what is made after this")),
        "gpasswd" => Some(call.found(&RULE, "`gpasswd` changes who is in a group")),
        _ => None,
    }
}

fn groups(call: &Call, groups: &[&str]) -> Option<Found> {
    let group = groups.iter().find(|group| is_strong(group))?;
    Some(call.found(&RULE, format!("the group `{}` is as good as root", text::shown(group))))
}

/// What root obeys, given to somebody else.
fn owner(call: &Call) -> Option<Found> {
    const OBEYED: [&str; 5] = ["/etc", "/run/podclaw", "/usr", "/bin", "/sbin"];
    let plain = call.plain(&["--from", "--reference"]);
    let (owner, files) = plain.split_first()?;
    let root = |owner: &str| matches!(owner.split([':', '.']).next(), Some("root" | "0" | ""));
    let obeyed = |file: &str| {
        let path = super::writes::normal(file);
        OBEYED.iter().any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let given = !owner.values.iter().all(|owner| root(owner)) && files.iter().any(|file| file.any(obeyed));
    given.then(|| call.found(&RULE, "what root obeys gets another owner here"))
}

fn sudo(call: &Call) -> Option<Found> {
    let login = call.short('i', "ugD") || call.long("--login");
    if login {
        return Some(
            call.found(&RULE, "a login shell does not start for a user with nologin: use `sudo -u USER -- COMMAND`"),
        );
    }
    None
}

fn mode(call: &Call) -> Option<Found> {
    let modes: Vec<&Word> = call.args.iter().filter(|word| !word.any(|value| value.starts_with("--"))).collect();
    let mode = modes.iter().find(|word| {
        !word.any(|value| value.starts_with('-') && value.trim_start_matches('-').chars().all(|c| "Rvcf".contains(c)))
    })?;
    if call.long("--reference") {
        return Some(call.found(&RULE, "cannot tell which mode this sets"));
    }
    mode.values.iter().find_map(|mode| weak(mode)).map(|why| call.found(&RULE, why))
}

/// What is wrong with a mode.
pub(super) fn weak(mode: &str) -> Option<String> {
    if text::is_open(mode) {
        return Some("cannot tell which mode this sets".into());
    }
    if !mode.is_empty() && mode.bytes().all(|b| b.is_ascii_digit()) {
        let number = u32::from_str_radix(mode, 8).unwrap_or(0o7777);
        if number & 0o6000 != 0 {
            return Some(format!("the mode {mode} lets everybody run this as its owner"));
        }
        // The sticky bit keeps others from replacing what is in a directory.
        return (number & 0o002 != 0 && number & 0o1000 == 0)
            .then(|| format!("with the mode {mode} everybody can write this"));
    }
    for part in mode.split(',') {
        let Some(at) = part.find(['+', '=']) else { continue };
        let (who, what) = part.split_at(at);
        let digits = what[1..].bytes().all(|b| b.is_ascii_digit()) && what.len() > 1;
        if digits && let Some(why) = weak(&what[1..]) {
            return Some(why);
        }
        // `o=u` gives others what the owner may.
        if what[1..].contains(['u', 'g', 'o']) && (who.is_empty() || who.contains(['o', 'a'])) {
            return Some(format!("with the mode {} others may do what the owner may", text::shown(mode)));
        }
        if what.contains('s') {
            return Some(format!("the mode {} lets everybody run this as its owner", text::shown(mode)));
        }
        if what.contains('w') && (who.contains(['o', 'a'])) {
            return Some(format!("with the mode {} everybody can write this", text::shown(mode)));
        }
    }
    None
}
