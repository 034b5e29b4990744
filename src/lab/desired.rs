//! What the objects of a lab have to be.

use super::{Lab, PoolDriver, Result, resolver, totals};
use crate::incus::{Config, Network, Project, StoragePool};
use crate::profile::Layer;

/// The restrictions that the daemon itself enforces in the lab's project, for everybody who uses it. They refuse privileged
/// containers, raw configuration, host paths, other networks, proxies and host devices. Most are the daemon's own
/// defaults; they stand here so that another version's other defaults change nothing.
const RESTRICTIONS: [(&str, &str); 25] = [
    ("features.images", "true"),
    ("features.networks", "false"),
    ("features.networks.zones", "false"),
    ("features.profiles", "true"),
    ("features.storage.buckets", "true"),
    ("features.storage.volumes", "true"),
    ("restricted", "true"),
    ("restricted.backups", "block"),
    ("restricted.cluster.target", "block"),
    ("restricted.containers.interception", "allow"),
    ("restricted.containers.lowlevel", "block"),
    ("restricted.containers.nesting", "allow"),
    ("restricted.containers.privilege", "isolated"),
    ("restricted.devices.disk", "managed"),
    ("restricted.devices.gpu", "block"),
    ("restricted.devices.infiniband", "block"),
    ("restricted.devices.nic", "managed"),
    ("restricted.devices.pci", "block"),
    ("restricted.devices.proxy", "block"),
    ("restricted.devices.unix-block", "block"),
    ("restricted.devices.unix-char", "block"),
    ("restricted.devices.unix-hotplug", "block"),
    ("restricted.devices.usb", "block"),
    ("restricted.snapshots", "block"),
    ("restricted.virtual-machines.lowlevel", "block"),
];

/// The API extension of a daemon that can keep a project to its own pools: Incus 7. Where it is missing, guests and volumes
/// in another pool are not refused.
const POOL_RESTRICTION: &str = "projects_restricted_storage_pool_access";

impl Lab {
    pub(super) fn desired_project(&self) -> Result<Project> {
        let mut config: Config = pairs(&RESTRICTIONS);
        config.insert("restricted.networks.access".into(), self.settings.name.network());
        if self.client.server().extensions.contains(POOL_RESTRICTION) {
            config.insert("restricted.storage-pools.access".into(), self.settings.name.pool());
        }
        let library = self.library()?;
        let guest = library.stack(self.settings.profiles.iter().map(String::as_str))?.effective(&Layer::default());
        config.extend(totals::limits(&self.settings.totals, &guest, totals::Host::here()?)?);
        self.mark().put_on(&mut config);
        Ok(Project { description: format!("podclaw lab {}", self.settings.name), config, ..Project::default() })
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

    pub(super) fn desired_network(&self) -> Result<Network> {
        let mut config = pairs(&[
            // Guests are not told of each other.
            ("dns.mode", "none"),
            ("ipv4.nat", "true"),
            ("ipv6.address", "none"),
            ("security.acls.default.egress.action", "reject"),
            ("security.acls.default.ingress.action", "reject"),
        ]);
        config.insert("ipv4.address".into(), self.settings.network.subnet.net().to_string());
        config.insert("security.acls".into(), self.settings.name.acl());
        if let Some(told) = resolver::dnsmasq(&self.settings)? {
            config.insert(resolver::KEY.into(), told);
        }
        self.mark().put_on(&mut config);
        Ok(Network {
            kind: "bridge".into(),
            description: format!("podclaw lab {}", self.settings.name),
            config,
            ..Network::default()
        })
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Config {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}
