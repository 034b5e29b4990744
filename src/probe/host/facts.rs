//! What there is on the host to be reached: its addresses, what listens, its routes and neighbours. From `/proc` alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::door::{is_a_door, is_of_a_door};
use super::routes::Routes;

/// Something that listens on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// Its address; unspecified where it is all of them.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// Whether it is UDP, and not TCP.
    pub udp: bool,
}

/// What there is on the host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// Its own addresses, but for those of the loopback.
    pub addresses: BTreeSet<IpAddr>,
    /// What listens on others than the loopback.
    pub listeners: BTreeSet<Listener>,
    /// The gateways of its routes.
    pub gateways: BTreeSet<Ipv4Addr>,
    /// Its neighbours that answered, with the interface that they are behind.
    pub neighbours: BTreeSet<(Ipv4Addr, String)>,
    /// Where it sends packets on to.
    pub routes: Routes,
    /// The addresses of its bridges at which a resolver for the bridge's own guests answers. Incus lets guests of one bridge
    /// ask that of another.
    pub bridge_resolvers: BTreeSet<IpAddr>,
    /// Its block devices.
    pub block_devices: BTreeSet<(u32, u32)>,
}

impl HostFacts {
    /// Reads them.
    ///
    /// # Errors
    /// What the system says: without them nobody knows what to try.
    pub fn read() -> io::Result<Self> {
        let mut addresses: BTreeSet<IpAddr> =
            local_addresses(&fs::read_to_string("/proc/net/fib_trie")?).into_iter().map(IpAddr::V4).collect();
        // Without IPv6 there is no such file.
        let six = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
        addresses.extend(six.lines().filter_map(|line| ipv6(line.split(' ').next()?)).map(IpAddr::V6));
        addresses.retain(|address| !address.is_loopback() && !is_of_a_door(*address));
        let mut listeners = BTreeSet::new();
        for (file, udp) in [("tcp", false), ("tcp6", false), ("udp", true), ("udp6", true)] {
            let table = fs::read_to_string(format!("/proc/net/{file}")).unwrap_or_default();
            listeners.extend(table.lines().skip(1).filter_map(|line| listener(line, udp)));
        }
        listeners.retain(|listener| !listener.address.is_loopback());
        let neighbours = fs::read_to_string("/proc/net/arp")?;
        let neighbours: BTreeSet<(Ipv4Addr, String)> =
            neighbours.lines().skip(1).filter_map(neighbour).filter(|(_, on)| !is_a_door(on)).collect();
        let routes = Routes::read(&fs::read_to_string("/proc/net/route")?, &neighbours);
        let resolvers = fs::read_to_string("/proc/net/udp").unwrap_or_default();
        Ok(Self {
            bridge_resolvers: bridge_resolvers(&resolvers),
            addresses,
            listeners,
            gateways: routes.gateways(),
            neighbours,
            routes,
            block_devices: fs::read_to_string("/proc/partitions")?.lines().filter_map(device).collect(),
        })
    }

    /// The ports that something listens on at an address, by TCP or UDP.
    #[must_use]
    pub fn ports(&self, at: IpAddr, udp: bool) -> BTreeSet<u16> {
        let serves = |listener: &&Listener| {
            // Something on `::` takes IPv4 too, unless it was told otherwise, which is not to be seen here.
            let all = listener.address.is_unspecified() && (listener.address.is_ipv4() == at.is_ipv4() || at.is_ipv4());
            listener.udp == udp && (listener.address == at || all)
        };
        self.listeners.iter().filter(serves).map(|listener| listener.port).collect()
    }
}

