//! Credentials that people leave on a machine: where they usually are, and how one is told from an empty template.
//!
//! What is in them is looked at only as far as that needs, and never kept.

use std::path::{Path, PathBuf};

use super::mounts::holding;
use super::{Mount, Root, Unseen, What};

/// What a credential is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Private keys for SSH.
    SshKey,
    /// Accounts at clouds.
    Cloud,
    /// Kubernetes clusters.
    Kubernetes,
    /// Tokens of forges, registries and other services.
    Token,
    /// Accounts at providers of language models.
    Model,
    /// Private keys of `GnuPG`, and stores of passwords.
    Password,
    /// Ways into other networks.
    Vpn,
    /// Stores of backups.
    Backup,
    /// Other Incus and LXD daemons.
    Remote,
}

/// How a file is told to be a credential.
#[derive(Debug, Clone, Copy)]
enum Proof {
    /// It is there and not empty.
    There,
    /// One of these is in it.
    Says(&'static [&'static str]),
}
use Proof::{Says, There};

/// How much of a file is looked at.
const MOST_BYTES: u64 = 256 * 1024;

/// How a private key begins, whatever its file is called.
const PRIVATE_KEY: Proof = Says(&["PRIVATE KEY-----", "PuTTY-User-Key-File"]);

/// In every home.
const IN_HOMES: &[(Kind, &str, Proof)] = &[
    (Kind::SshKey, ".ssh/*", PRIVATE_KEY),
    (Kind::SshKey, "*.pem", PRIVATE_KEY),
    (Kind::SshKey, "id_*", PRIVATE_KEY),
    (Kind::Cloud, ".aws/credentials", There),
    (Kind::Cloud, ".aws/sso/cache/*.json", There),
    (Kind::Cloud, ".config/gcloud/credentials.db", There),
    (Kind::Cloud, ".config/gcloud/application_default_credentials.json", There),
    (Kind::Cloud, ".config/gcloud/legacy_credentials/*/*", There),
    (Kind::Cloud, ".azure/msal_token_cache*", There),
    (Kind::Cloud, ".azure/accessTokens.json", There),
    (Kind::Cloud, ".config/doctl/config.yaml", Says(&["access-token"])),
    (Kind::Cloud, ".config/hcloud/cli.toml", Says(&["token"])),
    (Kind::Cloud, ".config/linode-cli", Says(&["token"])),
    (Kind::Cloud, ".config/scw/config.yaml", Says(&["secret_key"])),
    (Kind::Cloud, ".config/openstack/clouds.yaml", There),
    (Kind::Cloud, ".oci/config", There),
    (Kind::Cloud, ".bluemix/config.json", Says(&["Token\": \"", "Token\":\""])),
    (Kind::Cloud, ".fly/config.yml", Says(&["access_token"])),
    (Kind::Cloud, ".wrangler/config/*.toml", There),
    (Kind::Cloud, ".config/.wrangler/config/*.toml", There),
    (Kind::Cloud, ".terraform.d/credentials.tfrc.json", There),
    (Kind::Cloud, ".pulumi/credentials.json", There),
    (Kind::Kubernetes, ".kube/config", There),
    (Kind::Kubernetes, ".kube/*.conf", There),
    (Kind::Kubernetes, ".kube/*.yaml", There),
    (Kind::Kubernetes, ".talos/config", There),
    (Kind::Token, ".netrc", Says(&["password"])),
    (Kind::Token, ".git-credentials", There),
    (Kind::Token, ".config/git/credentials", There),
    (Kind::Token, ".config/gh/hosts.yml", Says(&["oauth_token", "user:"])),
    (Kind::Token, ".config/glab-cli/config.yml", Says(&["token: "])),
    (Kind::Token, ".config/tea/config.yml", Says(&["token: "])),
    (Kind::Token, ".docker/config.json", Says(&["\"auth\"", "identitytoken", "credsStore", "credHelpers"])),
    (Kind::Token, ".config/containers/auth.json", Says(&["\"auth\"", "credHelpers"])),
    (Kind::Token, ".npmrc", Says(&["_authToken", "_password", "_auth="])),
    (Kind::Token, ".yarnrc.yml", Says(&["npmAuthToken", "npmAuthIdent"])),
    (Kind::Token, ".pypirc", Says(&["password"])),
    (Kind::Token, ".cargo/credentials*", Says(&["token"])),
    (Kind::Token, ".gem/credentials", There),
    (Kind::Token, ".m2/settings.xml", Says(&["<password>"])),
    (Kind::Token, ".gradle/gradle.properties", Says(&["assword=", "oken="])),
    (Kind::Token, ".vault-token", There),
    (Kind::Token, ".ansible/vault*", There),
    (Kind::Token, ".pgpass", There),
    (Kind::Token, ".my.cnf", Says(&["password"])),
    (Kind::Model, ".claude/.credentials.json", There),
    (Kind::Model, ".codex/auth.json", There),
    (Kind::Model, ".gemini/oauth_creds.json", There),
    (Kind::Model, ".config/github-copilot/*.json", Says(&["oauth_token"])),
    (Kind::Model, ".local/share/opencode/auth.json", There),
    (Kind::Model, ".cache/huggingface/token", There),
    (Kind::Model, ".openclaw/*.env", There),
    (Kind::Model, ".openclaw/credentials/*", There),
    (Kind::Model, ".openclaw/openclaw.json", Says(&["oken", "apiKey"])),
    (Kind::Password, ".gnupg/private-keys-v1.d/*.key", There),
    (Kind::Password, ".gnupg/secring.gpg", There),
    (Kind::Password, ".password-store/*.gpg", There),
    (Kind::Password, ".password-store/*/*.gpg", There),
    (Kind::Password, ".local/share/keyrings/*.keyring", There),
    (Kind::Password, ".local/share/kwalletd/*.kwl", There),
    (Kind::Password, "*.kdbx", There),
    (Kind::Password, "Documents/*.kdbx", There),
    (Kind::Password, ".config/op/config", There),
    (Kind::Password, ".config/Bitwarden*/data.json", There),
    (Kind::Password, ".mozilla/firefox/*/logins.json", There),
    (Kind::Password, ".mozilla/firefox/*/cookies.sqlite", There),
    (Kind::Password, ".config/google-chrome/*/Login Data", There),
    (Kind::Password, ".config/chromium/*/Login Data", There),
    (Kind::Password, ".config/BraveSoftware/Brave-Browser/*/Login Data", There),
    (Kind::Vpn, "*.ovpn", There),
    (Kind::Vpn, ".config/wireguard/*.conf", There),
    (Kind::Vpn, ".cloudflared/*", There),
    (Kind::Backup, ".config/borg/keys/*", There),
    (Kind::Backup, ".config/borgmatic/*", There),
    (Kind::Backup, ".config/rclone/rclone.conf", Says(&["type ="])),
    (Kind::Backup, ".config/rustic/*.toml", There),
    (Kind::Backup, ".config/restic/*", There),
    (Kind::Backup, ".s3cfg", There),
    (Kind::Backup, ".mc/config.json", Says(&["secretKey"])),
    (Kind::Remote, ".config/incus/client.key", There),
    (Kind::Remote, ".config/lxc/client.key", There),
    (Kind::Remote, "snap/lxd/common/config/client.key", There),
];

