//! Taking the network away from a builder, before its gateway runs.
//!
//! What a gateway leaves in a bake, such as what node compiled, is in every guest. Without a network there is nobody but the
//! gateway's own pinned code to write it. The daemon takes the card out, and not the builder: the host's end of it is gone.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::cloud_init::OFFLINE;
use crate::incus::{Command, Instance, Job, Object, Wait};
use crate::lab::{Error, Lab, Prepared, Result};

/// How long one look for the builder's word takes at most, and the time in between. A guest that boots loses commands.
const LOOK: Duration = Duration::from_mins(1);
const BREATH: Duration = Duration::from_millis(500);
/// Nothing is read of what the look says.
const NOTHING: usize = 0;

/// Takes the builder's cards out, as soon as it says that it needs no network any more. It never ends before; whoever
/// follows the builder's stages knows when it is too late. Says when the daemon is asked for it.
pub(super) async fn take_offline(lab: &Lab, builder: &Prepared, asked: &AtomicBool, job: &Job) -> Result<()> {
    let name = builder.name.as_str();
    let script = format!("until [ -e {OFFLINE} ]; do sleep 0.2; done");
    let look = Command::new(["sh", "-c", &script]);
    while !matches!(lab.client.capture(&lab.project, name, &look, b"", NOTHING, LOOK).await, Ok(said) if said.code == 0)
    {
        lab.client.timeline().waiting(Wait::Guest, sleep(BREATH)).await;
    }
    let devices = builder.judged.layer().devices;
    let cards = devices.into_iter().filter(|(_, device)| device.get("type").is_some_and(|kind| kind == "nic"));
    // In the place of what its profiles give it.
    let none: Map<String, Value> = cards.map(|(card, _)| (card, json!({ "type": "none" }))).collect();
    let object = Object::instance(&lab.project, name);
    asked.store(true, Relaxed);
    lab.client.patch(&object, &json!({ "devices": none }), job).await?;
    let found = lab.client.get::<Instance>(&object).await?.unwrap_or_default();
    must_be_offline(&found)
}

/// Fails if a builder has a card, such as one that somebody gave it back.
pub(super) fn must_be_offline(builder: &Instance) -> Result<()> {
    let is_card = |kind: Option<&String>| kind.is_none_or(|kind| kind != "disk" && kind != "none");
    match builder.expanded_devices.iter().find(|(_, device)| is_card(device.get("type"))) {
        None => Ok(()),
        Some((card, _)) => Err(Error::Online { card: crate::text::excerpt(card, 64) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incus::{Config, Devices};

    #[test]
    fn whatever_could_be_a_card_is_one() {
        let device = |kind: &str| Config::from([("type".to_owned(), kind.to_owned())]);
        let builder = |more: Config| {
            let both = [("root", device("disk")), ("eth0", more)];
            let expanded_devices: Devices = both.map(|(name, device)| (name.to_owned(), device)).into();
            Instance { expanded_devices, ..Instance::default() }
        };
        assert!(must_be_offline(&builder(device("none"))).is_ok());
        for more in [device("nic"), device("infiniband"), device("proxy"), Config::default()] {
            assert!(must_be_offline(&builder(more)).is_err());
        }
    }
}
