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
    /// When it was claimed, where it stood by before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Timestamp>,
    /// The base image: its fingerprint.
    pub base: String,
    /// The image that was baked of the two, and that the guest was made from: its fingerprint. None in a cold launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baked: Option<String>,
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
    /// The guest that was launched. None in receipts of before it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Identity>,
    /// What the rules said of it, as `rule: subject`. Nothing that is an error is ever launched.
    #[serde(default)]
    pub verdicts: Vec<String>,
    /// Where the time went until this was written. None in receipts of before that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timings: Option<Timings>,
}

/// Which guest a receipt is of. A copy takes all config along, but these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// The number that the daemon gives each guest when it is made, copies too.
    pub uuid: String,
    /// The number that the daemon gives a guest whenever it puts it back to a snapshot.
    pub generation: String,
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
        let made_from = self.baked.as_ref().unwrap_or(&self.base);
        if base != made_from {
            say("base", format!("its image is {}, and was {}", excerpt(base, 12), excerpt(made_from, 12)));
        }
        if let Some(other) = self.guest.as_ref().and_then(|was| was.differs_from(&Identity::of(guest))) {
            say("guest", other);
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

impl Identity {
    /// Which guest this is.
    #[must_use]
    pub fn of(guest: &Instance) -> Self {
        let value = |key: &str| guest.config.get(key).cloned().unwrap_or_default();
        Self { name: guest.name.clone(), uuid: value("volatile.uuid"), generation: value("volatile.uuid.generation") }
    }

    /// What tells the guest that there is from the one that was launched; nothing where it is that.
    fn differs_from(&self, is: &Self) -> Option<String> {
        let was = excerpt(&self.name, 64);
        if self.uuid != is.uuid {
            Some(format!("it is not the guest that was launched, but a copy of {was}, or another one with its receipt"))
        } else if self.name != is.name {
            Some(format!("it was launched as {was}, and renamed since"))
        } else if self.generation != is.generation {
            Some("it was put back to a snapshot since it was launched".into())
        } else {
            None
        }
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

#[cfg(test)]
impl Receipt {
    /// A receipt that says nothing.
    pub(super) fn example() -> Self {
        Self {
            podclaw: String::new(),
            finished: Timestamp::UNIX_EPOCH,
            claimed: None,
            base: String::new(),
            baked: None,
            gateway: String::new(),
            profiles: Vec::new(),
            millis: 0,
            stages: Vec::new(),
            probes: Vec::new(),
            digests: None,
            guest: None,
            verdicts: Vec::new(),
            timings: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_of_one_guest() {
        let guest = |name: &str, uuid: &str, generation: &str| Instance {
            name: name.into(),
            config: [("volatile.uuid", uuid), ("volatile.uuid.generation", generation)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..Instance::default()
        };
        let receipt = Receipt { guest: Some(Identity::of(&guest("a", "1", "1"))), ..Receipt::example() };
        let said = |receipt: &Receipt, guest: &Instance| {
            let found = receipt.mismatches(guest).into_iter();
            found.map(|mismatch| format!("{}: {}", mismatch.subject, mismatch.message)).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(said(&receipt, &guest("a", "1", "1")), "");
        assert!(said(&receipt, &guest("b", "2", "2")).starts_with("guest: it is not the guest that was launched"));
        // Also where the original is gone, and the copy has its name.
        assert!(said(&receipt, &guest("a", "2", "2")).contains("a copy of a"));
        assert!(said(&receipt, &guest("a", "", "")).contains("a copy of a"));
        assert_eq!(said(&receipt, &guest("b", "1", "1")), "guest: it was launched as a, and renamed since");
        assert!(said(&receipt, &guest("a", "1", "2")).contains("put back to a snapshot"));
        let old = Receipt { guest: None, ..receipt };
        assert_eq!(said(&old, &guest("b", "2", "2")), "");
    }
}
