//! The limits that a lab file may set, as Incus understands them.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::incus_value;
use crate::text::excerpt;

/// A limit that Incus would refuse, or that would not limit anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not a valid {kind}: {reason}")]
pub struct BadLimit {
    kind: &'static str,
    value: String,
    reason: &'static str,
}

/// `limits.cpu`: a number of CPUs, or a set such as `0-3` or `0,2`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CpuLimit(String);

/// `limits.memory`: a size, or a share of the host's memory such as `25%`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct MemoryLimit(String);

/// `limits.processes`: how many processes there may be, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ProcessLimit(i64);

/// A number of bytes that is not 0, with a unit that Incus knows, such as `12GiB`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Size(String, u64);

impl Size {
    /// The size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.1
    }

    /// So many GiB.
    #[must_use]
    pub fn gibibytes(count: u32) -> Self {
        Self(format!("{count}GiB"), u64::from(count) << 30)
    }
}

impl FromStr for Size {
    type Err = BadLimit;

    fn from_str(text: &str) -> Result<Self, BadLimit> {
        match incus_value::bytes(text) {
            Some(0) => Err(refuse("size", text, "0 bytes would be no limit")),
            Some(bytes) => Ok(Self(text.into(), bytes)),
            None => Err(refuse("size", text, SIZE)),
        }
    }
}

const SIZE: &str = "it must be digits, then nothing, B, kB, MB, GB, TB, PB, EB, KiB, MiB, GiB, TiB, PiB or EiB";

impl FromStr for MemoryLimit {
    type Err = BadLimit;

    fn from_str(text: &str) -> Result<Self, BadLimit> {
        let Some(share) = text.strip_suffix('%') else {
            return match incus_value::bytes(text) {
                Some(0) => Err(refuse("memory limit", text, "0 bytes would be no limit")),
                Some(_) => Ok(Self(text.into())),
                None => Err(refuse("memory limit", text, SIZE)),
            };
        };
        match share.parse::<u8>() {
            Ok(1..=100) if !share.starts_with('+') => Ok(Self(text.into())),
            _ => Err(refuse("memory limit", text, "a share of the host's memory is a whole number from 1% to 100%")),
        }
    }
}

impl FromStr for CpuLimit {
    type Err = BadLimit;

    fn from_str(text: &str) -> Result<Self, BadLimit> {
        match incus_value::cpus(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(refuse("CPU limit", text, "it must be a number from 1, or a set such as 0-3 or 0,2")),
        }
    }
}

impl FromStr for ProcessLimit {
    type Err = BadLimit;

    fn from_str(text: &str) -> Result<Self, BadLimit> {
        match incus_value::number(text) {
            Some(count @ 1..) => Ok(Self(count)),
            _ => Err(refuse("process limit", text, "it must be a whole number from 1")),
        }
    }
}

fn refuse(kind: &'static str, value: &str, reason: &'static str) -> BadLimit {
    BadLimit { kind, value: excerpt(value, 64), reason }
}

impl fmt::Display for CpuLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ProcessLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The limits of a lab file; what is not there stays as the profiles have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// `limits.cpu`.
    pub cpu: Option<CpuLimit>,
    /// `limits.memory`.
    pub memory: Option<MemoryLimit>,
    /// `limits.processes`.
    pub processes: Option<ProcessLimit>,
    /// The size of the root disk.
    pub disk: Option<Size>,
}

impl Limits {
    /// The limits that are config keys, as Incus stores them.
    pub(super) fn config(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("limits.cpu", self.cpu.as_ref().map(ToString::to_string)),
            ("limits.memory", self.memory.as_ref().map(ToString::to_string)),
            ("limits.processes", self.processes.as_ref().map(ToString::to_string)),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

macro_rules! read_from_text {
    ($($type:ty),+) => {$(
        impl TryFrom<String> for $type {
            type Error = BadLimit;

            fn try_from(text: String) -> Result<Self, BadLimit> {
                text.parse()
            }
        }
    )+};
}
read_from_text!(CpuLimit, MemoryLimit, ProcessLimit, Size);
