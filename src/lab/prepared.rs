//! A guest that was judged, and can be launched.

use crate::fence::Fence;
use crate::image::{BakedImage, Images};
use crate::incus::{Config, NewInstance};
use crate::names::GuestName;
use crate::profile::Effective;

use super::guests::{LAUNCH_KEY, Readiness, STATE_KEY, is_of_launch};
use super::timings::SettledAt;
use super::{Digests, digests};

/// A guest that can be launched: what is sent for it was judged.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its name.
    pub name: GuestName,
    /// What the daemon is sent.
    pub instance: NewInstance,
    /// What it is made of.
    pub images: Images,
    /// The image baked of those, where it is made from that.
    pub baked: Option<BakedImage>,
    /// What was judged: the daemon has to make just this of what it is sent.
    pub(super) judged: Effective,
    /// Digests of that.
    pub(super) digests: Digests,
    /// What the rules said of it that keeps nothing from being launched.
    pub(super) verdicts: Vec<String>,
    /// What podclaw's own table is to be.
    pub(super) fence: Option<Fence>,
    /// What it shares with others that are launched with it.
    pub(super) settled: SettledAt,
    /// How many guests the lab has, with those that are launched with it.
    pub(super) guests: usize,
}

impl Prepared {
    /// What tells this launch from every other.
    pub(super) fn launch_id(&self) -> &str {
        self.instance.config.get(LAUNCH_KEY).map_or("", String::as_str)
    }

    /// Whether this launch made the instance that has this config.
    pub(super) fn made(&self, config: &Config) -> bool {
        is_of_launch(config, self.launch_id())
    }

    /// What it is when its launch has ended well.
    pub(super) fn becomes(&self) -> Readiness {
        match Readiness::read(self.instance.config.get(STATE_KEY)) {
            Readiness::Filling => Readiness::Standby,
            _ => Readiness::Ready,
        }
    }

    /// The user-data that it gets; none where its image is baked.
    #[must_use]
    pub fn user_data(&self) -> Option<&str> {
        self.instance.config.get(digests::USER_DATA).map(String::as_str)
    }
}
