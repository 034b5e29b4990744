//! The names of a lab and of everything in it.
//!
//! A lab's name prefixes every object that belongs to it, so that several labs live side by side in one daemon.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A name that podclaw or Incus would refuse.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name:?} is not a valid {kind} name: {reason}")]
pub struct InvalidName {
    kind: &'static str,
    name: String,
    reason: &'static str,
}

/// The name of a lab: at most 11 characters, because its bridge, `<lab>br0`, must fit into the kernel's 15.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabName(String);

impl LabName {
    const LONGEST: usize = 11;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Incus project that holds the lab's guests, profiles and images.
    #[must_use]
    pub fn project(&self) -> String {
        self.0.clone()
    }

    /// The storage pool of the lab.
    #[must_use]
    pub fn pool(&self) -> String {
        self.0.clone()
    }

    /// The bridge that the lab's guests are on. It lives in the project `default`, as Incus 6.0 demands of bridges.
    #[must_use]
    pub fn network(&self) -> String {
        format!("{}br0", self.0)
    }

    /// The network ACL that the bridge enforces.
    #[must_use]
    pub fn acl(&self) -> String {
        format!("{}-egress", self.0)
    }

    /// The Incus name of one of the lab's profiles: `guest` becomes `<lab>-guest`.
    #[must_use]
    pub fn profile(&self, short: &str) -> String {
        format!("{}-{short}", self.0)
    }
}

impl Default for LabName {
    fn default() -> Self {
        Self("podclaw".into())
    }
}

impl FromStr for LabName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        let refuse = |reason| Err(InvalidName { kind: "lab", name: crate::text::excerpt(name, 64), reason });
        if name == "default" {
            return refuse("`default` is Incus' own project");
        }
        if name.len() > Self::LONGEST {
            return refuse("it is longer than 11 characters, so the name of its bridge would not fit");
        }
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return refuse("it must start with a lower-case letter");
        }
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return refuse("only lower-case letters, digits and dashes are allowed");
        }
        if name.ends_with('-') {
            return refuse("it must not end in a dash");
        }
        Ok(Self(name.into()))
    }
}

/// The name of a guest: what Incus accepts, which is a host name of one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GuestName(String);

impl GuestName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GuestName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        let refuse = |reason| Err(InvalidName { kind: "guest", name: crate::text::excerpt(name, 64), reason });
        if name.is_empty() || name.len() > 63 {
            return refuse("a host name has 1 to 63 characters");
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return refuse("only letters, digits and dashes are allowed in a host name");
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return refuse("it must start with a letter");
        }
        if name.ends_with('-') {
            return refuse("it must not end in a dash");
        }
        Ok(Self(name.into()))
    }
}

macro_rules! text_conversions {
    ($($type:ty),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;

            fn try_from(name: String) -> Result<Self, InvalidName> {
                name.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    )+};
}
text_conversions!(LabName, GuestName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lab_names() {
        for good in ["podclaw", "a", "t1", "my-lab", "a-2345678901"[..11].into()] {
            assert!(good.parse::<LabName>().is_ok(), "{good}");
        }
        for bad in ["", "default", "Lab", "1lab", "-lab", "lab-", "a_b", "a b", "twelve-chars", "läb", "a\n"] {
            assert!(bad.parse::<LabName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn guest_names() {
        for good in ["demo", "A", "a1-b", &"a".repeat(63)] {
            assert!(good.parse::<GuestName>().is_ok(), "{good}");
        }
        for bad in ["", "1a", "a.b", "a/b", "../x", "a_b", "a-", "-a", "a b", "a\u{0}", "é", &"a".repeat(64)] {
            assert!(bad.parse::<GuestName>().is_err(), "{bad:?}");
        }
    }
}
