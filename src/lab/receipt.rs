//! What a guest was made of and how its launch went. It is kept on the guest itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cloud_init::{Outcome, Stage};
use crate::incus::{Config, Instance};
use crate::probe::{Outcome as ProbeOutcome, Verdict};
use crate::rules::live::Mismatch;
use crate::text::excerpt;

use super::digests;
use super::{Digests, Timings};

/// The longest receipt that is read back, in bytes. The guest API is off, so a guest can't write to its own config;
/// somebody else with access to the daemon can.
const LARGEST: usize = 64 * 1024;

/// A launch, as it is written down on the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The version of podclaw that launched.
    pub podclaw: String,
    /// When the launch ended.
    pub finished: Timestamp,
    /// The base image: its fingerprint.
    pub base: String,
    /// The gateway image: its digest or reference.
    pub gateway: String,
    /// The profiles, in order.
    pub profiles: Vec<String>,
    /// How long the launch took, from the first question to the daemon on, in milliseconds.
    pub millis: u64,
    /// The stages, as the guest reported them.
    pub stages: Vec<StageRecord>,
    /// What the probes said before the guest was called ready. None in receipts of before there were probes.
    #[serde(default)]
    pub probes: Vec<ProbeRecord>,
    /// Digests of what went into it. None in receipts of before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Digests>,
    /// What the rules said of it, as `rule: subject`. Nothing that is an error is ever launched.
    #[serde(default)]
    pub verdicts: Vec<String>,
    /// Where the time went until this was written. None in receipts of before that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

/// What one probe said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Its name.
    pub id: String,
    /// What it said.
    pub verdict: Verdict,
    /// What came back.
    pub came_back: String,
}

/// How one stage went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Its short name.
    pub stage: String,
    /// `done`, `failed`, or `skipped: ` with the reason.
    pub outcome: String,
    /// How long it took by the guest's clock, in milliseconds.
    pub millis: u64,
}

impl Receipt {
    /// The config key that holds it.
    pub const KEY: &'static str = "user.podclaw.receipt";

    /// The receipt in a guest's config, if there is one that can be read.
    #[must_use]
    pub fn read(config: &Config) -> Option<Self> {
        let text = config.get(Self::KEY).filter(|text| text.len() <= LARGEST)?;
        serde_json::from_str(text).ok()
    }

    /// What of a guest is not as its receipt says. Nothing where it is what was launched; of a receipt without digests only
    /// the profiles and the base image are compared.
    #[must_use]
    pub fn mismatches(&self, guest: &Instance) -> Vec<Mismatch> {
        let mut found = Vec::new();
        let mut say = |subject, message: String| found.push(Mismatch { subject, message });
        let names = |names: &[String]| excerpt(&names.join(", "), 200);
        if guest.profiles != self.profiles {
            let message = format!("its profiles are {}, and were {}", names(&guest.profiles), names(&self.profiles));
            say("profiles", message);
        }
        let base = guest.config.get("volatile.base_image").map_or("", String::as_str);
        if base != self.base {
            say("base", format!("its base image is {}, and was {}", excerpt(base, 12), excerpt(&self.base, 12)));
        }
        let Some(judged) = &self.digests else { return found };
        if digests::effective(&guest.expanded_config, &guest.expanded_devices) != judged.effective {
            say("config", "its config or devices are not those that were judged before it was launched".into());
        }
        if digests::user_data(&guest.expanded_config) != judged.user_data {
            say("user-data", "its user-data is not that with which it was launched".into());
        }
        found
    }

    /// Writes it into a guest's config.
    pub fn write(&self, config: &mut Config) -> serde_json::Result<()> {
        config.insert(Self::KEY.into(), serde_json::to_string(self)?);
        Ok(())
    }
}

impl From<&ProbeOutcome> for ProbeRecord {
    fn from(outcome: &ProbeOutcome) -> Self {
        Self { id: outcome.probe.id.into(), verdict: outcome.verdict, came_back: outcome.came_back.clone() }
    }
}

impl StageRecord {
    /// The record of a stage that ended.
    #[must_use]
    pub fn new(stage: Stage, outcome: &Outcome, took: std::time::Duration) -> Self {
        let outcome = match outcome {
            Outcome::Done => "done".into(),
            Outcome::Skipped { reason } => format!("skipped: {reason}"),
            Outcome::Failed { .. } => "failed".into(),
        };
        Self { stage: stage.name().into(), outcome, millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX) }
    }
}
