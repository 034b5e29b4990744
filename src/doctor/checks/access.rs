//! Who and what may come in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Check, Group, Said, Subject};
use crate::host::sockets::{Listener, listeners};
use crate::host::sshd::sshd;
use crate::host::{Root, Unseen};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "net-listeners",
        group: Group::Network,
        title: "nothing but SSH listens on the network",
        why: "Services on all addresses listen on the lab's bridge too. The ACL keeps guests from them; one wrong rule, and \
              they are the first thing that a guest finds. They are also what an attacker from the LAN finds.",
        remedy: "bind them to 127.0.0.1, or stop them: `systemctl disable --now NAME`",
        essential: false,
        judge: network_listeners,
    },
    Check {
        id: "net-ssh",
        group: Group::Network,
        title: "SSH takes no passwords",
        why: "A password can be guessed, by a guest that gets at the port as well as by somebody in the LAN. A key can't.",
        remedy: "`PasswordAuthentication no`, `KbdInteractiveAuthentication no` and `PermitRootLogin prohibit-password` in \
                 /etc/ssh/sshd_config.d/10-podclaw.conf, then `systemctl reload ssh`",
        essential: false,
        judge: ssh,
    },
    Check {
        id: "net-authorized-keys",
        group: Group::Network,
        title: "those who may log in are known, and only root can add to them",
        why: "Whoever holds one of these keys gets in. A file that others may write lets anybody in.",
        remedy: "look at each file, remove keys that you do not know, and `chmod 600` it",
        essential: false,
        judge: authorized_keys,
    },
];

/// DHCP and DNS of a bridge of guests, clocks, and what asks for addresses: these have to listen.
fn is_expected(listener: &Listener) -> bool {
    let port = listener.address.port();
    let program = listener.program.as_deref().unwrap_or_default();
    let is_ssh = (listener.protocol, port) == ("tcp", 22) || program == "sshd";
    let is_dhcp = listener.protocol == "udp" && [67, 68, 546, 547].contains(&port);
    is_ssh || is_dhcp || program == "dnsmasq"
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}

fn network_listeners(subject: &Subject) -> Said {
    let all = match listeners(&subject.root) {
        Ok(all) => all,
        Err(why) => return Said::unseen("the sockets", &why),
    };
    let (open, local): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| !is_local(it.address));
    let unexpected: Vec<_> = open.iter().filter(|it| !is_expected(it)).collect();
    if unexpected.is_empty() {
        return Said::ok(format!("{} listen on the network, {} on the loopback", open.len(), local.len()));
    }
    Said::warn(format!("{} listen on the network", unexpected.len())).with(unexpected)
}

fn ssh(subject: &Subject) -> Said {
    let found = match sshd(&subject.root) {
        Ok(found) => found,
        Err(Unseen::Missing) => return Said::ok("there is no SSH server"),
        Err(why) => return Said::unseen("the server's configuration", &why),
    };
    let mut wrong = Vec::new();
    // The server's own defaults: yes, yes, and no password for root.
    if found.password.as_deref() != Some("no") {
        wrong.push("PasswordAuthentication is on");
    }
    if found.keyboard.as_deref() != Some("no") {
        wrong.push("KbdInteractiveAuthentication is on, with which PAM asks for passwords");
    }
    if found.root.as_deref() == Some("yes") {
        wrong.push("PermitRootLogin is yes");
    }
    if !wrong.is_empty() {
        return Said::warn(format!("{} settings let passwords in", wrong.len())).with(wrong);
    }
    if found.has_exceptions {
        return Said::warn("not by default, but a Match part says otherwise for some");
    }
    Said::ok("keys only")
}

fn authorized_keys(subject: &Subject) -> Said {
    let homes = match &subject.homes {
        Ok(homes) => homes,
        Err(why) => return Said::unseen("the homes", why),
    };
    let (mut lines, mut open, mut blind) = (Vec::new(), Vec::new(), Vec::new());
    let mut keys = 0;
    for file in
        homes.iter().flat_map(|home| ["authorized_keys", "authorized_keys2"].map(|name| home.join(".ssh").join(name)))
    {
        match count(&subject.root, &file) {
            Ok((0, _)) | Err(Unseen::Missing) => {}
            Ok((here, mode)) => {
                keys += here;
                lines.push(format!("{}: {here} keys", file.display()));
                if mode & 0o022 != 0 {
                    open.push(format!("{} has the mode {mode:04o}", file.display()));
                }
            }
            Err(why) => blind.push(format!("{}: {why}", file.display())),
        }
    }
    if !open.is_empty() {
        return Said::fail("others may add keys").with(open);
    }
    if !blind.is_empty() {
        return Said::unknown(format!("{} homes were not seen", blind.len())).with(blind).mend("run it as root");
    }
    Said::ok(if keys == 0 { "no key lets anybody in".into() } else { format!("{keys} keys let somebody in") })
        .with(lines)
}

fn count(root: &Root, file: &PathBuf) -> Result<(usize, u32), Unseen> {
    let meta = root.meta(Path::new(file))?;
    let bytes = root.head(file, 1 << 20)?;
    let text = String::from_utf8_lossy(&bytes);
    let is_key = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    Ok((text.lines().filter(is_key).count(), meta.mode))
}
