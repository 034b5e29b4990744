//! The lab file: what a user may set about a lab. All of it is optional, and a field that is not known is refused.

mod dns;
mod egress;
mod source;
mod totals;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use serde::Deserialize;

use crate::file;
use crate::names::LabName;
use crate::profile::{DEFAULT_STACK, Limits, Size};

pub use dns::Dns;
pub use egress::{Allowance, DNS_PORTS, Destination, Egress, EgressMode, Ports, Transport};
pub use source::{Archive, BaseSource, GatewaySource, GivenArchive, ImageServer, Npm, Protocol, Registry, Sources};
pub use totals::{Count, Totals};

/// The largest lab file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Why a lab file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LabFileError {
    /// It can't be read.
    #[error("cannot read the lab file {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not text.
    #[error("the lab file {path} is not UTF-8 text", path = path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// It is not YAML, or says something that a lab file can't say.
    #[error("{path}:{place}: {message}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line and column, counted from 1.
        place: String,
        /// What is wrong there.
        message: String,
    },
}

/// A lab file as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabFile {
    /// The lab's name; the prefix of all its objects.
    name: LabName,
    pool: Pool,
    network: Network,
    /// Limits of each guest, in place of those of its profiles.
    limits: Limits,
    /// Limits of all guests together.
    totals: Totals,
    base: BaseSource,
    gateway: GatewaySource,
    /// The profiles that a guest gets when `launch` names none, in order.
    profiles: Option<Vec<String>>,
    /// A directory with `profiles/`, `cloud-init/` and `apparmor/` to use in place of the built-in ones.
    data: Option<PathBuf>,
}

/// The storage pool of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pool {
    /// The storage driver.
    pub driver: PoolDriver,
    /// The size of the pool's loop file. It is sparse: it takes what is used.
    pub size: Size,
    /// A block device to use in place of a loop file. Everything on it is lost.
    pub device: Option<PathBuf>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { driver: PoolDriver::Btrfs, size: Size::gibibytes(30), device: None }
    }
}

/// A storage driver of Incus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PoolDriver {
    /// Copy on write, with quotas. The default.
    Btrfs,
    /// Copy on write, with quotas.
    Zfs,
    /// A plain directory: each guest is a full copy, and disk limits may not bite.
    Dir,
}

impl PoolDriver {
    /// The name that Incus knows it by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Btrfs => "btrfs",
            Self::Zfs => "zfs",
            Self::Dir => "dir",
        }
    }
}

/// The bridge of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "NetworkAsWritten")]
pub struct Network {
    /// The bridge's own address and the size of its subnet. Guests get addresses from it.
    pub subnet: Subnet,
    /// What guests may reach.
    pub egress: Egress,
    /// What their resolver answers.
    pub dns: Dns,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NetworkAsWritten {
    subnet: Subnet,
    egress: Egress,
    dns: Dns,
}

impl TryFrom<NetworkAsWritten> for Network {
    type Error = String;

    fn try_from(NetworkAsWritten { subnet, egress, dns }: NetworkAsWritten) -> Result<Self, String> {
        egress.fits(subnet.net())?;
        Ok(Self { subnet, egress, dns })
    }
}

/// Everything that is set about a lab: the lab file, with what the command line and the defaults add.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The lab's name.
    pub name: LabName,
    /// Its storage pool.
    pub pool: Pool,
    /// Its bridge.
    pub network: Network,
    /// Limits of each guest, in place of those of its profiles.
    pub limits: Limits,
    /// Limits of all guests together.
    pub totals: Totals,
    /// Where the images come from.
    pub sources: Sources,
    /// The profiles that a guest gets when none are named, in order.
    pub profiles: Vec<String>,
    /// Where profiles and templates are read from; `None` takes the built-in ones.
    pub data: Option<PathBuf>,
    /// The lock file.
    pub lock: PathBuf,
    /// Where built images are kept on this machine.
    pub cache: PathBuf,
}

