//! Making a guest that shares its user ids with no other.
//!
//! Incus 6.0.4 looks for a free range of ids for an isolated guest and writes down what it took in two steps: guests made
//! at the same moment can get the same range. Escaping from one would then be having the others.

use std::time::Duration;

use tokio::time::sleep;

use super::cleanup::remove_launched;
use super::{Error, Lab, Prepared, Result};
use crate::incus::{Collection, Filter, Instance, Job, Object, Refusal, Wait};

/// How many ids an isolated guest has.
const IDS: u64 = 65536;
/// The config key in which Incus writes down the first one.
const BASE: &str = "volatile.idmap.base";
/// Up to how many guests of a lab are looked at in one request for all.
const CROWD: usize = 16;
/// How often it is tried, and how long is waited before.
const TRIES: u32 = 5;
const BREATH: Duration = Duration::from_millis(300);

/// Makes a guest, and makes it again if another one has its ids; returns what the daemon made of it. Guests of one process
/// are made one after the other; the look afterwards is for those of others.
pub(super) async fn create(lab: &Lab, prepared: &Prepared, job: &Job) -> Result<Instance> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    for attempt in 1..=TRIES {
        let turn = lab.client.timeline().waiting(Wait::Turn, lab.creating.lock()).await;
        if let Err(error) = lab.client.create(&instance, &prepared.instance, job).await {
            return Err(match error.refusal() {
                // Busy is a guest that another launch makes just now.
                Some(Refusal::AlreadyExists | Refusal::Busy) => Error::NameTaken(prepared.name.clone()),
                Some(_) if !has_its_image(lab, prepared).await? => Error::BakedGone,
                _ => error.into(),
            });
        }
        if let Some(made) = with_own_ids(lab, prepared).await? {
            return Ok(made);
        }
        remove_launched(lab, &prepared.name, prepared.launch_id(), job).await?;
        drop(turn);
        // The other one does the same, and must not do it at the same time again.
        sleep(BREATH * attempt + Duration::from_millis(u64::from(std::process::id()) % 200)).await;
    }
    Err(Error::SharedIds(prepared.name.clone()))
}

/// Whether the image that it is made from is there. A bake deletes those that were baked before.
async fn has_its_image(lab: &Lab, prepared: &Prepared) -> Result<bool> {
    match &prepared.baked {
        Some(baked) => Ok(lab.client.exists(&Object::image(&lab.project, baked.fingerprint.as_str())).await?),
        None => Ok(true),
    }
}

/// What the daemon made, unless another guest, of whatever project, has its ids. Of a crowd the daemon is asked for those
/// near by alone: each one that is made would else be told of all others.
async fn with_own_ids(lab: &Lab, prepared: &Prepared) -> Result<Option<Instance>> {
    let everywhere = Collection::instances_everywhere();
    let is_made = |it: &Instance| it.name == prepared.name.as_str() && it.project == lab.project.as_str();
    let mut seen = Vec::new();
    if prepared.guests > CROWD {
        let object = Object::instance(&lab.project, prepared.name.as_str());
        let made = lab.client.get::<Instance>(&object).await?;
        if let Some(own) = made.as_ref().and_then(base) {
            let near = Filter::config(BASE, &near(own));
            seen = lab.client.list_where::<Instance>(&everywhere, &near).await?;
        }
    }
    // An answer that leaves out the guest itself may leave out others as well.
    if !seen.iter().any(is_made) {
        seen = lab.client.list(&everywhere).await?;
    }
    let Some(at) = seen.iter().position(is_made) else { return Ok(None) };
    let made = seen.swap_remove(at);
    // Without a number of its own it has no range of its own.
    let Some(own) = base(&made) else { return Ok(None) };
    let is_shared = seen.iter().filter_map(base).any(|other| other.abs_diff(own) < IDS);
    Ok((!is_shared).then_some(made))
}

fn base(instance: &Instance) -> Option<u64> {
    instance.config.get(BASE)?.parse().ok()
}

/// A pattern for all numbers that are less than a range away from this one, and some more.
fn near(own: u64) -> String {
    const BLOCK: u64 = 100_000;
    let blocks = own.saturating_sub(IDS) / BLOCK..=own.saturating_add(IDS) / BLOCK;
    let block = |number| if number == 0 { "[0-9]{1,5}".to_owned() } else { format!("{number}[0-9]{{5}}") };
    blocks.map(block).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_could_share_an_id_is_near() {
        assert_eq!(near(1_000_000), "9[0-9]{5}|10[0-9]{5}");
        assert_eq!(near(1_065_536), "10[0-9]{5}|11[0-9]{5}");
        assert_eq!(near(65_536), "[0-9]{1,5}|1[0-9]{5}");
        // Whatever the number is, those that overlap are in one of the blocks, and there are few of them.
        for own in (0..3_000_000).step_by(4_099) {
            let near = near(own);
            assert!(near.split('|').count() <= 3, "{own}: {near}");
            for other in [own.saturating_sub(IDS - 1), own, own + IDS - 1] {
                let text = other.to_string();
                let block =
                    if text.len() > 5 { format!("{}[0-9]{{5}}", &text[..text.len() - 5]) } else { "[0-9]{1,5}".into() };
                assert!(near.split('|').any(|it| it == block), "{own} and {other}: {near}");
            }
        }
    }
}
