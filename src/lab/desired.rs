//! What the objects of a lab have to be.

use ipnet::Ipv4Net;

use super::{Lab, PoolDriver};
use crate::incus::{Acl, AclRule, Config, Network, Project, StoragePool};

/// Where no guest may send anything: what RFC 6890 and its successors set apart from the public internet. Names are
/// still resolved, because Incus lets DNS (port 53) and DHCP to any address of the host pass before any ACL.
pub(super) const NOT_PUBLIC: [(&str, &str); 11] = [
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local, cloud metadata"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved, broadcast"),
];

/// The restrictions that the daemon itself enforces in the lab's project, for everybody who uses it. Together with the
/// daemon's own defaults they refuse privileged containers, raw configuration, host paths, other networks, proxies and
/// host devices.
const RESTRICTIONS: [(&str, &str); 17] = [
    ("features.images", "true"),
    ("features.networks", "false"),
    ("features.networks.zones", "false"),
    ("features.profiles", "true"),
    ("features.storage.buckets", "true"),
    ("features.storage.volumes", "true"),
    ("restricted", "true"),
    ("restricted.backups", "block"),
    ("restricted.containers.interception", "allow"),
    ("restricted.containers.lowlevel", "block"),
    ("restricted.containers.nesting", "allow"),
    ("restricted.containers.privilege", "isolated"),
    ("restricted.devices.disk", "managed"),
    ("restricted.devices.nic", "managed"),
    ("restricted.devices.proxy", "block"),
    ("restricted.snapshots", "block"),
    ("restricted.virtual-machines.lowlevel", "block"),
];

impl Lab {
    pub(super) fn desired_project(&self) -> Project {
        let mut config: Config = pairs(&RESTRICTIONS);
        config.insert("restricted.networks.access".into(), self.settings.name.network());
        self.mark().put_on(&mut config);
        Project { description: format!("podclaw lab {}", self.settings.name), config, ..Project::default() }
    }

    pub(super) fn desired_pool(&self) -> StoragePool {
        let pool = &self.settings.pool;
        let mut config = Config::new();
        if let Some(device) = &pool.device {
            config.insert("source".into(), device.display().to_string());
        } else if pool.driver != PoolDriver::Dir {
            config.insert("size".into(), pool.size.to_string());
        }
        self.mark().put_on(&mut config);
        StoragePool {
            driver: pool.driver.as_str().into(),
            description: format!("podclaw lab {}", self.settings.name),
            config,
            ..StoragePool::default()
        }
    }

    pub(super) fn desired_network(&self) -> Network {
        let mut config = pairs(&[
            ("ipv4.nat", "true"),
            ("ipv6.address", "none"),
            ("security.acls.default.egress.action", "reject"),
            ("security.acls.default.ingress.action", "reject"),
        ]);
        config.insert("ipv4.address".into(), self.settings.network.subnet.net().to_string());
        config.insert("security.acls".into(), self.settings.name.acl());
        self.mark().put_on(&mut config);
        Network {
            kind: "bridge".into(),
            description: format!("podclaw lab {}", self.settings.name),
            config,
            ..Network::default()
        }
    }

    /// `host` are the host's own addresses: also one in the public range is not for guests.
    pub(super) fn desired_acl(&self, host: &[Ipv4Net]) -> Acl {
        let rule = |action: &str, destination: &str, description: &str| AclRule {
            action: action.into(),
            state: "enabled".into(),
            destination: destination.into(),
            description: description.into(),
            ..AclRule::default()
        };
        let mut egress: Vec<AclRule> = NOT_PUBLIC.iter().map(|(range, what)| rule("reject", range, what)).collect();
        let is_covered = |subnet: &Ipv4Net| {
            NOT_PUBLIC.iter().any(|(range, _)| range.parse::<Ipv4Net>().is_ok_and(|range| range.contains(subnet)))
        };
        // The whole subnet of each: the host's neighbours are the machines that a guest must not get to.
        let mut neighbours: Vec<Ipv4Net> = host.iter().map(Ipv4Net::trunc).filter(|net| !is_covered(net)).collect();
        neighbours.sort();
        neighbours.dedup();
        egress.extend(neighbours.iter().map(|net| rule("reject", &net.to_string(), "the host and its neighbours")));
        // Incus lets questions to the host's own resolver pass before any rule; nobody else is to be asked.
        for protocol in ["udp", "tcp"] {
            let to_port = |ports: &str| AclRule {
                protocol: protocol.into(),
                destination_port: ports.into(),
                ..rule("reject", "0.0.0.0/0", "other resolvers")
            };
            egress.push(to_port("53,853"));
        }
        egress.push(rule("allow", "0.0.0.0/0", "public internet"));
        let mut config = Config::new();
        self.mark().put_on(&mut config);
        Acl { description: "what guests may reach".into(), config, egress, ..Acl::default() }
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Config {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}
