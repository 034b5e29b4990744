//! What the objects of a lab have to be.

use super::{Lab, PoolDriver};
use crate::incus::{Config, Network, Project, StoragePool};

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
}

fn pairs(pairs: &[(&str, &str)]) -> Config {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}
