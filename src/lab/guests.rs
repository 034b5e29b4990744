//! The guests of a lab, as the daemon knows them.

use std::net::IpAddr;

use serde::Serialize;

use super::{Error, Lab, Receipt, Result};
use crate::incus::{Collection, Config, InstanceWithState, Object, Status};
use crate::names::GuestName;

/// The config key in which a launch says how far it is.
pub(super) const STATE_KEY: &str = "user.podclaw.state";

/// The config key that tells one launch from every other: what a launch cleans up is only what it made itself, also
/// where another one makes a guest of the same name at the same moment.
pub(super) const LAUNCH_KEY: &str = "user.podclaw.launch";

/// Whether an instance with this config was made by that launch.
pub(super) fn is_of_launch(config: &Config, launch: &str) -> bool {
    config.get(LAUNCH_KEY).is_some_and(|made_by| made_by == launch)
}

/// How far a guest's launch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Readiness {
    /// It is being launched, or was when its launch was killed.
    Launching,
    /// Its gateway was started and looked at.
    Ready,
    /// It is being launched to stand by, or is being removed from there.
    Filling,
    /// Its gateway was started and looked at, and it waits for somebody to claim it.
    Standby,
    /// Its launch failed, and it was kept to be looked at.
    Failed,
    /// It is no guest to be used: an image is being baked in it.
    Baking,
    /// It does not say.
    Unknown,
}

impl Readiness {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Launching => "launching",
            Self::Ready => "ready",
            Self::Filling => "filling",
            Self::Standby => "standby",
            Self::Failed => "failed",
            Self::Baking => "baking",
            Self::Unknown => "unknown",
        }
    }

    pub(super) fn read(text: Option<&String>) -> Self {
        [Self::Launching, Self::Ready, Self::Filling, Self::Standby, Self::Failed, Self::Baking]
            .into_iter()
            .find(|state| text.is_some_and(|text| text == state.as_str()))
            .unwrap_or(Self::Unknown)
    }
}

/// A guest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guest {
    /// Its name.
    pub name: String,
    /// What the daemon says of it: `running`, `stopped`, `frozen`, `error`.
    pub status: Status,
    /// How far its launch is.
    pub readiness: Readiness,
    /// Its addresses on the lab's network.
    pub addresses: Vec<IpAddr>,
    /// When it was made, as the daemon says.
    pub created: String,
    /// How much memory it uses, in bytes.
    pub memory: u64,
    /// How many processes it has.
    pub processes: u64,
    /// Its profiles, in order.
    pub profiles: Vec<String>,
    /// How its launch went; `None` where that was not written down.
    pub receipt: Option<Receipt>,
    /// What of it is not as its receipt says.
    pub mismatches: Vec<String>,
}

impl Guest {
    pub(super) fn of(found: InstanceWithState) -> Self {
        let InstanceWithState { instance, state, .. } = found;
        let receipt = Receipt::read(&instance.config);
        let mismatches = receipt.iter().flat_map(|receipt| receipt.mismatches(&instance));
        let mismatches = mismatches.map(|mismatch| mismatch.message).collect();
        Self {
            addresses: state.addresses(),
            name: instance.name,
            status: instance.status,
            readiness: Readiness::read(instance.config.get(STATE_KEY)),
            created: instance.created_at,
            memory: state.memory.usage.try_into().unwrap_or(0),
            processes: state.processes.try_into().unwrap_or(0),
            profiles: instance.profiles,
            mismatches,
            receipt,
        }
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == Status::Running
    }
}

/// The lab's guests, by name. Instances without its mark are left out.
pub async fn guests(lab: &Lab) -> Result<Vec<Guest>> {
    lab.must_exist().await?;
    let mut found = lab.client.list_with_state(&Collection::instances(&lab.project)).await?;
    found.retain(|found| lab.mark().is_on(&found.instance.config));
    let mut guests: Vec<Guest> = found.into_iter().map(Guest::of).collect();
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(guests)
}

/// One guest.
pub async fn guest(lab: &Lab, name: &GuestName) -> Result<Guest> {
    lab.must_exist().await?;
    let object = Object::instance(&lab.project, name.as_str());
    match lab.client.get_with_state(&object).await? {
        None => Err(Error::NoGuest(name.clone())),
        Some(found) if !lab.mark().is_on(&found.instance.config) => Err(Error::Foreign { object: object.to_string() }),
        Some(found) => Ok(Guest::of(found)),
    }
}

/// One guest, which must run.
pub async fn running_guest(lab: &Lab, name: &GuestName) -> Result<Guest> {
    let guest = guest(lab, name).await?;
    if guest.is_running() { Ok(guest) } else { Err(Error::NotRunning(name.clone())) }
}
