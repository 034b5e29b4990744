//! References to images in container registries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;

/// The most characters of a reference.
const LONGEST: usize = 400;

/// What is not a reference that podclaw takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not an image reference of the form HOST/NAME@sha256:DIGEST: {reason}")]
pub struct InvalidReference {
    text: String,
    reason: &'static str,
}

/// An image in a registry, pinned by its digest: `HOST/NAME@sha256:DIGEST`. A tag alone could mean another image
/// tomorrow, and a name without a host depends on the guest's search list, so both are refused. What is left is plain
/// in every language that it passes through: YAML, shell, systemd's unit syntax.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
        if text.len() > LONGEST {
            return refuse("it is longer than 400 characters");
        }
        let Some((name, digest)) = text.split_once('@') else {
            return refuse("it has no digest");
        };
        let Ok(digest) = digest.parse() else {
            return refuse("its digest is not `sha256:` and 64 lower-case hex digits");
        };
        let Some((host, path)) = name.split_once('/') else {
            return refuse("it names no registry");
        };
        if !is_registry(host) {
            return refuse("its first part is not a registry: a host name with a dot or a port, or `localhost`");
        }
        if !path.split('/').all(is_component) {
            return refuse("a name has lower-case letters and digits, with single . _ - between them, and no tag");
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

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn takes_only_what_is_pinned_and_plain() {
        for name in ["r.example/a", "r.example:5000/a/b-c_d.e", "localhost/x", "localhost:5000/x", "10.0.0.1:5000/x"] {
            let text = format!("{name}@{DIGEST}");
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
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
            "r.example:+80/a",
            "r.example/a b",
            "r.example/a\n",
            "r.example/$(id)",
            "https://r.example/a",
            "r.example/-a",
            "r.example/a@x",
            "r..example/a",
            "ré.example/a",
        ] {
            assert!(format!("{name}@{DIGEST}").parse::<Reference>().is_err(), "{name:?}");
        }
        for text in ["r.example/a", "r.example/a@", "r.example/a@sha256:0", "r.example/a@sha512:0"] {
            assert!(text.parse::<Reference>().is_err(), "{text:?}");
        }
        assert!(format!("r.example/{}@{DIGEST}", "a".repeat(400)).parse::<Reference>().is_err());
    }
}