/// Where dnsmasq listens that was started for one bridge, as Incus and libvirt do.
fn bridge_resolvers(sockets: &str) -> BTreeSet<IpAddr> {
    let inode = |line: &str| Some(format!("socket:[{}]", line.split_whitespace().nth(9)?));
    let asked = sockets.lines().skip(1).filter_map(|line| Some((listener(line, true)?, inode(line)?)));
    let asked: Vec<(Listener, String)> = asked.filter(|(found, _)| found.port == 53).collect();
    if asked.is_empty() {
        return BTreeSet::new();
    }
    let is_for_bridge = |path: &std::path::Path| {
        let command = fs::read(path.join("cmdline")).unwrap_or_default();
        let mut words = command.split(|byte| *byte == 0);
        let program = words.next().unwrap_or_default();
        program.ends_with(b"dnsmasq")
            && words.any(|word| word.starts_with(b"--interface=") || word.starts_with(b"--conf-file=/var/lib/libvirt"))
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut open = BTreeSet::new();
    for process in processes.filter(|path| is_for_bridge(path)) {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        open.extend(files.filter_map(|file| fs::read_link(file.path()).ok()?.to_str().map(str::to_owned)));
    }
    asked.into_iter().filter(|(_, inode)| open.contains(inode)).map(|(found, _)| found.address).collect()
}

fn local_addresses(trie: &str) -> Vec<Ipv4Addr> {
    let lines: Vec<&str> = trie.lines().map(str::trim).collect();
    let of = |pair: &[&str]| {
        let address = pair[0].strip_prefix("|-- ")?;
        pair[1].ends_with("host LOCAL").then(|| address.parse().ok())?
    };
    lines.windows(2).filter_map(of).collect()
}

/// An address as the kernel prints it: a number in the machine's own byte order.
pub(super) fn ipv4(hex: &str) -> Option<Ipv4Addr> {
    Some(u32::from_str_radix(hex, 16).ok()?.to_ne_bytes().into())
}

fn ipv6(hex: &str) -> Option<Ipv6Addr> {
    Some(u128::from_str_radix(hex, 16).ok()?.into())
}

/// Four numbers in the machine's own byte order, as in the tables of sockets.
fn ipv6_words(hex: &str) -> Option<Ipv6Addr> {
    let mut octets = [0; 16];
    for (word, to) in octets.chunks_mut(4).enumerate() {
        to.copy_from_slice(&u32::from_str_radix(hex.get(word * 8..word * 8 + 8)?, 16).ok()?.to_ne_bytes());
    }
    Some(octets.into())
}

/// A line of a table of sockets, if it is about one that listens.
pub(super) fn listener(line: &str, udp: bool) -> Option<Listener> {
    let mut fields = line.split_whitespace().skip(1);
    let (address, port) = fields.next()?.split_once(':')?;
    let state = fields.nth(1)?;
    // LISTEN for TCP. A socket of UDP that is not connected is said to be CLOSE.
    if state != if udp { "07" } else { "0A" } {
        return None;
    }
    let address = if address.len() == 8 { ipv4(address)?.into() } else { ipv6_words(address)?.into() };
    let address = match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4),
        four @ IpAddr::V4(_) => four,
    };
    Some(Listener { address, port: u16::from_str_radix(port, 16).ok()?, udp })
}

fn neighbour(line: &str) -> Option<(Ipv4Addr, String)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, flags, interface) = (fields.first()?, fields.get(2)?, fields.get(5)?);
    // 2: it answered.
    let flags = u32::from_str_radix(flags.strip_prefix("0x")?, 16).ok()?;
    (flags & 2 != 0).then(|| Some((address.parse().ok()?, (*interface).to_owned())))?
}

fn device(line: &str) -> Option<(u32, u32)> {
    let mut fields = line.split_whitespace();
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let trie = "Local:\n  +-- 10.0.0.0/24 2 0 2\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.1\n        /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n";
        assert_eq!(local_addresses(trie), [Ipv4Addr::new(10, 0, 0, 1)]);
        if cfg!(target_endian = "little") {
            let tcp = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1";
            let address = Ipv4Addr::LOCALHOST.into();
            assert_eq!(listener(tcp, false), Some(Listener { address, port: 8080, udp: false }));
            assert_eq!(listener(tcp, true), None);
            let mapped = "0: 0000000000000000FFFF00000100007F:0016 00000000000000000000000000000000:0000 0A 0";
            assert_eq!(listener(mapped, false).map(|found| found.address), Some(address));
        }
        let arp = "192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0";
        assert_eq!(neighbour(arp), Some((Ipv4Addr::new(192, 0, 2, 1), "eth0".into())));
        assert_eq!(neighbour(&arp.replace("0x2", "0x0")), None);
        assert_eq!(device(" 254        0  264241152 vda"), Some((254, 0)));
        assert_eq!(device("major minor  #blocks  name"), None);
    }

    #[test]
    fn the_host_of_this_test_can_be_read() {
        let facts = HostFacts::read().unwrap();
        assert!(facts.addresses.iter().all(|address| !address.is_loopback()));
        assert!(!facts.block_devices.is_empty());
    }
}
