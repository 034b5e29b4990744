//! What on this machine opens other ones. Only paths are said, never what is in a file.

use std::path::Path;

use super::{Check, Group, Said, Subject};
use crate::host::secrets::{Kind, Search, search};
use crate::host::{Unseen, What};

macro_rules! secret {
    ($id:literal, $kind:ident, $title:literal, $why:literal, $remedy:literal) => {
        Check {
            id: $id,
            group: Group::Secrets,
            title: $title,
            why: $why,
            remedy: $remedy,
            essential: true,
            judge: |subject| judge(subject, Kind::$kind),
        }
    };
}

pub(super) const CHECKS: &[Check] = &[
    secret!(
        "secrets-ssh-keys",
        SshKey,
        "no private SSH key is here",
        "A key on the host opens the machines that know it to whoever gets out of a guest. Use it from your own machine.",
        "delete it here, and take its public half out of the authorized_keys of other machines"
    ),
    Check {
        id: "secrets-agents",
        group: Group::Secrets,
        title: "no SSH agent is reachable",
        why: "An agent, also one that `ssh -A` forwards, signs for whoever is root here as long as you are logged in.",
        remedy: "log in without `-A` (`ForwardAgent no`), or end the agent: `ssh-agent -k`",
        essential: false,
        judge: agents,
    },
    secret!(
        "secrets-clouds",
        Cloud,
        "no account of a cloud is here",
        "Such a file is enough to make, read and delete whatever the account may.",
        "log out (`aws sso logout`, `gcloud auth revoke --all`, `az logout`), delete the files, and revoke the keys"
    ),
    secret!(
        "secrets-clusters",
        Kubernetes,
        "no access to a Kubernetes cluster is here",
        "Such a file is usually an administrator's, and does not expire.",
        "delete it, and renew what it held"
    ),
    secret!(
        "secrets-tokens",
        Token,
        "no token of a forge, registry or service is here",
        "With one of these, code and packages of yours can be changed, which then run on your other machines.",
        "log out (`gh auth logout`, `docker logout`, `npm logout`), delete the files, and revoke the tokens"
    ),
    secret!(
        "secrets-models",
        Model,
        "no account at a provider of language models is here",
        "A guest gets keys of its own, with a budget of their own. Yours on the host would be spent by whoever gets out.",
        "delete the file, and revoke the key at the provider"
    ),
    secret!(
        "secrets-passwords",
        Password,
        "no private GnuPG key, password store or browser profile is here",
        "These hold what opens everything else, and wait only for their password to be typed on a machine that is not yours any more.",
        "move it to your own machine, and delete it here"
    ),
    secret!(
        "secrets-vpns",
        Vpn,
        "no key of a VPN is here",
        "The other end of a VPN is the network that guests must not reach.",
        "delete the keys, and remove this machine at the other end"
    ),
    secret!(
        "secrets-backups",
        Backup,
        "no key of a backup is here",
        "Who can write a backup can delete it, and who can read it has all that was ever in it.",
        "back this machine up from elsewhere, or not at all: a lab file and podclaw.lock are all that is worth it"
    ),
    Check {
        id: "secrets-remotes",
        group: Group::Secrets,
        title: "no key for other Incus or LXD daemons is here",
        why: "A daemon that trusts this key gives root on its machine.",
        remedy: "`incus remote remove NAME`, delete client.key, and `incus config trust remove` it on the other machine",
        essential: false,
        judge: remotes,
    },
    Check {
        id: "secrets-mounts",
        group: Group::Secrets,
        title: "nothing of another machine is mounted",
        why: "What is mounted can be read, and mostly written, by whoever becomes root here. An encrypted disk that is open \
              is open for them too.",
        remedy: "`umount PATH`, and remove it from /etc/fstab",
        essential: true,
        judge: mounts,
    },
];

fn judge(subject: &Subject, kind: Kind) -> Said {
    match look(subject, kind) {
        Err(said) => said,
        Ok(Search { found, blind }) if found.is_empty() && blind.is_empty() => Said::ok("none was found"),
        Ok(Search { found, blind }) if found.is_empty() => unseen(&blind),
        Ok(Search { found, .. }) => {
            Said::fail(format!("{} files", found.len())).with(found.iter().map(|path| path.display()))
        }
    }
}

