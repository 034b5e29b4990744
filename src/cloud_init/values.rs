//! The values that reach a guest. Each is checked once, here, and is plain in every language it passes through: YAML,
//! shell, systemd's unit syntax.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::reference::Reference;

/// A value that podclaw does not let into a guest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{value:?} is not a valid {kind}: {reason}")]
pub struct InvalidValue {
    kind: &'static str,
    value: String,
    reason: &'static str,
}

fn refuse<T>(kind: &'static str, value: &str, reason: &'static str) -> Result<T, InvalidValue> {
    Err(InvalidValue { kind, value: crate::text::excerpt(value, 80), reason })
}

/// The port of the gateway on the guest's loopback, unless another is set.
pub const DEFAULT_PORT: u16 = 18789;

/// Where a guest gets the gateway's image from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewaySource {
    /// From an archive that is in the guest, at [`super::GATEWAY_ARCHIVE`], before the guest starts.
    Archive {
        /// The id that the loaded image must have: the digest of its configuration.
        id: Sha256,
    },
    /// From a registry that the guest itself can reach.
    Registry(Reference),
}

/// How the service user's Podman stacks the layers of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageDriver {
    /// fuse-overlayfs: maps ids on the fly, so that nothing has to be copied before the first start.
    #[default]
    FuseOverlayfs,
    /// The kernel's overlay: faster when it runs, but the whole image is copied for the service user's id map once.
    Native,
}

impl StorageDriver {
    /// The word in the guest's settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FuseOverlayfs => "fuse-overlayfs",
            Self::Native => "native",
        }
    }
}

macro_rules! bounded {
    ($(#[$doc:meta])+ $name:ident($number:ty), $kind:literal, $low:literal, $high:literal, $default:expr, $reason:literal) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "u64")]
        pub struct $name($number);

        impl $name {
            /// The number.
            #[must_use]
            pub fn get(self) -> $number {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self($default)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = InvalidValue;

            fn try_from(number: u64) -> Result<Self, InvalidValue> {
                match <$number>::try_from(number) {
                    Ok(fits) if ($low..=$high).contains(&fits) => Ok(Self(fits)),
                    _ => refuse($kind, &number.to_string(), $reason),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

/// How a guest came to be, and so who runs its stages and what is left for them to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boot {
    /// From the base image: cloud-init runs all stages.
    #[default]
    Cold,
    /// From the base image as well, to be sealed and made an image of when all stages have run.
    Bake,
    /// From an image that was baked: systemd runs the stages, and most have nothing to do. The seal writes it; no
    /// user-data does.
    Baked,
}

impl Boot {
    /// Its name in the settings of a guest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Bake => "bake",
            Self::Baked => "baked",
        }
    }
}

bounded!(
    /// The port of the gateway on the guest's loopback. The service user opens it, so it cannot be below 1024.
    ServicePort(u16), "service port", 1024, 65534, DEFAULT_PORT, "it must be between 1024 and 65534"
);
bounded!(
    /// An amount of memory, in MiB.
    MemoryMib(u32), "amount of memory for the gateway", 256, 1_048_576, 2048, "it must be between 256 MiB and 1 TiB"
);
bounded!(
    /// A time limit, in seconds.
    Seconds(u32), "time limit", 1, 86_400, 600, "it must be between 1 second and a day"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bounded() {
        assert!(ServicePort::try_from(1023).is_err() && ServicePort::try_from(65535).is_err());
        assert!(ServicePort::try_from(65536 + 18789).is_err());
        assert_eq!(ServicePort::try_from(1024).unwrap().get(), 1024);
        assert!(MemoryMib::try_from(255).is_err() && MemoryMib::try_from(u64::MAX).is_err());
        assert!(Seconds::try_from(0).is_err() && Seconds::try_from(86_401).is_err());
    }
}
