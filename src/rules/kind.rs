//! What a file is.

use std::path::Path;

use super::quadlet;

/// The kinds of files that podclaw judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An Incus profile. What else YAML could be is judged as one, and then found to have unknown fields.
    Profile,
    /// User-data for cloud-init.
    CloudConfig,
    /// A template of user-data.
    Template,
    /// A shell script.
    Shell,
    /// A Quadlet unit.
    Quadlet,
    /// The gateway's configuration.
    Openclaw,
    /// An AppArmor profile.
    AppArmor,
    /// The lab file.
    LabFile,
    /// Versions of the gateway: `package.json`, `package-lock.json`, `podclaw.lock`.
    Packages,
    /// Waivers.
    Waivers,
    /// A user's own rules.
    OwnRules,
    /// A configuration file of a guest that only can hold secrets.
    Configuration,
    /// Text for people.
    Prose,
}

impl Kind {
    /// What a file is, by its name and how it begins; `None` for what podclaw does not know.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Option<Self> {
        let path = Path::new(name);
        let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let parents = || path.parent().into_iter().flat_map(Path::iter).filter_map(|part| part.to_str()).rev();
        match file {
            "podclaw.yaml" => return Some(Self::LabFile),
            "podclaw.lock" | "package.json" | "package-lock.json" => return Some(Self::Packages),
            "openclaw.json" => return Some(Self::Openclaw),
            "waivers.yaml" => return Some(Self::Waivers),
            _ => {}
        }
        if extension == "conf" && parents().next().is_some_and(is_drop_in) {
            return Some(Self::Quadlet);
        }
        if extension == "conf" && (decides_what_runs(file) || parents().next().is_some_and(decides_what_runs)) {
            return None;
        }
        if extension == "conf" && text.lines().any(names_program_or_server) {
            return None;
        }
        // A launch takes every file of this directory for one, whatever its first line says.
        if extension.is_empty() && parents().next() == Some("apparmor") {
            return Some(Self::AppArmor);
        }
        match extension {
            "yaml" | "yml" if parents().take(2).eq(["rules", "policy"]) => return Some(Self::OwnRules),
            "yaml" | "yml" if is_user_data(text) => return Some(Self::CloudConfig),
            "yaml" | "yml" => return Some(Self::Profile),
            "j2" => return Some(Self::Template),
            "sh" | "bash" => return Some(Self::Shell),
            "conf" => return Some(Self::Configuration),
            "md" | "txt" => return Some(Self::Prose),
            _ if quadlet::is_ending(extension) => return Some(Self::Quadlet),
            _ => {}
        }
        if is_script(text) {
            Some(Self::Shell)
        } else if is_user_data(text) {
            Some(Self::CloudConfig)
        } else if is_apparmor(text) || parents().next().is_some_and(|parent| parent.starts_with("apparmor")) {
            Some(Self::AppArmor)
        } else if name == "-" {
            // Somebody pipes a file without saying what it is: most are profiles.
            Some(Self::Profile)
        } else {
            None
        }
    }
}

/// Whether what lies in a directory adds to Quadlets: `openclaw.container.d`, and `container.d` for all of them.
fn is_drop_in(directory: &str) -> bool {
    directory.strip_suffix(".d").is_some_and(|name| quadlet::is_ending(name.rsplit('.').next().unwrap_or_default()))
}

/// Whether a configuration decides what runs, and how contained it is: Podman's own, and drop-ins for systemd's units.
/// podclaw has none of these, and cannot judge them.
fn decides_what_runs(name: &str) -> bool {
    let name = name.strip_suffix(".d").unwrap_or(name);
    let extension = name.rsplit('.').next().unwrap_or_default();
    matches!(name, "containers.conf" | "mounts.conf" | "registries.conf" | "system.conf" | "user.conf")
        || matches!(extension, "service" | "socket" | "timer" | "path" | "mount" | "slice" | "target" | "scope")
}

/// Whether a line of a configuration names a program other than the one that podclaw installs, or who resolves names.
fn names_program_or_server(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=') else { return false };
    let key = key.trim().trim_matches('"').to_ascii_lowercase();
    let runs = ["program", "command", "exec", "hook", "helper", "runtime"].iter().any(|part| key.contains(part));
    let asks = matches!(key.as_str(), "dns" | "fallbackdns");
    (runs || asks)
        && !value.trim().is_empty()
        && !(key == "mount_program" && value.trim() == "\"/usr/bin/fuse-overlayfs\"")
        && !matches!(key.as_str(), "runtimemaxuse" | "runtimekeepfree" | "runtimemaxfilesize" | "runtimemaxfiles")
}

/// cloud-init tells by the first line, and knows more beginnings than these; the rules of cloud-config refuse the others.
fn is_user_data(text: &str) -> bool {
    ["#cloud-config", "## template:", "#include", "#cloud-boothook", "#part-handler", "Content-Type:"]
        .iter()
        .any(|start| text.starts_with(start))
}

fn is_script(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("#!") && ["sh", "bash", "dash", "ksh"].iter().any(|shell| first.trim_end().ends_with(shell))
}

fn is_apparmor(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("# "));
    lines.next().is_some_and(|line| {
        ["abi <", "abi \"", "include <", "#include <", "profile "].iter().any(|start| line.starts_with(start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_beginnings_tell() {
        for (name, text, kind) in [
            ("profiles/a.yaml", "", Some(Kind::Profile)),
            ("a.yml", "#cloud-config\n", Some(Kind::CloudConfig)),
            ("policy/rules/a.yaml", "", Some(Kind::OwnRules)),
            ("rules/a.yaml", "", Some(Kind::Profile)),
            ("x/podclaw.yaml", "", Some(Kind::LabFile)),
            ("a/user-data.yaml.j2", "#cloud-config\n", Some(Kind::Template)),
            ("a/openclaw.container", "", Some(Kind::Quadlet)),
            ("openclaw.container.d/10-x.conf", "", Some(Kind::Quadlet)),
            ("a/container.d/10-x.conf", "", Some(Kind::Quadlet)),
            ("a/journald.conf.d/10-x.conf", "", Some(Kind::Configuration)),
            ("openclaw.service.d/10-x.conf", "", None),
            ("a/containers.conf", "", None),
            ("a/registries.conf.d/x.conf", "", None),
            ("apparmor/podman", "", Some(Kind::AppArmor)),
            ("podman", "# Why.\nabi <abi/4.0>,\n", Some(Kind::AppArmor)),
            ("apparmor/podman", "#!/bin/sh\n:\n", Some(Kind::AppArmor)),
            ("apparmor/podman", "#cloud-config\n{}\n", Some(Kind::AppArmor)),
            ("a/storage.conf", "mount_program = \"/usr/bin/fuse-overlayfs\"\n", Some(Kind::Configuration)),
            ("a/storage.conf", "mount_program = \"/tmp/x\"\n", None),
            ("a/resolved.conf", "[Resolve]\nDNS=192.0.2.1\n", None),
            ("run", "#!/bin/bash\n", Some(Kind::Shell)),
            ("run", "#!/usr/bin/env bash\n", Some(Kind::Shell)),
            ("-", "description: x\n", Some(Kind::Profile)),
            ("-", "#cloud-config\n", Some(Kind::CloudConfig)),
            ("profiles/a.yaml~", "", None),
            ("a", "#!/usr/bin/python3\n", None),
        ] {
            assert_eq!(Kind::of(name, text), kind, "{name} {text:?}");
        }
    }
}
