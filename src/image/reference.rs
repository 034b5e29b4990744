//! References to images in container registries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::digest::Sha256;

/// What is not a reference that podclaw takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not an image reference of the form HOST/NAME@sha256:DIGEST: {reason}")]
pub struct InvalidReference {
    text: String,
    reason: &'static str,
}

/// An image in a registry, pinned by its digest: `HOST/NAME@sha256:DIGEST`. A tag alone could mean another image
/// tomorrow, and a name without a host depends on the guest's search list, so both are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference {
    name: String,
    digest: Sha256,
}

impl Reference {
    /// `HOST/NAME`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the image's manifest or index.
    #[must_use]
    pub fn digest(&self) -> &Sha256 {
        &self.digest
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.digest)
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        let refuse = |reason| Err(InvalidReference { text: crate::text::excerpt(text, 160), reason });
        let Some((name, digest)) = text.split_once('@') else {
            return refuse("it has no digest");
        };
        let Ok(digest) = digest.parse() else {
            return refuse("its digest is not `sha256:` and 64 lower-case hex digits");
        };
        let Some((host, path)) = name.split_once('/') else {
            return refuse("it names no registry");
        };
        if !(host == "localhost" || host.contains(['.', ':'])) || !is_host(host) {
            return refuse("its first part is not the name of a registry");
        }
        if !path.split('/').all(is_component) {
            return refuse("its name has parts other than lower-case letters, digits, `.`, `_` and `-`, or has a tag");
        }
        Ok(Self { name: name.into(), digest })
    }
}

impl TryFrom<String> for Reference {
    type Error = InvalidReference;

    fn try_from(text: String) -> Result<Self, InvalidReference> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && port.parse::<u16>().is_ok()
}

fn is_component(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    part.bytes().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
        && part.bytes().next().is_some_and(plain)
        && part.bytes().last().is_some_and(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_what_is_pinned() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for good in ["registry.test/openclaw/openclaw", "localhost/x", "registry.lan:5000/a/b_c-d.e", "10.0.0.1:5000/x"]
        {
            let text = format!("{good}@{digest}");
            assert_eq!(text.parse::<Reference>().map(|r| r.to_string()), Ok(text.clone()), "{text}");
        }
        for bad in [
            "openclaw",
            "openclaw/openclaw",
            "registry.test/a:latest",
            "registry.test/A",
            "registry.test/",
            "-x.io/a",
            "a.b:c/d",
        ] {
            assert!(format!("{bad}@{digest}").parse::<Reference>().is_err(), "{bad}");
        }
        for bad in
            ["registry.test/openclaw/openclaw", "registry.test/openclaw/openclaw:1", "registry.test/a/b@sha256:00", ""]
        {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
    }
}
