//! Places in a guest: where setting it up may write, where it may remove, and what files mean.

use super::{accounts, hardening, install, persistence, privilege, ssh, writes};
use crate::rules::Rule;

/// Where anything may be written, below each.
pub(super) const FINE: [&str; 14] = [
    "/etc/podclaw/",
    "/var/lib/podclaw/",
    "/var/log/podclaw/",
    "/run/podclaw/",
    "/home/openclaw/",
    "/tmp/",
    "/var/tmp/",
    "/opt/openclaw/",
    "/etc/containers/systemd/users/",
    "/etc/apparmor.d/podclaw-",
    "/run/user/1000/",
    "/etc/systemd/journald.conf.d/",
    "/etc/systemd/resolved.conf.d/",
    "/etc/containers/registries.conf.d/",
];
/// Files and directories that are written as they are, or with an ending while they are being replaced.
pub(super) const EXACT: [&str; 27] = [
    "/dev/null",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/etc/subuid",
    "/etc/subgid",
    "/etc/containers/storage.conf",
    "/etc/containers/registries.conf",
    "/etc/containers/containers.conf",
    "/etc/containers/systemd",
    "/etc/containers/systemd/users",
    "/etc/containers",
    // This one file, which stage 2 writes: what is in the directory loosens every profile.
    "/etc/apparmor.d/abstractions/base.d",
    "/etc/apparmor.d/abstractions/base.d/podclaw-pasta",
    "/etc/systemd/journald.conf.d",
    "/etc/systemd/resolved.conf.d",
    "/home/openclaw",
    "/run/podclaw",
    "/var/log/podclaw",
    "/etc/podclaw",
    "/tmp",
    "/opt/openclaw",
    // What makes an image of a guest fit for others: none of these runs anything, or lets anybody in.
    "/etc/machine-id",
    "/etc/netplan",
    "/etc/netplan/50-cloud-init.yaml",
    "/etc/hostname",
    "/etc/cloud/cloud-init.disabled",
];
/// podclaw's own scripts and units. cloud-init writes them, and nothing that they run may change them.
pub(super) const OWN: [&str; 2] = ["/usr/local/lib/podclaw/", "/usr/local/share/podclaw/"];
/// Where traces of a guest are: they may be removed, below each, but not written.
pub(super) const TRACES: [&str; 13] = [
    "/etc/ssh/ssh_host_",
    "/root/",
    "/run/cloud-init/",
    "/run/log/",
    "/var/backups/",
    "/var/cache/",
    "/var/lib/apt/",
    "/var/lib/cloud/",
    "/var/lib/dbus/",
    "/var/lib/dhcp/",
    "/var/lib/private/",
    "/var/lib/systemd/",
    "/var/log/",
];
/// Where writing means something of its own, and the rule that says what.
pub(super) static SPECIAL: [(&str, &Rule, &str); 42] = [
    ("/etc/sudoers", &privilege::RULE, "decides who becomes root"),
    ("/etc/doas.conf", &privilege::RULE, "decides who becomes root"),
    ("/etc/polkit-1", &privilege::RULE, "decides who may do what"),
    ("/etc/pam", &privilege::RULE, "decides who gets in"),
    ("/etc/security", &privilege::RULE, "decides who gets in"),
    ("/etc/passwd", &accounts::RULE, "holds the users"),
    ("/etc/shadow", &accounts::RULE, "holds the passwords"),
    ("/etc/gshadow", &accounts::RULE, "holds the passwords"),
    ("/etc/group", &accounts::RULE, "holds the groups"),
    ("/etc/login.defs", &accounts::RULE, "decides what users get"),
    ("/etc/skel", &accounts::RULE, "decides what users get"),
    ("/etc/ssh", &ssh::RULE, "opens a way in"),
    ("/root/.ssh", &ssh::RULE, "opens a way in"),
    ("/etc/cron", &persistence::RULE, "makes something run later"),
    ("/var/spool/cron", &persistence::RULE, "makes something run later"),
    ("/var/spool/at", &persistence::RULE, "makes something run later"),
    ("/etc/at.", &persistence::RULE, "makes something run later"),
    ("/etc/init.d", &persistence::RULE, "makes something run at boot"),
    ("/etc/rc", &persistence::RULE, "makes something run at boot"),
    ("/etc/systemd/system", &persistence::RULE, "makes something run at boot"),
    ("/etc/systemd/user", &persistence::RULE, "makes something run at boot"),
    ("/lib/systemd", &persistence::RULE, "makes something run at boot"),
    ("/usr/lib/systemd", &persistence::RULE, "makes something run at boot"),
    ("/usr/local/lib/systemd", &persistence::RULE, "makes something run at boot"),
    ("/run/systemd", &persistence::RULE, "makes something run"),
    ("/etc/profile", &persistence::RULE, "runs in every shell"),
    ("/etc/bash", &persistence::RULE, "runs in every shell"),
    ("/etc/environment", &persistence::RULE, "changes every program"),
    ("/root/.", &persistence::RULE, "runs in root's shells"),
    ("/etc/udev", &persistence::RULE, "runs when a device comes"),
    ("/etc/update-motd.d", &persistence::RULE, "runs at a login"),
    ("/var/lib/cloud", &persistence::RULE, "runs at boot"),
    ("/etc/cloud", &persistence::RULE, "changes what cloud-init runs"),
    ("/etc/ld.so", &persistence::RULE, "runs in every program"),
    ("/etc/dpkg", &install::RULE, "changes what packages do"),
    ("/etc/apt", &install::RULE, "changes where packages come from"),
    ("/usr/share/keyrings", &install::RULE, "changes which packages are trusted"),
    ("/proc", &hardening::RULE, "changes the kernel's settings"),
    ("/sys", &hardening::RULE, "changes the kernel's settings"),
    ("/etc/sysctl", &hardening::RULE, "changes the kernel's settings"),
    ("/etc/apparmor", &hardening::RULE, "changes what confines programs"),
    ("/etc/modprobe.d", &hardening::RULE, "changes which modules load"),
];

