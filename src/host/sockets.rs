//! Where the machine listens.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Root, Seen, Unseen};

/// A socket that takes connections or datagrams.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listener {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// The program, where this user may see whose it is.
    pub program: Option<String>,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol, self.address)?;
        match &self.program {
            Some(program) => write!(f, " ({program})"),
            None => Ok(()),
        }
    }
}

/// The four tables, and the state in which a socket of each listens.
const TABLES: [(&str, &str, &str); 4] = [
    ("tcp", "/proc/net/tcp", "0A"),
    ("tcp", "/proc/net/tcp6", "0A"),
    ("udp", "/proc/net/udp", "07"),
    ("udp", "/proc/net/udp6", "07"),
];

/// All listeners, sorted.
///
/// # Errors
/// Why they were not seen.
pub fn listeners(root: &Root) -> Seen<Vec<Listener>> {
    let mut found = Vec::new();
    for (protocol, table, listening) in TABLES {
        let text = match root.text(table) {
            Ok(text) => text,
            // A kernel without IPv6 has no such table.
            Err(Unseen::Missing) if table.ends_with('6') => continue,
            Err(error) => return Err(error),
        };
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (Some(local), Some(state), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9)) else {
                continue;
            };
            if let (true, Some(address)) = (*state == listening, address(local)) {
                found.push((protocol, address, (*inode).to_owned()));
            }
        }
    }
    let wanted: BTreeSet<&str> = found.iter().map(|(_, _, inode)| inode.as_str()).collect();
    let owners = owners(root, &wanted);
    let mut listeners: Vec<Listener> = found
        .iter()
        .map(|(protocol, address, inode)| Listener { protocol, address: *address, program: owners.get(inode).cloned() })
        .collect();
    listeners.sort();
    listeners.dedup();
    Ok(listeners)
}

/// The program of each socket, as far as this user may see.
fn owners(root: &Root, wanted: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    let processes = root.words("/proc").unwrap_or_default();
    for pid in processes.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        if owners.len() == wanted.len() {
            break;
        }
        for descriptor in root.words(format!("/proc/{pid}/fd")).unwrap_or_default() {
            let Ok(target) = root.link(format!("/proc/{pid}/fd/{descriptor}")) else { continue };
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(inode) = inode.filter(|inode| wanted.contains(inode))
                && let Ok(name) = root.word(format!("/proc/{pid}/comm"))
            {
                owners.insert(inode.to_owned(), name);
            }
        }
    }
    owners
}

/// An address as the kernel writes it: words of 32 bits in the machine's own order, and the port.
fn address(field: &str) -> Option<SocketAddr> {
    let (host, port) = field.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    if host.len() != 8 && host.len() != 32 {
        return None;
    }
    let words = host.as_bytes().chunks(8).map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok());
    let words: Vec<u32> = words.collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let ip = match bytes.len() {
        4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let loopback = u32::from_ne_bytes([127, 0, 0, 1]);
        assert_eq!(address(&format!("{loopback:08X}:0016")), Some("127.0.0.1:22".parse().unwrap()));
        assert_eq!(address(&format!("{}:0050", "0".repeat(32))), Some("[::]:80".parse().unwrap()));
        for none in ["", "7F:1", "0100007F", "0100007F:123456"] {
            assert_eq!(address(none), None, "{none}");
        }
    }
}
