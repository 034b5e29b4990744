//! What all guests of a lab may have together, as the lab file says.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::profile::Size;

/// The most that all guests of the lab may have together. Incus adds up the limits that the guests have, whether they
/// run or not, and refuses the guest that would be too much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// How many guests.
    pub guests: Option<NonZeroU32>,
    /// CPUs, as the guests' `limits.cpu` count them.
    pub cpu: Option<NonZeroU32>,
    /// Memory. The default is a share of the host's.
    pub memory: Option<Size>,
    /// Processes and threads. The default is a share of what the host's kernel can have.
    pub processes: Option<NonZeroU32>,
    /// Root disks and custom volumes; an image that is added must fit into what is left.
    pub disk: Option<Size>,
}
