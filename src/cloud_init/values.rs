//! The values that reach a guest. Each is checked once, here, and is plain in every language it passes through: YAML,
//! shell, systemd's unit syntax.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The id of a container image: the SHA-256 of its configuration, 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageId(String);

impl ImageId {
    /// The 64 digits, without `sha256:`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImageId {
    type Err = InvalidValue;

    /// Takes the digits with or without `sha256:` before them.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        if !is_hex(digits) {
            return refuse("image id", text, "it must be 64 lower-case hexadecimal digits");
        }
        Ok(Self(digits.into()))
    }
}

/// An image in a registry, pinned by digest: `HOST/PATH@sha256:...`. A tag is refused, as it would be ignored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageReference(String);

impl ImageReference {
    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImageReference {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let refuse = |reason| refuse("image reference", text, reason);
        if text.len() > 400 {
            return refuse("it is longer than 400 characters");
        }
        let Some((name, digest)) = text.split_once('@') else {
            return refuse("it has no digest: write HOST/PATH@sha256:DIGEST");
        };
        if !digest.strip_prefix("sha256:").is_some_and(is_hex) {
            return refuse("after the @ must come sha256: and 64 lower-case hexadecimal digits");
        }
        let Some((host, path)) = name.split_once('/') else {
            return refuse("it does not name its registry: write HOST/PATH@sha256:DIGEST");
        };
        if !is_registry(host) {
            return refuse("its first part is not a registry: a host name with a dot or a port, or `localhost`");
        }
        if !path.split('/').all(is_component) {
            return refuse("a path has lower-case letters and digits, with single . _ - between them, and no tag");
        }
        Ok(Self(text.into()))
    }
}

fn is_registry(host: &str) -> bool {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let named = name.split('.').all(|label| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    });
    let numbered = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    named && numbered && (name.contains('.') || port.is_some() || name == "localhost")
}

fn is_component(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    part.bytes().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
        && part.bytes().next().is_some_and(plain)
        && part.bytes().last().is_some_and(plain)
        && !part.contains("..")
}

/// Where a guest gets the gateway's image from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewaySource {
    /// From an archive that is in the guest, at [`super::GATEWAY_ARCHIVE`], before the guest starts.
    Archive {
        /// The id that the loaded image must have.
        id: ImageId,
    },
    /// From a registry that the guest itself can reach.
    Registry(ImageReference),
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
    ($(#[$doc:meta])+ $name:ident($number:ty), $kind:literal, $low:literal, $high:literal, $default:literal, $reason:literal) => {
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

bounded!(
    /// The port of the gateway on the guest's loopback. The service user opens it, so it cannot be below 1024.
    ServicePort(u16), "service port", 1024, 65534, 18789, "it must be between 1024 and 65534"
);
bounded!(
    /// An amount of memory, in MiB.
    MemoryMib(u32), "amount of memory for the gateway", 256, 1_048_576, 2048, "it must be between 256 MiB and 1 TiB"
);
bounded!(
    /// A time limit, in seconds.
    Seconds(u32), "time limit", 1, 86_400, 600, "it must be between 1 second and a day"
);

macro_rules! text_conversions {
    ($($type:ty),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }
    )+};
}
text_conversions!(ImageId, ImageReference);

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn image_references_are_pinned_and_plain() {
        for name in ["r.example/a", "r.example:5000/a/b-c_d.e", "localhost/x", "localhost:5000/x", "10.0.0.1:5000/x"] {
            let text = format!("{name}@{DIGEST}");
            assert_eq!(text.parse::<ImageReference>().unwrap().as_str(), text);
        }
        for name in [
            "",
            "a",
            "a/b",
            "/a",
            "r.example/",
            "r.example/A",
            "r.example/a:tag",
            "r.example/a/../b",
            "r.example//a",
            "-r.example/a",
            "r.example:99999/a",
            "r.example:/a",
            "r.example/a b",
            "r.example/a\n",
            "r.example/$(id)",
            "https://r.example/a",
            "r.example/-a",
            "r.example/a@x",
            "r..example/a",
            "ré.example/a",
        ] {
            assert!(format!("{name}@{DIGEST}").parse::<ImageReference>().is_err(), "{name:?}");
        }
        for text in ["r.example/a", "r.example/a@", "r.example/a@sha256:0", "r.example/a@sha512:0"] {
            assert!(text.parse::<ImageReference>().is_err(), "{text:?}");
        }
        assert!(format!("r.example/{}@{DIGEST}", "a".repeat(400)).parse::<ImageReference>().is_err());
    }

    #[test]
    fn image_ids_are_digits() {
        assert_eq!(format!("sha256:{}", &DIGEST[7..]), DIGEST);
        assert_eq!(DIGEST.parse::<ImageId>().unwrap().as_str(), &DIGEST[7..]);
        for bad in
            ["", "sha256:", &DIGEST[8..], &DIGEST.to_uppercase(), &format!("{DIGEST}\n"), &format!("{DIGEST};id")]
        {
            assert!(bad.parse::<ImageId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_are_bounded() {
        assert!(ServicePort::try_from(1023).is_err() && ServicePort::try_from(65535).is_err());
        assert!(ServicePort::try_from(65536 + 18789).is_err());
        assert_eq!(ServicePort::try_from(1024).unwrap().get(), 1024);
        assert!(MemoryMib::try_from(255).is_err() && MemoryMib::try_from(u64::MAX).is_err());
        assert!(Seconds::try_from(0).is_err() && Seconds::try_from(86_401).is_err());
    }
}
