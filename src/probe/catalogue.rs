//! The probes: names that stay, and what each is there for.

use serde::Serialize;

/// What a probe is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// What must work, so that a dead network never counts as contained.
    Controls,
    /// Where packets get to.
    Network,
    /// What the kernel lets the guest do.
    Kernel,
    /// What of the host is in reach.
    Host,
    /// The gateway in the guest.
    Gateway,
    /// How much the guest can take.
    Limits,
}

impl Group {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Controls => "controls",
            Self::Network => "network",
            Self::Kernel => "kernel",
            Self::Host => "host",
            Self::Gateway => "gateway",
            Self::Limits => "limits",
        }
    }
}

/// When a probe is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Set {
    /// At each launch, and whenever somebody asks.
    Quick,
    /// Only when it is asked for: it takes long, or drives the guest into its limits.
    Full,
}

/// Who sees what comes of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Witness {
    /// The host's kernel, which no guest can talk into anything.
    Host,
    /// Only what runs in the guest: its word is as good as the guest.
    Guest,
    /// Both, for different parts of it.
    Both,
}

/// One way to break out.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Its name, which stays the same.
    pub id: &'static str,
    /// What it is about.
    pub group: Group,
    /// What it shows when it is contained.
    pub title: &'static str,
    /// Who sees what comes of it.
    pub witness: Witness,
    /// When it is run.
    #[serde(skip)]
    pub set: Set,
}

macro_rules! probes {
    ($($name:ident = $id:literal, $group:ident, $set:ident, $witness:ident, $title:literal;)+) => {
        $(#[doc = $title]
        pub const $name: &Probe =
            &Probe { id: $id, group: Group::$group, title: $title, witness: Witness::$witness, set: Set::$set };)+

        /// Every probe, in the order in which people read them.
        pub const ALL: &[&Probe] = &[$($name),+];
    };
}