/// Once on the machine.
const ON_MACHINE: &[(Kind, &str, Proof)] = &[
    (Kind::SshKey, "/etc/ssh/*ca", PRIVATE_KEY),
    (Kind::SshKey, "/etc/ssh/*_ca_key", PRIVATE_KEY),
    (Kind::SshKey, "/etc/ansible/*.pem", PRIVATE_KEY),
    (Kind::Cloud, "/etc/boto.cfg", Says(&["secret"])),
    (Kind::Cloud, "/etc/openstack/clouds.yaml", There),
    (Kind::Kubernetes, "/etc/kubernetes/*.conf", There),
    (Kind::Kubernetes, "/etc/rancher/k3s/k3s.yaml", There),
    (Kind::Kubernetes, "/etc/rancher/rke2/rke2.yaml", There),
    (Kind::Kubernetes, "/var/snap/microk8s/current/credentials/*", There),
    (Kind::Token, "/etc/apt/auth.conf", Says(&["password"])),
    (Kind::Token, "/etc/apt/auth.conf.d/*", Says(&["password"])),
    (Kind::Token, "/etc/gitlab-runner/config.toml", Says(&["token"])),
    (Kind::Token, "/etc/npmrc", Says(&["_authToken", "_password", "_auth="])),
    (Kind::Vpn, "/etc/wireguard/*.conf", There),
    (Kind::Vpn, "/etc/openvpn/*.conf", There),
    (Kind::Vpn, "/etc/openvpn/*.ovpn", There),
    (Kind::Vpn, "/etc/openvpn/*/*", There),
    (Kind::Vpn, "/etc/ipsec.secrets", Says(&[": PSK", ": RSA", ": ECDSA", ": XAUTH", ": EAP"])),
    (Kind::Vpn, "/etc/swanctl/private/*", There),
    (Kind::Vpn, "/var/lib/tailscale/tailscaled.state", There),
    (Kind::Vpn, "/var/lib/zerotier-one/identity.secret", There),
    (Kind::Vpn, "/var/lib/netbird/*.json", There),
    (Kind::Vpn, "/etc/netbird/config.json", There),
    (Kind::Vpn, "/etc/nebula/*.key", There),
    (Kind::Vpn, "/etc/cloudflared/*.json", There),
    (Kind::Vpn, "/etc/NetworkManager/system-connections/*", Says(&["type=vpn", "type=wireguard"])),
    (Kind::Backup, "/etc/restic*", There),
    (Kind::Backup, "/etc/restic/*", There),
    (Kind::Backup, "/etc/borgmatic/*", There),
    (Kind::Backup, "/etc/borgmatic.d/*", There),
    (Kind::Backup, "/etc/rustic/*.toml", There),
    (Kind::Backup, "/etc/rclone.conf", There),
    (Kind::Backup, "/etc/proxmox-backup/*", There),
    (Kind::Backup, "/etc/bacula/*.conf", There),
];

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// The files that hold credentials.
    pub found: Vec<PathBuf>,
    /// What could not be looked at, and why.
    pub blind: Vec<(PathBuf, Unseen)>,
}

