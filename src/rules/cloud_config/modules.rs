//! Which keys a cloud-config may have at its top, and with which values.

use super::{login, module, remote, ssh, storage, users, value};
use crate::rules::{Finding, Rule};
use crate::text::excerpt;
use crate::yaml::{Document, Entry, Kind, Node, Value};

/// Modules that a list of modules may name: each only does what the keys allowed below say.
const RUN: [&str; 14] = [
    "write_files",
    "set_hostname",
    "update_hostname",
    "update_etc_hosts",
    "runcmd",
    "scripts_user",
    "bootcmd",
    "timezone",
    "locale",
    "package_update_upgrade_install",
    "final_message",
    "seed_random",
    "keys_to_console",
    "ssh_authkey_fingerprints",
];

/// Keys that mean something of their own, and the rule that says what.
static DENIED: [(&str, &Rule); 46] = [
    ("user", &users::RULE),
    ("groups", &users::RULE),
    ("sudo", &users::RULE),
    ("default_user", &users::RULE),
    ("system_info", &users::RULE),
    ("chpasswd", &login::RULE),
    ("password", &login::RULE),
    ("passwd", &login::RULE),
    ("hashed_passwd", &login::RULE),
    ("plain_text_passwd", &login::RULE),
    ("lock_passwd", &login::RULE),
    ("ssh_authorized_keys", &ssh::RULE),
    ("ssh_keys", &ssh::RULE),
    ("ssh_import_id", &ssh::RULE),
    ("ssh_genkeytypes", &ssh::RULE),
    ("ssh_publish_hostkeys", &ssh::RULE),
    ("ssh", &ssh::RULE),
    ("ca_certs", &remote::RULE),
    ("ca-certs", &remote::RULE),
    ("snap", &remote::RULE),
    ("ansible", &remote::RULE),
    ("puppet", &remote::RULE),
    ("chef", &remote::RULE),
    ("salt_minion", &remote::RULE),
    ("mcollective", &remote::RULE),
    ("landscape", &remote::RULE),
    ("ubuntu_pro", &remote::RULE),
    ("ubuntu_advantage", &remote::RULE),
    ("rh_subscription", &remote::RULE),
    ("yum_repos", &remote::RULE),
    ("zypper", &remote::RULE),
    ("apk_repos", &remote::RULE),
    ("apt_sources", &remote::RULE),
    ("phone_home", &remote::RULE),
    ("rsyslog", &remote::RULE),
    ("datasource", &remote::RULE),
    ("datasource_list", &remote::RULE),
    ("vendor_data", &remote::RULE),
    ("vendor_data2", &remote::RULE),
    ("drivers", &remote::RULE),
    ("wireguard", &remote::RULE),
    ("mounts", &storage::RULE),
    ("disk_setup", &storage::RULE),
    ("fs_setup", &storage::RULE),
    ("swap", &storage::RULE),
    ("growpart", &storage::RULE),
];

