//! What of IPv4 is not the public internet, and how networks are taken out of others.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// A range that is set apart from the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Its addresses.
    pub net: Ipv4Net,
    /// What it is for.
    pub what: &'static str,
    /// Whether no lab file may open any of it: nothing that a guest has to reach can be there, or what is there gives its
    /// secrets to whoever asks.
    pub closed: bool,
}

const fn open(a: u8, b: u8, length: u8, what: &'static str) -> Range {
    Range { net: Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length), what, closed: false }
}

const fn closed(address: [u8; 4], length: u8, what: &'static str) -> Range {
    let [a, b, c, d] = address;
    Range { net: Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length), what, closed: true }
}

/// What RFC 6890 and its successors set apart from the public internet, and where clouds keep what is the host's own. The
/// ranges for documentation are not here: nobody is there.
///
/// Of the clouds: 169.254.169.254 is most clouds' metadata service, 100.100.100.200 Alibaba's, and 168.63.129.16 Azure's
/// agent; they answer whoever is on the host. At IBM's two ranges are the resolvers, mirrors and private endpoints that
/// its documentation names ("IBM Cloud IP ranges", "Service endpoints"): one may have to be reached. Google's private
/// addresses for its public services (199.36.153.4/30 and .8/30) are not here: they give nothing that the public ones do
/// not give to the same key. Nor is Equinix Metal's metadata service, which ended in June 2026.
pub const NOT_PUBLIC: [Range; 16] = [
    closed([0, 0, 0, 0], 8, "this network"),
    open(10, 0, 8, "private"),
    open(100, 64, 10, "carrier-grade NAT"),
    closed([100, 100, 100, 200], 32, "cloud metadata"),
    closed([127, 0, 0, 0], 8, "loopback"),
    open(161, 26, 16, "IBM Cloud's services for its hosts"),
    open(166, 8, 14, "IBM Cloud's services for its hosts"),
    closed([168, 63, 129, 16], 32, "a cloud's service for its hosts"),
    closed([169, 254, 0, 0], 16, "link-local, cloud metadata"),
    open(172, 16, 12, "private"),
    closed([192, 0, 0, 0], 24, "protocol assignments"),
    closed([192, 88, 99, 0], 24, "relays to IPv6"),
    open(192, 168, 16, "private"),
    open(198, 18, 15, "benchmarking"),
    closed([224, 0, 0, 0], 4, "multicast"),
    closed([240, 0, 0, 0], 4, "reserved, broadcast"),
];

/// All of IPv4.
pub const EVERYWHERE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

/// The first range that a network has an address of, if any.
#[must_use]
pub fn not_public(net: Ipv4Net) -> Option<&'static Range> {
    NOT_PUBLIC.iter().find(|range| overlap(range.net, net))
}

/// Whether two networks have an address in common.
#[must_use]
pub fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// What of some networks is in none of the others, in order, in as few networks as possible.
#[must_use]
pub fn without(nets: &[Ipv4Net], holes: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let mut left = nets.to_vec();
    for hole in holes {
        left = left.into_iter().flat_map(|net| cut(net, *hole)).collect();
    }
    Ipv4Net::aggregate(&left)
}

/// What of a network is not in another. Two networks that overlap are one inside of the other.
fn cut(net: Ipv4Net, hole: Ipv4Net) -> Vec<Ipv4Net> {
    if hole.contains(&net) {
        return Vec::new();
    }
    if !net.contains(&hole) {
        return vec![net];
    }
    // Halved again and again, with the half kept that the hole is not in.
    let halves = (net.prefix_len() + 1..=hole.prefix_len()).filter_map(|length| {
        let other = u32::from(hole.network()) ^ (1 << (32 - length));
        Some(Ipv4Net::new(other.into(), length).ok()?.trunc())
    });
    halves.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(list: &str) -> Vec<Ipv4Net> {
        list.split_whitespace().map(|net| net.parse().unwrap()).collect()
    }

    #[test]
    fn networks_are_taken_out() {
        for (all, holes, left) in [
            ("10.0.0.0/8", "", "10.0.0.0/8"),
            ("10.0.0.0/8", "11.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.0/8", "10.0.0.0/8", ""),
            ("10.1.0.0/16", "10.0.0.0/8", ""),
            ("10.0.0.0/30", "10.0.0.1/32", "10.0.0.0/32 10.0.0.2/31"),
            ("10.0.0.0/30", "10.0.0.1/32 10.0.0.2/32", "10.0.0.0/32 10.0.0.3/32"),
            ("10.0.0.0/24 10.0.1.0/24", "", "10.0.0.0/23"),
            ("0.0.0.0/0", "128.0.0.0/1", "0.0.0.0/1"),
            ("0.0.0.0/0", "", "0.0.0.0/0"),
            ("255.255.255.254/31", "255.255.255.254/32", "255.255.255.255/32"),
        ] {
            assert_eq!(without(&nets(all), &nets(holes)), nets(left), "{all} without {holes}");
        }
    }

    #[test]
    fn what_is_taken_out_and_what_is_left_are_everything() {
        let holes = nets("192.168.77.9/32 10.0.0.0/8 203.0.113.0/24 0.0.0.0/8 255.255.255.255/32");
        let left = without(&[EVERYWHERE], &holes);
        let size = |net: &Ipv4Net| 1_u64 << (32 - net.prefix_len());
        assert_eq!(left.iter().chain(&holes).map(size).sum::<u64>(), 1 << 32);
        assert!(!left.iter().any(|net| holes.iter().any(|hole| overlap(*net, *hole))));
    }

    #[test]
    fn what_is_not_public_is_known() {
        let what = |net: &str| not_public(net.parse().unwrap()).map(|range| range.what);
        assert_eq!(what("192.168.77.9/32"), Some("private"));
        assert_eq!(what("169.254.169.254/32"), Some("link-local, cloud metadata"));
        assert_eq!(what("161.26.0.10/32"), Some("IBM Cloud's services for its hosts"));
        assert_eq!(what("166.9.228.73/32"), Some("IBM Cloud's services for its hosts"));
        assert_eq!((what("166.7.255.255/32"), what("166.12.0.0/32")), (None, None));
        assert_eq!(what("8.0.0.0/6"), Some("private"), "10.0.0.0/8 is in it");
        assert_eq!(what("203.0.113.9/32"), None);
    }

    /// The table in the docs is this list: with each range, and whether it can be allowed.
    #[test]
    fn the_docs_have_the_list() {
        let docs = include_str!("../docs/networking.md");
        let (_, table) = docs.split_once("| Range | What it is | Can be allowed |\n").unwrap();
        let rows = table.lines().skip(1).map_while(|line| line.strip_prefix("| "));
        let mut said: Vec<(Ipv4Net, bool)> = Vec::new();
        for row in rows {
            let mut cells = row.split('|').map(str::trim);
            let (nets, can) = (cells.next().unwrap(), cells.nth(1).unwrap());
            let net = |net: &str| net.parse().or_else(|_| net.parse::<Ipv4Addr>().map(Ipv4Net::from)).ok();
            said.extend(nets.split(", ").filter_map(net).map(|net| (net, can == "never")));
        }
        said.sort();
        let list: Vec<(Ipv4Net, bool)> = NOT_PUBLIC.iter().map(|range| (range.net, range.closed)).collect();
        assert_eq!(said, list);
        assert!(NOT_PUBLIC.is_sorted_by_key(|range| range.net));
    }
}
