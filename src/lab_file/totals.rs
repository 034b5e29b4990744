//! What all guests of a lab may have together, as the lab file says.

use std::fmt;
use std::num::NonZeroU32;

use serde::Deserialize;

use crate::profile::Size;

/// The most that all guests of the lab may have together. Incus adds up the limits that the guests have, whether they
/// run or not, and refuses the guest that would be too much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// How many guests.
    pub guests: Option<Count>,
    /// CPUs, as the guests' `limits.cpu` count them.
    pub cpu: Option<Count>,
    /// Memory. The default is a share of the host's.
    pub memory: Option<Size>,
    /// Processes and threads. The default is a share of what the host's kernel can have.
    pub processes: Option<Count>,
    /// Root disks and custom volumes; an image that is added must fit into what is left.
    pub disk: Option<Size>,
}

/// How many of something; at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Count(NonZeroU32);

impl Count {
    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<String> for Count {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // Rust's own reader takes a sign, which Incus does not.
        let digits = Some(&text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let count = digits.and_then(|digits| digits.parse().ok());
        count.map(Self).ok_or_else(|| format!("`{}` is no number from 1", crate::text::excerpt(&text, 64)))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