/// Looks for credentials of one kind.
#[must_use]
pub fn search(root: &Root, homes: &[PathBuf], mounts: &[Mount], kind: Kind) -> Search {
    let mut search = Search::default();
    for home in homes {
        for (_, pattern, proof) in IN_HOMES.iter().filter(|(of, ..)| *of == kind) {
            search.look(root, mounts, &home.join(pattern), *proof);
        }
    }
    for (_, pattern, proof) in ON_MACHINE.iter().filter(|(of, ..)| *of == kind) {
        search.look(root, mounts, Path::new(pattern), *proof);
    }
    search.found.sort();
    search.found.dedup();
    search.blind.sort_by(|a, b| a.0.cmp(&b.0));
    search.blind.dedup_by(|a, b| a.0 == b.0);
    search
}

impl Search {
    fn look(&mut self, root: &Root, mounts: &[Mount], pattern: &Path, proof: Proof) {
        if let Some(mount) = holding(mounts, pattern).filter(|mount| mount.may_hang()) {
            let why = Unseen::Unfit(format!("it is on a {} file system, which may hang", mount.kind));
            self.blind.push((mount.point.clone(), why));
            return;
        }
        let (paths, blind) = super::search::expand(root, pattern);
        self.blind.extend(blind);
        for path in paths {
            match holds(root, &path, proof) {
                Ok(true) => self.found.push(path),
                Ok(false) | Err(Unseen::Missing) => {}
                Err(why) => self.blind.push((path, why)),
            }
        }
    }
}

fn holds(root: &Root, path: &Path, proof: Proof) -> Result<bool, Unseen> {
    let meta = root.meta(path)?;
    if meta.what == What::Link {
        // One that leads nowhere hides nothing.
        root.followed(path)?;
        return Err(Unseen::link());
    }
    if meta.what != What::File || meta.size == 0 {
        return Ok(false);
    }
    match proof {
        There => Ok(true),
        Says(words) => {
            let bytes = root.head(path, MOST_BYTES)?;
            let text = String::from_utf8_lossy(&bytes);
            Ok(words.iter().any(|word| text.contains(word)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(tree: &Path, path: &str, text: &str) {
        let path = tree.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn every_place_is_looked_at() {
        for (home, (kind, pattern, proof)) in
            IN_HOMES.iter().map(|it| (true, it)).chain(ON_MACHINE.iter().map(|it| (false, it)))
        {
            let tree = tempfile::tempdir().unwrap();
            let path = format!("{}{}", if home { "home/u/" } else { "" }, pattern.trim_start_matches('/'));
            let path = path.replace('*', "x");
            let text = match proof {
                There => "x",
                Says(words) => words[0],
            };
            write(tree.path(), &path, text);
            let root = Root::at(tree.path());
            let homes = [PathBuf::from("/home/u")];
            let found = search(&root, &homes, &[], *kind);
            assert_eq!(found.found, [Path::new("/").join(&path)], "{pattern}");
            // An empty one holds nothing.
            write(tree.path(), &path, "");
            assert_eq!(search(&root, &homes, &[], *kind), Search::default(), "{pattern}");
        }
    }

    #[test]
    fn what_may_hang_or_is_a_link_is_said_and_not_looked_at() {
        let tree = tempfile::tempdir().unwrap();
        write(tree.path(), "data/key", "-----BEGIN OPENSSH PRIVATE KEY-----");
        write(tree.path(), "home/u/.ssh/config", "Host a");
        std::os::unix::fs::symlink("/data/key", tree.path().join("home/u/.ssh/none")).unwrap();
        std::os::unix::fs::symlink("../../../data/key", tree.path().join("home/u/.ssh/id")).unwrap();
        let root = Root::at(tree.path());
        let found = search(&root, &["/home/u".into()], &[], Kind::SshKey);
        assert!(found.found.is_empty(), "{found:?}");
        assert_eq!(found.blind, [("/home/u/.ssh/id".into(), Unseen::link())]);
        let mount =
            Mount { point: "/home".into(), kind: "nfs4".into(), source: "nas:/".into(), options: String::new() };
        let found = search(&root, &["/home/u".into()], &[mount], Kind::SshKey);
        assert!(found.blind[0].1.to_string().contains("may hang"), "{found:?}");
    }
}
