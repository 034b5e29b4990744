//! What a machine holds that it should not. What each place is told by is tested where the places are listed.

use super::super::Verdict::{Fail, Ok as Fine, Unknown, Warn};
use super::Case;

const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\n";

pub(super) const CASES: &[Case] = &[
    ("secrets-ssh-keys", |host| host.write("home/u/.ssh/work", KEY), Fail, "/home/u/.ssh/work"),
    ("secrets-ssh-keys", |host| host.write("root/.ssh/id_rsa", KEY), Fail, "/root/.ssh/id_rsa"),
    // A home without a user, and one that is a link.
    ("secrets-ssh-keys", |host| host.write("home/gone/.ssh/k", KEY), Fail, "/home/gone/.ssh/k"),
    (
        "secrets-ssh-keys",
        |host| {
            host.write("srv/v/.ssh/k", KEY);
            host.link("../srv/v", "home/v");
        },
        Fail,
        "/srv/v/.ssh/k",
    ),
    // A host key is no key to others.
    ("secrets-ssh-keys", |host| host.write("etc/ssh/ssh_host_ed25519_key", KEY), Fine, "none"),
    ("secrets-ssh-keys", |host| host.link("../../../etc/passwd", "home/u/.ssh/k"), Unknown, "symbolic link"),
    (
        "secrets-ssh-keys",
        |host| host.append("proc/self/mountinfo", "9 1 0:9 / /home rw - nfs4 nas:/home rw\n"),
        Unknown,
        "may hang",
    ),
    (
        "secrets-agents",
        |host| {
            host.listen("tmp/agent");
            host.agent = Some("/tmp/agent".into());
        },
        Fail,
        "SSH_AUTH_SOCK is /tmp/agent",
    ),
    ("secrets-agents", |host| host.listen("tmp/ssh-x/agent.1"), Warn, "/tmp/ssh-x/agent.1"),
    ("secrets-agents", |host| host.agent = Some("/nowhere".into()), Fine, "none"),
    ("secrets-clouds", |host| host.write("root/.aws/credentials", "x"), Fail, "/root/.aws/credentials"),
    ("secrets-clusters", |host| host.write("home/u/.kube/config", "x"), Fail, "/home/u/.kube/config"),
    ("secrets-tokens", |host| host.write("root/.npmrc", "//r/:_authToken=x"), Fail, "/root/.npmrc"),
    ("secrets-tokens", |host| host.write("root/.npmrc", "registry=x"), Fine, "none"),
    ("secrets-models", |host| host.write("root/.codex/auth.json", "{}"), Fail, "/root/.codex/auth.json"),
    ("secrets-passwords", |host| host.write("home/u/.gnupg/private-keys-v1.d/a.key", "x"), Fail, "a.key"),
    ("secrets-vpns", |host| host.write("etc/wireguard/wg0.conf", "x"), Fail, "/etc/wireguard/wg0.conf"),
    ("secrets-backups", |host| host.write("etc/restic/env", "x"), Fail, "/etc/restic/env"),
    ("secrets-remotes", |host| host.write("root/.config/incus/client.key", "x"), Warn, "may have been used"),
    (
        "secrets-remotes",
        |host| {
            host.write("root/.config/incus/client.key", "x");
            host.write("root/.config/incus/servercerts/nas.crt", "x");
        },
        Fail,
        "/root/.config/incus/client.key",
    ),
    (
        "secrets-mounts",
        |host| host.append("proc/self/mountinfo", "9 1 0:9 / /mnt rw - cifs //nas/x rw\n"),
        Fail,
        "/mnt: cifs //nas/x",
    ),
    (
        "secrets-mounts",
        |host| host.append("proc/self/mountinfo", "9 1 0:9 / /share rw - virtiofs share rw\n"),
        Fail,
        "/share: virtiofs",
    ),
    (
        "secrets-mounts",
        |host| {
            host.append("proc/self/mountinfo", "9 1 0:9 / /data rw - ext4 /dev/mapper/data rw\n");
            host.link("../dm-3", "dev/mapper/data");
            host.write("sys/block/dm-3/dm/uuid", "CRYPT-LUKS2-a\n");
        },
        Warn,
        "/data: ext4 /dev/mapper/data",
    ),
    (
        "secrets-mounts",
        |host| {
            host.write("proc/self/mountinfo", "9 1 0:9 / / rw - ext4 /dev/dm-3 rw\n");
            host.write("sys/block/dm-3/dm/uuid", "CRYPT-LUKS2-a\n");
        },
        Fine,
        "none",
    ),
];
