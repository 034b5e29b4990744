//! SHA-256 digests in the two ways that the outside world writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// What is not a SHA-256 digest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not {1}")]
pub struct InvalidDigest(String, &'static str);

/// A SHA-256, written `sha256:<64 hex digits>` as container tools do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256(String);

impl Sha256 {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&sha2::Sha256::digest(bytes)))
    }

    /// The digest of everything that a hasher was given.
    #[must_use]
    pub fn of_all(hasher: sha2::Sha256) -> Self {
        Self(hex(&hasher.finalize()))
    }

    /// The 64 hex digits alone, as Incus' fingerprints and `podman`'s image ids are written.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl FromStr for Sha256 {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        match text.strip_prefix("sha256:") {
            Some(digits) if is_hex64(digits) => Ok(Self(digits.into())),
            _ => Err(InvalidDigest(crate::text::excerpt(text, 80), "`sha256:` and 64 lower-case hex digits")),
        }
    }
}

/// The fingerprint of an Incus image: a SHA-256, written as 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The 64 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, enough for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        if is_hex64(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidDigest(crate::text::excerpt(text, 80), "a fingerprint of 64 lower-case hex digits"))
        }
    }
}

impl From<Sha256> for Fingerprint {
    fn from(digest: Sha256) -> Self {
        Self(digest.0)
    }
}

impl From<Fingerprint> for Sha256 {
    fn from(fingerprint: Fingerprint) -> Self {
        Self(fingerprint.0)
    }
}

macro_rules! string_conversions {
    ($($type:ty),+) => {$(
        impl TryFrom<String> for $type {
            type Error = InvalidDigest;

            fn try_from(text: String) -> Result<Self, InvalidDigest> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(digest: $type) -> Self {
                digest.to_string()
            }
        }
    )+};
}
string_conversions!(Sha256, Fingerprint);

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(DIGITS[usize::from(n)])).collect()
}

fn is_hex64(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn hashes_as_everybody_does() {
        assert_eq!(Sha256::of(b"").to_string(), format!("sha256:{EMPTY}"));
    }

    #[test]
    fn refuses_what_is_no_digest() {
        assert!(format!("sha256:{EMPTY}").parse::<Sha256>().is_ok());
        assert!(EMPTY.parse::<Fingerprint>().is_ok());
        for bad in ["", EMPTY, "sha256:", &format!("sha512:{EMPTY}"), &format!("sha256:{}", EMPTY.to_uppercase())] {
            assert!(bad.parse::<Sha256>().is_err(), "{bad}");
        }
        for bad in ["", &EMPTY[1..], &EMPTY.to_uppercase(), &format!("{EMPTY}0"), &EMPTY.replace('e', "g")] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }
}
