//! The network interfaces, and which of them lead somewhere else.

use super::{Root, Seen};

/// What an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The loopback.
    Loopback,
    /// A card, real or virtual, or something that podclaw can't tell from one.
    Card,
    /// A bridge.
    Bridge,
    /// A VLAN of another interface.
    Vlan,
    /// A tunnel to another network.
    Tunnel,
    /// One end of a pair, as containers have.
    Veth,
    /// Made for tests and traffic control; leads nowhere.
    Inner,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it is switched on.
    pub is_up: bool,
    /// The bridge or bond that it belongs to.
    pub master: Option<String>,
    /// Whether it passes on IPv4 packets of others; nothing where it has no IPv4.
    pub forwards: Option<bool>,
}

/// All interfaces.
///
/// # Errors
/// Why they were not seen.
pub fn interfaces(root: &Root) -> Seen<Vec<Interface>> {
    let names = root.words("/sys/class/net")?;
    // This file is no interface.
    Ok(names.into_iter().filter(|name| name != "bonding_masters").map(|name| interface(root, name)).collect())
}

fn interface(root: &Root, name: String) -> Interface {
    let at = format!("/sys/class/net/{name}");
    let events = root.text(format!("{at}/uevent")).unwrap_or_default();
    let kind_said = events.lines().find_map(|line| line.strip_prefix("DEVTYPE=")).unwrap_or_default();
    let number = root.number(format!("{at}/type")).unwrap_or(0);
    let has = |path: &str| root.followed(format!("{at}/{path}")).is_ok();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let kind = if number == 772 {
        Kind::Loopback
    } else if has("bridge") || kind_said == "bridge" {
        Kind::Bridge
    } else if kind_said == "vlan" || root.followed(format!("/proc/net/vlan/{name}")).is_ok() {
        Kind::Vlan
    } else if ["wireguard", "vxlan", "geneve", "l2tpeth"].contains(&kind_said)
        || has("tun_flags")
        || [768, 769, 776, 778, 823, 65534].contains(&number)
    {
        // A tap of a virtual machine is on a bridge, and leads into that machine.
        if has("brport") { Kind::Veth } else { tunnel(&name) }
    } else if starts(&["veth"]) || has("brport") && !has("device") {
        Kind::Veth
    } else if starts(&["ifb", "dummy"]) {
        Kind::Inner
    } else {
        Kind::Card
    };
    let flags = root.word(format!("{at}/flags")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
    let master = root.link(format!("{at}/master")).ok();
    Interface {
        kind,
        is_up: flags & 1 != 0,
        master: master.and_then(|path| path.rsplit('/').next().map(Into::into)),
        forwards: root.number(format!("/proc/sys/net/ipv4/conf/{name}/forwarding")).ok().map(|on| on != 0),
        name,
    }
}

/// The kernel makes some of these by itself in every network namespace, and they lead nowhere.
fn tunnel(name: &str) -> Kind {
    let fallback = ["tunl0", "sit0", "ip6tnl0", "gre0", "ip_vti0", "ip6_vti0"];
    if fallback.contains(&name) { Kind::Inner } else { Kind::Tunnel }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_leads_elsewhere() {
        let tree = tempfile::tempdir().unwrap();
        let make = |name: &str, files: &[(&str, &str)]| {
            let at = tree.path().join("sys/class/net").join(name);
            for (file, text) in files {
                std::fs::create_dir_all(at.join(file).parent().unwrap()).unwrap();
                std::fs::write(at.join(file), text).unwrap();
            }
        };
        make("lo", &[("type", "772")]);
        make("eth0", &[("type", "1"), ("flags", "0x1003")]);
        make("wg0", &[("type", "65534"), ("uevent", "DEVTYPE=wireguard\n")]);
        make("tailscale0", &[("type", "65534"), ("tun_flags", "0x1001")]);
        make("tunl0", &[("type", "768")]);
        make("vx0", &[("type", "1"), ("uevent", "DEVTYPE=vxlan\n")]);
        make("eth0.7", &[("type", "1"), ("uevent", "DEVTYPE=vlan\n")]);
        make("br0", &[("type", "1"), ("bridge/x", "")]);
        make("tap1", &[("type", "1"), ("tun_flags", "0x1002"), ("brport/x", "")]);
        let found = interfaces(&Root::at(tree.path())).unwrap();
        let kinds: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("br0", Kind::Bridge),
                ("eth0", Kind::Card),
                ("eth0.7", Kind::Vlan),
                ("lo", Kind::Loopback),
                ("tailscale0", Kind::Tunnel),
                ("tap1", Kind::Veth),
                ("tunl0", Kind::Inner),
                ("vx0", Kind::Tunnel),
                ("wg0", Kind::Tunnel),
            ]
        );
        assert!(found[1].is_up);
    }
}
