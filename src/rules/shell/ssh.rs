//! Other ways in.

use super::call::{Call, Found};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-ssh",
    severity: Severity::Error,
    summary: "a way in by SSH",
    why: "podclaw gets into a guest through the daemon, and forwards ports in the same way. A key or a server in the guest is a way in for whoever has the key, and a way out to other machines.",
    remedy: "use `podclaw shell` and `podclaw forward`",
    threats: &["lateral-movement", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nmkdir -p /root/.ssh\n",
        good: "#!/bin/bash\nset -euo pipefail\nmkdir -p /var/lib/podclaw\n",
        trial: Trial::Alone,
    }],
};

/// Commands that only serve SSH.
pub(super) const NAMES: &str =
    "ssh scp sftp sshd ssh-add ssh-agent ssh-copy-id ssh-import-id ssh-import-id-gh ssh-import-id-lp ssh-keygen
ssh-keyscan sshpass dropbear dropbearkey autossh mosh rsync rclone tailscale zerotier-cli cloudflared ngrok frpc";
const PACKAGES: [&str; 16] = [
    "openssh-sftp-server",
    "telnetd",
    "inetutils-telnetd",
    "xrdp",
    "vsftpd",
    "proftpd",
    "tigervnc-standalone-server",
    "cockpit",
    "openssh-server",
    "ssh",
    "dropbear",
    "dropbear-bin",
    "tinysshd",
    "ssh-import-id",
    "task-ssh-server",
    "mosh",
];

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` opens a way into the guest, or out of it")));
    }
    let path =
        call.args.iter().any(|word| word.any(|value| value.contains("/.ssh") || value.contains("authorized_keys")));
    if path && !matches!(name, "rm" | "ls" | "test" | "[" | "find") {
        return Some(call.found(&RULE, "this touches SSH keys"));
    }
    let installs = matches!(name, "apt" | "apt-get" | "aptitude") && call.has("install");
    if installs
        && call.args.iter().any(|word| {
            PACKAGES.iter().any(|package| word.any(|value| value.split(['=', '/', ':']).next() == Some(package)))
        })
    {
        return Some(call.found(&RULE, "this installs an SSH server"));
    }
    None
}