probes! {
    RESOLVER = "control-resolver", Controls, Quick, Guest, "the lab's resolver answers";
    EGRESS = "control-egress", Controls, Quick, Both, "what is allowed is reached";

    NET_HOST = "net-host", Network, Quick, Host, "no address and port of the host is reached";
    NET_LAN = "net-lan", Network, Quick, Host, "no neighbour or gateway of the host is reached";
    NET_RESERVED = "net-reserved", Network, Quick, Host, "no private or reserved range is reached";
    NET_METADATA = "net-metadata", Network, Quick, Host, "the metadata address of clouds is not reached";
    NET_RESOLVERS = "net-resolvers", Network, Quick, Both, "no other resolver is reached";
    NET_PUBLIC = "net-public", Network, Quick, Host, "the public internet is not reached, where it is closed";
    NET_ALLOWED = "net-allowed", Network, Quick, Host, "nothing beside what is allowed is reached";
    NET_SIBLING = "net-sibling", Network, Quick, Host, "no other guest is reached";
    NET_IPV6 = "net-ipv6", Network, Quick, Host, "nothing is reached over IPv6";
    NET_SOURCE = "net-source-spoof", Network, Quick, Host, "no packet with another source address passes";
    NET_ARP = "net-arp-spoof", Network, Quick, Host, "no ARP for another address passes";
    NET_MAC = "net-mac-spoof", Network, Quick, Host, "no frame with another hardware address passes";
    NET_INBOUND = "net-inbound", Network, Quick, Host, "no port of the guest is reached from the host or its network";
    NET_ACL = "net-acl", Network, Quick, Host, "Incus' own firewall alone keeps the guest in";
    NET_FENCE = "net-fence", Network, Quick, Host, "podclaw's own firewall alone keeps the guest in";

    IDMAP = "kernel-idmap", Kernel, Quick, Host, "the guest's ids are its own, and none is the host's";
    NAMESPACES = "kernel-namespaces", Kernel, Quick, Host, "the guest shares no namespace with the host or another guest";
    CAPABILITIES = "kernel-capabilities", Kernel, Quick, Guest, "root in the guest has no power over the host";
    SECCOMP = "kernel-seccomp", Kernel, Quick, Both, "system calls are filtered";
    UNPRIVILEGED = "kernel-unprivileged", Kernel, Quick, Host, "what only the host needs of the kernel is for root";
    APPARMOR = "kernel-apparmor", Kernel, Quick, Host, "the guest is confined by AppArmor";
    MODULES = "kernel-modules", Kernel, Quick, Guest, "no kernel module can be loaded or removed";
    SETTINGS = "kernel-settings", Kernel, Quick, Guest, "no setting of the whole kernel can be written";
    LOG = "kernel-log", Kernel, Quick, Both, "the kernel's log and memory can't be read";

    DEVICES = "host-devices", Host, Quick, Guest, "no device of the host can be made and opened";
    MOUNTS = "host-mounts", Host, Quick, Guest, "no filesystem of the host can be mounted";
    MOUNTED = "host-paths", Host, Quick, Host, "no path of the host is mounted";
    DEBUGFS = "host-debugfs", Host, Quick, Guest, "the kernel's debugging files can't be read";
    CGROUPS = "host-cgroups", Host, Quick, Guest, "no file of control groups leads out";
    GUEST_API = "host-guest-api", Host, Quick, Guest, "the daemon's guest API is not there";
    VSOCK = "host-vsock", Host, Quick, Guest, "no socket leads past the network to the machine below";

    GATEWAY_LOOPBACK = "gateway-loopback", Gateway, Quick, Host, "the gateway listens on the guest's loopback only";
    GATEWAY_TOKEN = "gateway-token", Gateway, Quick, Guest, "a request without a token is refused";
    GATEWAY_ORIGIN = "gateway-origin", Gateway, Quick, Guest, "a foreign web page is refused";
    GATEWAY_CAPABILITIES = "gateway-capabilities", Gateway, Quick, Host, "no process of the gateway's container has capabilities";
    GATEWAY_ROOT = "gateway-read-only", Gateway, Quick, Host, "the root of the gateway's container is read-only";
    GATEWAY_AUDIT = "gateway-audit", Gateway, Full, Guest, "the gateway's own audit finds nothing critical";

    LIMIT_PROCESSES = "limit-processes", Limits, Full, Guest, "the number of processes is limited";
    LIMIT_MEMORY = "limit-memory", Limits, Full, Guest, "memory is limited";
    LIMIT_DISK = "limit-disk", Limits, Full, Guest, "disk space is limited";
    LIMIT_HOST = "limit-host", Limits, Full, Host, "host and other guests answer while a guest is at its limits";
}

impl Probe {
    /// The probe of that name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|probe| probe.id == id)
    }

    /// Whether it is run in each guest. What is not is tried only where the lab file closes or opens something.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        ![NET_PUBLIC, NET_ALLOWED].contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCS: &str = include_str!("../../docs/prove.md");

    /// The cells of the rows of docs/prove.md that are about a probe.
    fn rows(id: &str) -> Vec<Vec<&'static str>> {
        let cells = |line: &'static str| line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let is_about = |line: &&str| {
            let first = line.strip_prefix("| ").and_then(|row| row.split(" |").next());
            first.is_some_and(|first| first.split(' ').next() == Some(id))
        };
        DOCS.lines().filter(is_about).map(cells).collect()
    }

    #[test]
    fn each_probe_is_documented_with_its_witness_and_with_how_it_is_seen_red() {
        for probe in ALL {
            let rows = rows(probe.id);
            let [what, red] = &rows[..] else { panic!("{} is in {} tables of docs/prove.md", probe.id, rows.len()) };
            let witness = match probe.witness {
                Witness::Host => "host",
                Witness::Guest => "guest",
                Witness::Both => "host, guest",
            };
            assert_eq!(what.last(), Some(&witness), "{}", probe.id);
            assert_eq!(what[0].ends_with("(`--full`)"), probe.set == Set::Full, "{}", probe.id);
            assert_eq!(red.len(), 2, "{}", probe.id);
        }
    }
}
