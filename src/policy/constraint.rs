//! What a value has to be. Values are read as Incus reads them, and never guessed.

use std::net::IpAddr;

use crate::names::LabName;
use crate::profile::incus_value::{bits, bytes, cpus, is_bool, is_false, is_true, number};
use crate::profile::{MemoryLimit, Size};

/// The most user-data that a guest is given, in bytes.
const MAX_USER_DATA: usize = 512 * 1024;
/// More memory than this is no limit on any machine that one gives up.
const MOST_MEMORY: u64 = 1 << 40;
/// More disk than this is no limit either.
const MOST_DISK: u64 = 16 << 40;
/// More CPUs than this are no limit either.
const MOST_CPUS: u64 = 256;

/// What a value has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// What Incus takes for true.
    True,
    /// What Incus takes for false.
    False,
    /// What Incus takes for true or false.
    Bool,
    /// A whole number in a range, both ends included.
    Integer(i64, i64),
    /// Just this text.
    Exactly(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// A number of CPUs, or a set of them.
    Cpus,
    /// An amount of memory, or a share of the host's of at most so many percent.
    Memory(i64),
    /// A limit of CPU time that always holds: `50ms/100ms`.
    HardAllowance,
    /// A size in bytes, and not 0.
    Size,
    /// Bytes or operations a second.
    Rate,
    /// Bits a second.
    Bits,
    /// One number of at most so much, or a soft and a hard one.
    ResourceLimit(i64),
    /// The lab's own pool.
    LabPool,
    /// The lab's own network.
    LabNetwork,
    /// The mark of the lab.
    LabMark,
    /// A volume, as `POOL/VOLUME`, in another pool than the lab's own.
    OtherPool,
    /// An address of this machine that is reached from this machine only.
    Loopback,
    /// An address without the name and the password of somebody.
    NoPassword,
    /// Any value, of a key that podclaw could have made.
    OwnKey,
    /// The name of a network interface.
    InterfaceName,
    /// User-data of a size that Incus and cloud-init take.
    UserData,
}

impl Constraint {
    /// Whether a value of a key is as it has to be, in a lab.
    #[must_use]
    pub fn holds(&self, key: &str, value: &str, lab: &LabName) -> bool {
        match self {
            Self::True => is_true(value),
            Self::False => is_false(value),
            Self::Bool => is_bool(value),
            Self::Integer(least, most) => number(value).is_some_and(|number| (*least..=*most).contains(&number)),
            Self::Exactly(text) => value == text,
            Self::OneOf(texts) => texts.iter().any(|text| text == value),
            Self::Cpus => cpus(value).is_some_and(|count| count <= MOST_CPUS),
            Self::Memory(share) => is_memory(value, *share),
            Self::HardAllowance => is_hard_allowance(value),
            Self::Size => value.parse::<Size>().is_ok_and(|size| size.bytes() <= MOST_DISK),
            Self::Rate => bytes(value).is_some() || value.strip_suffix("iops").and_then(number).is_some(),
            Self::Bits => bits(value).is_some(),
            Self::ResourceLimit(most) => is_resource_limit(value, *most),
            Self::LabPool => value == lab.pool(),
            Self::LabNetwork => value == lab.network(),
            Self::LabMark => value == lab.as_str(),
            Self::OtherPool => value.split_once('/').is_some_and(|(pool, _)| !pool.is_empty() && pool != lab.pool()),
            Self::Loopback => is_loopback(value),
            Self::NoPassword => !value.contains('@'),
            Self::OwnKey => is_own_key(key),
            Self::InterfaceName => is_interface(value),
            Self::UserData => value.len() <= MAX_USER_DATA && !value.contains('\0'),
        }
    }

    /// What it demands, as the end of `it must be ...`.
    #[must_use]
    pub fn describe(&self, lab: &LabName) -> String {
        match self {
            Self::True => "true".into(),
            Self::False => "false".into(),
            Self::Bool => "true or false".into(),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Exactly(text) => format!("exactly `{text}`"),
            Self::OneOf(texts) => format!("one of {}", texts.join(", ")),
            Self::Cpus => format!("a number from 1 to {MOST_CPUS}, or a set such as 0-3"),
            Self::Memory(share) => format!("a size such as 3GiB of at most 1TiB, or a share from 1% to {share}%"),
            Self::HardAllowance => "a hard limit such as 50ms/100ms".into(),
            Self::Size => "a size such as 12GiB of at most 16TiB".into(),
            Self::Rate => "such as 30MiB or 500iops".into(),
            Self::Bits => "such as 100Mbit".into(),
            Self::ResourceLimit(most) => format!("one number of at most {most}, or two as soft:hard"),
            Self::LabPool => format!("the lab's own pool `{}`", lab.pool()),
            Self::LabNetwork => format!("the lab's own network `{}`", lab.network()),
            Self::LabMark => format!("the lab's own mark `{lab}`"),
            Self::OtherPool => format!("a volume in another pool than the lab's own `{}`", lab.pool()),
            Self::Loopback => "an address of the loopback, such as 127.0.0.1:9100".into(),
            Self::NoPassword => "without a name and a password".into(),
            Self::OwnKey => "a key of lower-case letters, digits, dots, dashes and underscores".into(),
            Self::InterfaceName => "a name such as eth0".into(),
            Self::UserData => "without NUL, and have at most 512 KiB".into(),
        }
    }

    /// Whether line breaks belong into such a value.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        matches!(self, Self::UserData)
    }
}

fn is_memory(value: &str, most: i64) -> bool {
    if value.parse::<MemoryLimit>().is_err() {
        return false;
    }
    match value.strip_suffix('%') {
        Some(share) => number(share).is_some_and(|share| share <= most),
        None => bytes(value).is_some_and(|bytes| bytes <= MOST_MEMORY),
    }
}

/// `<n>ms/<m>ms`. A percentage is only a share when others want the CPU too.
fn is_hard_allowance(value: &str) -> bool {
    let milliseconds = |text: &str| text.strip_suffix("ms").and_then(number).filter(|n| *n > 0);
    value.split_once('/').is_some_and(|(run, of)| milliseconds(run).is_some() && milliseconds(of).is_some())
}

fn is_resource_limit(value: &str, most: i64) -> bool {
    let fits = |text: &str| number(text).is_some_and(|number| number <= most);
    match value.split_once(':') {
        Some((soft, hard)) => fits(soft) && fits(hard),
        None => fits(value),
    }
}

/// Whether an address to listen on, with a port or without, is reached from this machine only. A name is none: who says what
/// it stands for is not asked.
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    let is_host = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_host(address) || address.rsplit_once(':').is_some_and(|(host, _)| is_host(host))
}

fn is_own_key(key: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    key.bytes().all(plain)
}

fn is_interface(value: &str) -> bool {
    (1..=15).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_loopback_is_told_from_others() {
        for yes in ["127.0.0.1:8443", "127.9.9.9", "[::1]:8443", "::1", "[::1]"] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in
            ["", ":8443", "0.0.0.0:8443", "[::]:8443", "localhost:1", "10.0.0.1:1", "127.0.0.1.example:1", "1::1:80"]
        {
            assert!(!is_loopback(no), "{no}");
        }
    }
}
