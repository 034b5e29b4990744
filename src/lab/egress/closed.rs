//! What of IPv4 is closed to guests on this host. The ACL is made of it, and `audit` judges the ACL by it.

use ipnet::Ipv4Net;

use crate::lab_file::Network;
use crate::ranges::{NOT_PUBLIC, Range};

/// What is closed on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lab) struct Closed {
    /// What is not the public internet, and the subnets that the host is in. Only an allowance by address opens some of it.
    pub(in crate::lab) ranges: Vec<Range>,
    /// What of that no allowance opens: the lab itself, the host's own addresses, and what is set apart for more than privacy.
    pub(in crate::lab) never: Vec<Ipv4Net>,
}

impl Closed {
    /// `host` are the host's own addresses, with their subnets.
    pub(in crate::lab) fn on(network: &Network, host: &[Ipv4Net]) -> Self {
        let mut never: Vec<Ipv4Net> = NOT_PUBLIC.iter().filter(|range| range.closed).map(|range| range.net).collect();
        never.push(network.subnet.net().trunc());
        never.extend(host.iter().map(|own| Ipv4Net::from(own.addr())));
        let subnets = host.iter().map(Ipv4Net::trunc);
        let mut neighbours: Vec<Ipv4Net> =
            subnets.filter(|net| !NOT_PUBLIC.iter().any(|range| range.net.contains(net))).collect();
        neighbours.sort();
        neighbours.dedup();
        // The whole subnet of each: the host's neighbours are the machines that a guest must not get to.
        let neighbours =
            neighbours.into_iter().map(|net| Range { net, what: "the host and its neighbours", closed: false });
        Self { ranges: NOT_PUBLIC.into_iter().chain(neighbours).collect(), never }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab_file::LabFile;

    #[test]
    fn the_subnets_of_the_host_are_closed_and_its_addresses_never_open() {
        let file = LabFile::parse(std::path::Path::new("podclaw.yaml"), "name: t1\nnetwork:\n  subnet: 10.9.0.1/24\n")
            .unwrap();
        let host =
            ["198.51.100.7/24", "198.51.100.8/24", "192.168.1.2/24", "8.0.0.9/6"].map(|net| net.parse().unwrap());
        let closed = Closed::on(file.network(), &host);
        let own: Vec<_> = closed.ranges[NOT_PUBLIC.len()..].iter().map(|range| range.net.to_string()).collect();
        // One that is private is closed as such; one that is wider is not.
        assert_eq!(own, ["8.0.0.0/6", "198.51.100.0/24"]);
        assert_eq!(closed.ranges[..NOT_PUBLIC.len()], NOT_PUBLIC);
        let never = |net: &str| closed.never.contains(&net.parse().unwrap());
        assert!(never("10.9.0.0/24") && never("198.51.100.8/32") && never("192.168.1.2/32") && never("127.0.0.0/8"));
        assert!(!never("10.0.0.0/8") && !never("198.51.100.0/24"));
    }
}