/// What is wrong with a key, other than with what it runs and writes.
pub(super) fn check(document: &Document, entry: &Entry) -> Vec<Finding> {
    let key = entry.key.text.as_str();
    let at = |rule: &'static Rule, node: &Node, message: String| {
        vec![Finding::at(rule, key, document.place(node.span), message)]
    };
    let node = &entry.value;
    let only = |rule: &'static Rule, fine: bool, wanted: &str| {
        if fine { Vec::new() } else { at(rule, node, format!("`{key}` may only be {wanted}")) }
    };
    match key {
        "write_files" | "runcmd" | "bootcmd" => Vec::new(),
        "hostname" | "fqdn" => only(&value::RULE, text(node).is_some_and(is_host_name), "a host name"),
        "preserve_hostname" | "prefer_fqdn_over_hostname" => {
            only(&value::RULE, bool_of(node).is_some(), "true or false")
        }
        "manage_etc_hosts" => {
            only(&value::RULE, bool_of(node).is_some() || text(node) == Some("localhost"), "`localhost`, true or false")
        }
        "timezone" | "locale" => only(&value::RULE, text(node).is_some_and(is_plain), "a plain name"),
        "final_message" => only(&value::RULE, text(node).is_some(), "a text"),
        "package_update" | "package_upgrade" => only(&value::RULE, bool_of(node).is_some(), "true or false"),
        "package_reboot_if_required" => only(&value::RULE, bool_of(node) == Some(false), "false"),
        "no_ssh_fingerprints" | "ssh_deletekeys" => only(&ssh::RULE, bool_of(node) == Some(true), "true"),
        "allow_public_ssh_keys" => only(&ssh::RULE, bool_of(node) == Some(false), "false"),
        "disable_root" => only(&login::RULE, bool_of(node) == Some(true), "true"),
        "ssh_pwauth" => only(&login::RULE, bool_of(node) == Some(false), "false"),
        "users" => only(&users::RULE, matches!(&node.value, Value::Sequence(list) if list.is_empty()), "an empty list"),
        "packages" => packages(document, node),
        "apt" => apt(document, node),
        "cloud_init_modules" | "cloud_config_modules" | "cloud_final_modules" => modules(document, key, node),
        _ => {
            let plain = key.to_ascii_lowercase().replace('-', "_");
            let rule =
                DENIED.iter().find(|(name, _)| *name == plain || *name == key).map_or(&module::RULE, |(_, rule)| *rule);
            let message = format!("the key `{}` is not allowed in user-data", excerpt(key, 64));
            vec![Finding::at(rule, excerpt(key, 64), document.place(entry.key.span), message)]
        }
    }
}

fn packages(document: &Document, node: &Node) -> Vec<Finding> {
    let bad = |node: &Node, message: &str| Finding::at(&value::RULE, "packages", document.place(node.span), message);
    let Value::Sequence(list) = &node.value else { return vec![bad(node, "`packages` may only be a list of names")] };
    let mut found = Vec::new();
    for package in list {
        let names: Vec<&Node> = match &package.value {
            Value::Sequence(with_version) if with_version.len() <= 2 => with_version.iter().collect(),
            Value::Scalar(_) => vec![package],
            _ => {
                found.push(bad(package, "a package is a name, or a list of name and version"));
                continue;
            }
        };
        for name in names {
            match text(name) {
                Some("openssh-server" | "ssh" | "dropbear" | "dropbear-bin" | "tinysshd" | "mosh") => {
                    let message = "this installs an SSH server";
                    found.push(Finding::at(&ssh::RULE, "packages", document.place(name.span), message));
                }
                Some(name) if is_package(name) => {}
                _ => found.push(bad(name, "this is no name of a package of the distribution")),
            }
        }
    }
    found
}

/// Nothing but that the sources stay as they are.
fn apt(document: &Document, node: &Node) -> Vec<Finding> {
    let Value::Mapping(mapping) = &node.value else {
        return vec![Finding::at(&value::RULE, "apt", document.place(node.span), "`apt` may only be a mapping")];
    };
    let odd = mapping
        .entries
        .iter()
        .filter(|entry| entry.key.text != "preserve_sources_list" || bool_of(&entry.value) != Some(true));
    odd.map(|entry| {
        let key = excerpt(&entry.key.text, 64);
        let message =
            format!("`apt.{key}` changes where packages come from; only `preserve_sources_list: true` is allowed");
        Finding::at(&remote::RULE, format!("apt.{key}"), document.place(entry.key.span), message)
    })
    .collect()
}

fn modules(document: &Document, key: &str, node: &Node) -> Vec<Finding> {
    let bad = |node: &Node, message: String| Finding::at(&module::RULE, key, document.place(node.span), message);
    let Value::Sequence(list) = &node.value else { return vec![bad(node, format!("`{key}` may only be a list"))] };
    list.iter()
        .filter_map(|node| {
            let name = text(node).unwrap_or_default();
            let known = RUN.contains(&name.replace('-', "_").as_str());
            (!known).then(|| bad(node, format!("the module `{}` may not run", excerpt(name, 64))))
        })
        .collect()
}

pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) if scalar.kind == Kind::String => Some(&scalar.text),
        _ => None,
    }
}

pub(super) fn bool_of(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Scalar(scalar) => scalar.as_bool(),
        _ => None,
    }
}

fn is_host_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/+-@".contains(&b))
        && !name.contains("..")
        && !name.starts_with('/')
}

fn is_package(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.~:=".contains(&b))
        && !std::path::Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("deb"))
}