/// Parts of a path that mean something wherever they are.
pub(super) static ANYWHERE: [(&str, &Rule, &str); 14] = [
    ("/.git/", &writes::RULE, "changes what git runs"),
    ("/.gitconfig", &persistence::RULE, "changes what git runs"),
    ("/.config/git", &persistence::RULE, "changes what git runs"),
    ("/.config/systemd", &persistence::RULE, "makes something run without a login"),
    ("/.config/environment.d", &persistence::RULE, "changes every program"),
    ("/.config/autostart", &persistence::RULE, "makes something run later"),
    ("/.config/containers/systemd", &persistence::RULE, "makes a container run without a login"),
    ("/.config/containers/containers.conf", &persistence::RULE, "changes how Podman contains"),
    ("/.local/share/systemd", &persistence::RULE, "makes something run without a login"),
    ("/.npmrc", &persistence::RULE, "changes what npm runs"),
    ("/.bash", &persistence::RULE, "runs in a shell"),
    ("/.profile", &persistence::RULE, "runs in a shell"),
    ("/run/user/1000/systemd", &persistence::RULE, "makes something run without a login"),
    ("/run/user/1000/containers", &persistence::RULE, "changes what Podman runs"),
];
/// The one Quadlet that a stage writes, also while it is being replaced. Others are no stage's.
pub(super) const QUADLETS: &str = "/etc/containers/systemd/users/";
pub(super) const QUADLET: [&str; 4] = [
    "/etc/containers/systemd/users/",
    "/etc/containers/systemd/users/1000",
    "/etc/containers/systemd/users/1000/openclaw.container",
    "/etc/containers/systemd/users/1000/openclaw.container.new",
];
