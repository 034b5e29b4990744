//! Making every guest of the lab harmless before anything else is done: cut off, and halted with all that it has in memory.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use super::carry_out::is_own;
use super::guests::ends;
use super::pace::Pace;
use super::patience::patiently;
use crate::fence::{self, Filters};
use crate::incus::{Collection, Instance, Job, Object, Refusal, StateChange, Status};
use crate::lab::{Error, Lab, Result};

/// How long one guest may take to be halted, or cut off by the daemon.
const WITHIN: Duration = Duration::from_secs(20);

/// How guests were cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CutBy {
    /// By a firewall table of podclaw's, all at once.
    Table,
    /// By the daemon, which took their interfaces away one by one: this user may not change the firewall.
    Daemon,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// How many guests ran.
    pub guests: usize,
    /// How many of them are halted.
    pub frozen: usize,
    /// How they were cut off.
    pub cut_by: CutBy,
    /// How long it took until all were cut off, in milliseconds.
    pub cut_millis: u64,
    /// How long it took until all were halted, too.
    pub frozen_millis: u64,
    /// What did not work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
}

/// Cuts off and freezes every guest that carries the lab's mark and runs.
pub async fn quarantine(lab: &Lab, job: &Job) -> Result<Quarantined> {
    let began = Instant::now();
    let millis = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let lab = &lab.recording().await;
    let guests = running(lab, job).await?;
    let mut failed = Vec::new();
    let mut pace = Pace::default();
    let all_ends: BTreeSet<String> = guests.iter().flat_map(ends).collect();
    // What the daemon wrote down no end of is not cut off by the table.
    let (tabled, others): (Vec<_>, Vec<_>) =
        guests.iter().partition(|guest| nics(guest).count() <= ends(guest).count());
    let is_cut = fence::cut(&lab.settings.name, &all_ends, Filters::Keep).await.is_ok();
    let cut_by = if is_cut { CutBy::Table } else { CutBy::Daemon };
    let by_daemon: Vec<_> = if is_cut { others } else { tabled.into_iter().chain(others).collect() };
    let take = |guest| async move {
        let taken = take_interfaces(lab, guest, job).await;
        let went_well = taken.is_ok();
        (taken.err(), went_well)
    };
    failed.extend(pace.all(by_daemon.into_iter().map(take)).await.into_iter().flatten());
    let cut_millis = millis();
    let freeze = |guest: &Instance| {
        let name = guest.name.clone();
        async move {
            let frozen = timeout(WITHIN, lab.client.change_state(&lab.project, &name, StateChange::Freeze, job)).await;
            let why = match frozen {
                Ok(Ok(())) => None,
                Ok(Err(error)) if error.refusal() == Some(Refusal::NotFound) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some(format!("guest {name} was not halted within {} s", WITHIN.as_secs())),
            };
            let went_well = why.is_none();
            (why, went_well)
        }
    };
    let to_freeze = guests.iter().filter(|guest| guest.status != Status::Frozen).map(freeze);
    let not_frozen: Vec<String> = pace.all(to_freeze).await.into_iter().flatten().collect();
    let frozen = guests.len() - not_frozen.len();
    failed.extend(not_frozen);
    Ok(Quarantined { guests: guests.len(), frozen, cut_by, cut_millis, frozen_millis: millis(), failed })
}

async fn running(lab: &Lab, job: &Job) -> Result<Vec<Instance>> {
    if !is_own(lab, job).await? {
        return Ok(Vec::new());
    }
    let all = Collection::instances(&lab.project);
    let mut guests = match patiently(job, async || lab.client.list::<Instance>(&all).await).await {
        Err(Error::Incus(error)) if error.refusal() == Some(Refusal::NotFound) => Vec::new(),
        found => found?,
    };
    guests.retain(|guest| lab.mark().is_on(&guest.config) && guest.status.is_up());
    Ok(guests)
}

/// The names of a guest's network devices.
fn nics(guest: &Instance) -> impl Iterator<Item = &String> {
    let is_nic = |device: &std::collections::BTreeMap<String, String>| device.get("type").is_some_and(|it| it == "nic");
    guest.expanded_devices.iter().filter(move |(_, device)| is_nic(device)).map(|(name, _)| name)
}

/// Puts nothing in the place of each of a guest's network devices.
async fn take_interfaces(lab: &Lab, guest: &Instance, job: &Job) -> std::result::Result<(), String> {
    let devices: serde_json::Map<_, _> = nics(guest).map(|name| (name.clone(), json!({ "type": "none" }))).collect();
    if devices.is_empty() {
        return Ok(());
    }
    let object = Object::instance(&lab.project, &guest.name);
    let body = json!({ "devices": devices });
    match timeout(WITHIN, lab.client.patch(&object, &body, job)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("guest {} was not cut off within {} s", guest.name, WITHIN.as_secs())),
    }
}