fn look(subject: &Subject, kind: Kind) -> Result<Search, Said> {
    let homes = subject.homes.as_ref().map_err(|why| Said::unseen("the homes", why))?;
    let mounts = subject.mounts.as_ref().map_err(|why| Said::unseen("the mounts", why))?;
    Ok(search(&subject.root, homes, mounts, kind))
}

fn unseen(blind: &[(std::path::PathBuf, Unseen)]) -> Said {
    let lines = blind.iter().map(|(path, why)| format!("{}: {why}", path.display()));
    let said = Said::unknown(format!("none was found, but {} places were not seen", blind.len())).with(lines);
    if blind.iter().any(|(_, why)| *why == Unseen::Forbidden) {
        said.mend("run it as root")
    } else {
        said.mend("look there yourself")
    }
}

fn remotes(subject: &Subject) -> Said {
    let found = match look(subject, Kind::Remote) {
        Err(said) => return said,
        Ok(Search { found, blind }) if found.is_empty() && !blind.is_empty() => return unseen(&blind),
        Ok(Search { found, .. }) => found,
    };
    if found.is_empty() {
        return Said::ok("none was found");
    }
    // A client keeps the certificates of the daemons that it was introduced to beside its key.
    let knows = |path: &&std::path::PathBuf| {
        let servers = path.parent().unwrap_or(Path::new("/")).join("servercerts");
        subject.root.names(&servers).is_ok_and(|names| !names.is_empty())
    };
    let lines = found.iter().map(|path| path.display());
    if found.iter().any(|path| knows(&path)) {
        return Said::fail("a key, and daemons that it was used with").with(lines);
    }
    Said::warn("a key that may have been used").with(lines)
}

fn agents(subject: &Subject) -> Said {
    if let Some(path) = &subject.agent
        && subject.root.followed(path).is_ok_and(|meta| meta.what == What::Socket)
    {
        return Said::fail(format!("SSH_AUTH_SOCK is {}", path.display()));
    }
    let mut found = Vec::new();
    let patterns = [
        "/tmp/ssh-*/agent.*",
        "/run/user/*/keyring/ssh",
        "/run/user/*/keyring/.ssh",
        "/run/user/*/ssh-agent.socket",
        "/run/user/*/openssh_agent",
    ];
    for pattern in patterns {
        let (paths, blind) = crate::host::search::expand(&subject.root, Path::new(pattern));
        if let Some((path, why)) = blind.first() {
            return Said::unseen(&path.display().to_string(), why).mend("run it as root");
        }
        let is_socket =
            |path: &&std::path::PathBuf| subject.root.meta(path).is_ok_and(|meta| meta.what == What::Socket);
        found.extend(paths.iter().filter(is_socket).map(|path| path.display().to_string()));
    }
    if found.is_empty() { Said::ok("none was found") } else { Said::warn("there are sockets of agents").with(found) }
}

fn mounts(subject: &Subject) -> Said {
    let mounts = match &subject.mounts {
        Ok(mounts) => mounts,
        Err(why) => return Said::unseen("the mounts", why),
    };
    let line = |it: &&crate::host::Mount| format!("{}: {} {}", it.point.display(), it.kind, it.source);
    let remote: Vec<_> = mounts.iter().filter(|mount| mount.is_remote()).collect();
    if !remote.is_empty() {
        return Said::fail(format!("{} file systems of other machines", remote.len())).with(remote.iter().map(line));
    }
    let of_system = ["/", "/boot", "/home", "/usr", "/var", "/tmp", "/srv"];
    let is_open = |mount: &&crate::host::Mount| {
        let name = mount.source.rsplit('/').next().unwrap_or_default();
        let device = subject.root.link(&mount.source).ok();
        let device = device.as_deref().and_then(|path| path.rsplit('/').next()).unwrap_or(name);
        !of_system.iter().any(|path| mount.point == Path::new(path))
            && !mount.point.starts_with(&subject.wanted.incus_dir)
            && subject.root.word(format!("/sys/block/{device}/dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-"))
    };
    let open: Vec<_> = mounts.iter().filter(is_open).collect();
    if !open.is_empty() {
        return Said::warn("encrypted disks besides the system's are open").with(open.iter().map(line));
    }
    Said::ok("none")
}
