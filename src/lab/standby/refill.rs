//! Keeping as many guests standing by as are wanted, and none that is stale.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::fit::Judge;
use crate::image::BakedImage;
use crate::incus::{Collection, Config, Instance, Job, Object, Refusal};
use crate::lab::cleanup::{remove_guest, remove_launched};
use crate::lab::guests::{LAUNCH_KEY, Readiness, STATE_KEY};
use crate::lab::{Error, Lab, Result, Settled};
use crate::names::GuestName;
use crate::text::excerpt;
use crate::turn;

/// A guest that stands by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub name: GuestName,
    /// When it was proven.
    pub proven: Timestamp,
}

/// A guest that stood by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its name.
    pub name: GuestName,
    /// Why it was removed; escaped.
    pub why: String,
}

/// What was found, and what became of it.
#[derive(Debug, Default)]
pub struct Tidied {
    /// The guests that stand by, and may be claimed.
    pub standing: Vec<Standing>,
    /// Those that did.
    pub removed: Vec<Removed>,
    /// A guest whose launch failed, and that was kept: until somebody has looked at it, no other is launched.
    pub failed: Option<GuestName>,
}

/// The right to look after a lab's standby guests, which one process has at a time.
#[derive(Debug)]
pub struct StandbyTurn(#[expect(dead_code, reason = "it is held, and not used")] File);

impl StandbyTurn {
    /// Waits for it, in the directory of the lab's lock: whoever has another cache directory waits, too.
    ///
    /// # Errors
    /// What the file system says; that the job was cancelled.
    pub async fn take(lab: &Lab, directory: &Path, job: &Job) -> Result<Self> {
        let path = lab.turn_file(directory, "standby")?;
        let failed = |source| Error::Unreadable { path: path.display().to_string(), source };
        let lock = turn::wait(&path, "waiting for another `podclaw pool` to end", job).await.map_err(failed)?;
        lock.map(Self).ok_or(Error::Cancelled)
    }
}

/// Removes what stands by and is stale, what a killed `pool` left, and what is more than `most`, the oldest first. With
/// nothing that a launch would be made of, everything that stands by is removed.
///
/// # Errors
/// What the daemon says.
pub async fn tidy(
    lab: &Lab,
    made_of: Option<(&Settled, &BakedImage)>,
    most: usize,
    _turn: &StandbyTurn,
    job: &Job,
) -> Result<Tidied> {
    let judge = match made_of {
        Some((settled, baked)) => Some(Judge::new(lab, settled, baked)?),
        None => None,
    };
    let mut tidied = Tidied::default();
    let mut guests = lab.client.list_with_state(&Collection::instances(&lab.project)).await?;
    guests.retain(|guest| lab.mark().is_on(&guest.instance.config));
    for guest in guests {
        let Ok(name) = guest.instance.name.parse::<GuestName>() else { continue };
        let unfit = match Readiness::read(guest.instance.config.get(STATE_KEY)) {
            Readiness::Failed => {
                tidied.failed.get_or_insert(name);
                continue;
            }
            // Nobody else launches any now.
            Readiness::Filling => Err("the `podclaw pool` that made it was killed".to_owned()),
            Readiness::Standby => match &judge {
                Some(judge) => judge.judge(lab, &guest).await,
                None => Err("no guest is to stand by".to_owned()),
            },
            _ => continue,
        };
        match unfit {
            Ok(receipt) => tidied.standing.push(Standing { name, proven: receipt.finished }),
            Err(why) => tidied.remove(lab, name, &why, job).await?,
        }
    }
    tidied.standing.sort_by_key(|standing| std::cmp::Reverse(standing.proven));
    while tidied.standing.len() > most {
        let Some(oldest) = tidied.standing.pop() else { break };
        tidied.remove(lab, oldest.name, "fewer are to stand by", job).await?;
    }
    tidied.standing.reverse();
    Ok(tidied)
}

impl Tidied {
    /// Takes a guest out of those that can be claimed, and removes it then: one that was claimed meanwhile stays.
    async fn remove(&mut self, lab: &Lab, name: GuestName, why: &str, job: &Job) -> Result<()> {
        if job.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let began = Instant::now();
        let object = Object::instance(&lab.project, name.as_str());
        let Some((found, tag)) = lab.client.get_tagged::<Instance>(&object).await? else { return Ok(()) };
        let is_ours = lab.mark().is_on(&found.config);
        let state = Readiness::read(found.config.get(STATE_KEY));
        if !is_ours || !matches!(state, Readiness::Standby | Readiness::Filling) {
            return Ok(());
        }
        let why = excerpt(why, 300);
        job.progress.begin(format!("removing {name}: {why}"));
        let config = Config::from([(STATE_KEY.to_owned(), Readiness::Filling.as_str().to_owned())]);
        match lab.client.patch_if(&tag, &object, &json!({ "config": config })).await {
            Err(error) if error.refusal() == Some(Refusal::Changed) => return Ok(()),
            taken => taken?,
        }
        match found.config.get(LAUNCH_KEY) {
            Some(launch) => remove_launched(lab, &name, launch, job).await?,
            None => remove_guest(lab, &name, job).await?,
        };
        job.progress.done(format!("{name} removed: {why}"), began.elapsed());
        self.removed.push(Removed { name, why });
        Ok(())
    }
}