impl LabFile {
    /// Reads a lab file. Relative paths in it count from the file's own directory.
    pub fn read(path: &Path) -> Result<Self, LabFileError> {
        let bytes =
            file::read(path, LARGEST).map_err(|source| LabFileError::Unreadable { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| LabFileError::NotText { path: path.to_owned() })?;
        let mut file = Self::parse(path, &text)?;
        let beside = |relative: &Path| path.parent().unwrap_or(Path::new("")).join(relative);
        file.data = file.data.as_deref().map(beside);
        for list in &mut file.network.dns.block {
            *list = beside(list);
        }
        match &mut file.gateway {
            GatewaySource::Npm(npm) => npm.directory = npm.directory.as_deref().map(beside),
            GatewaySource::Archive(archive) => archive.path = beside(&archive.path),
            GatewaySource::Registry(_) => {}
        }
        Ok(file)
    }

    /// Reads the text of a lab file; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str) -> Result<Self, LabFileError> {
        // A file with nothing but comments sets nothing, which is allowed.
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
            let message = error.without_snippet().to_string();
            // The place is said before the message already.
            let message = message.strip_suffix(&format!(" at line {line}, column {column}")).unwrap_or(&message);
            // A hint of the parser for programmers, not for whoever wrote the file.
            let message = message.split_once(", set ").map_or(message, |(said, _)| said);
            let message = crate::text::excerpt(message, 400);
            LabFileError::Invalid { path: path.to_owned(), place: format!("{line}:{column}"), message }
        })
    }

    /// What it says about the lab's network.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Adds what the command line and the defaults say.
    #[must_use]
    pub fn settle(self, name: Option<LabName>, lock: PathBuf, cache: PathBuf) -> Settings {
        Settings {
            name: name.unwrap_or(self.name),
            pool: self.pool,
            network: self.network,
            limits: self.limits,
            totals: self.totals,
            sources: Sources { base: self.base, gateway: self.gateway },
            profiles: self.profiles.unwrap_or_else(|| DEFAULT_STACK.map(str::to_owned).into()),
            data: self.data,
            lock,
            cache,
        }
    }
}

/// The subnet of a lab: a private one, with the bridge's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Ipv4Net")]
pub struct Subnet(Ipv4Net);

impl Default for Subnet {
    fn default() -> Self {
        Self(Ipv4Net::new_assert(Ipv4Addr::new(10, 173, 57, 1), 24))
    }
}

impl Subnet {
    /// The bridge's address and the subnet's size.
    #[must_use]
    pub fn net(self) -> Ipv4Net {
        self.0
    }
}

/// A subnet that no lab can have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSubnet {
    /// It is too small or too large.
    #[error("the subnet {0} must be a /16 to a /29")]
    Size(Ipv4Net),
    /// It is not a private one.
    #[error("the subnet {0} is not a private network (RFC 1918)")]
    Public(Ipv4Net),
    /// Its address can't be the bridge's.
    #[error("the subnet {0} must hold the bridge's own address, such as {1}")]
    NoAddress(Ipv4Net, Ipv4Net),
}

impl TryFrom<Ipv4Net> for Subnet {
    type Error = InvalidSubnet;

    fn try_from(subnet: Ipv4Net) -> Result<Self, InvalidSubnet> {
        let length = subnet.prefix_len();
        if !(16..=29).contains(&length) {
            return Err(InvalidSubnet::Size(subnet));
        }
        if !subnet.addr().is_private() {
            return Err(InvalidSubnet::Public(subnet));
        }
        if subnet.addr() == subnet.network() || subnet.addr() == subnet.broadcast() {
            let first = Ipv4Addr::from(u32::from(subnet.network()) + 1);
            return Err(InvalidSubnet::NoAddress(subnet, Ipv4Net::new_assert(first, length)));
        }
        Ok(Self(subnet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<LabFile, String> {
        LabFile::parse(Path::new("podclaw.yaml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_is_optional() {
        for text in ["", "# nothing\n", "name: t1\n"] {
            assert!(parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_at_its_place() {
        let error = parse("name: t1\npool:\n  sise: 1GiB\n").unwrap_err();
        assert!(error.starts_with("podclaw.yaml:3:3: "), "{error}");
        assert!(error.contains("sise"), "{error}");
    }

    #[test]
    fn a_bad_subnet_is_refused() {
        for subnet in ["8.8.8.1/24", "10.0.0.0/24", "10.0.0.255/24", "10.0.0.1/30", "10.0.0.1/8", "nonsense"] {
            assert!(parse(&format!("network:\n  subnet: {subnet}\n")).is_err(), "{subnet}");
        }
        assert!(parse("network:\n  subnet: 192.168.7.1/24\n").is_ok());
    }
}
