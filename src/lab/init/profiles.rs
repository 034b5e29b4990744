//! The profiles.

use serde_json::{Value, json};

use super::{Init, hurt};
use crate::incus::{Collection, InstanceWithState, Object, Profile};
use crate::lab::plan::Held;
use crate::lab::prepare::refused;
use crate::lab::{Change, Error, Lab, Plan, Result};
use crate::profile::{Difference, Layer};
use crate::rules;

impl Init<'_> {
    pub(super) async fn profiles(&self, plan: &mut Plan) -> Result<()> {
        let is_fresh = plan.steps.iter().any(|it| it.kind == "project" && matches!(it.change, Change::Create(_)));
        let library = self.lab.library()?;
        let lab = &self.lab.settings.name;
        // A dry run has not made the project, so there is nothing to ask the daemon for. Else one request is enough.
        let mut found = if is_fresh && self.is_dry() {
            Vec::new()
        } else {
            self.lab.client.list::<Profile>(&Collection::profiles(&self.lab.project)).await?
        };
        for profile in library.iter() {
            let name = lab.profile(&profile.name);
            let target = self.target(Object::profile(&self.lab.project, &name), "profile");
            let mut body = profile.put_json(lab);
            let at = found.iter().position(|found| found.name == name);
            let is = target.own(at.map(|at| found.swap_remove(at)), |found| &found.config)?;
            let Some(is) = is else {
                let all = profile.differs_from(lab, "", &Layer::default());
                plan.steps.push(target.create(all, &body).await?);
                continue;
            };
            let layer = Layer { config: is.config.clone(), devices: is.devices.clone() };
            let mut differences = profile.differs_from(lab, &is.description, &layer);
            let mut held = Vec::new();
            if !self.may_disrupt() && hurt::could(&differences) {
                held = self.hold(&name, &is, &mut differences).await?;
                keep(&mut body, &is, held.iter().flat_map(|(differences, _)| differences));
            }
            if held.is_empty() || !differences.is_empty() {
                plan.steps.push(target.put_right(differences, &body).await?);
            }
            for (differences, reason) in held {
                plan.steps.push(target.step(Change::Hold(differences, Held { reason, can_disrupt: true })));
            }
        }
        Ok(())
    }

    /// Takes out of the differences what guests that run with this profile would feel, with the reasons.
    async fn hold(
        &self,
        profile: &str,
        is: &Profile,
        differences: &mut Vec<Difference>,
    ) -> Result<Vec<(Vec<Difference>, String)>> {
        // All of them at once: what they use is asked for each time, and there may be hundreds.
        let mut guests = self.lab.client.list_with_state(&Collection::instances(&self.lab.project)).await?;
        guests.retain(|InstanceWithState { instance, .. }| {
            instance.status.is_up() && instance.profiles.iter().any(|name| name == profile)
        });
        Ok(hurt::take(differences, is, &guests))
    }
}

/// Puts what the daemon has into the body in place of what is held back.
fn keep<'a>(body: &mut Value, is: &Profile, held: impl Iterator<Item = &'a Difference>) {
    for difference in held {
        if let Some(key) = difference.key.strip_prefix("config ") {
            match &difference.old {
                Some(old) => body["config"][key] = json!(old),
                None => drop(body["config"].as_object_mut().and_then(|config| config.remove(key))),
            }
        } else if let Some((device, key)) = hurt::device(&difference.key) {
            match is.devices.get(device).and_then(|device| device.get(key)) {
                Some(old) => body["devices"][device][key] = json!(old),
                None => drop(body["devices"][device].as_object_mut().and_then(|device| device.remove(key))),
            }
        }
    }
}

impl Lab {
    /// Judges every profile on top of the lab's own stack, before the daemon hears of it: Incus itself takes a profile of a
    /// restricted project as it is, and refuses only some of the guests that use it.
    pub(super) fn profiles_must_contain(&self) -> Result<()> {
        let library = self.library()?;
        let stack = library.stack(self.settings.profiles.iter().map(String::as_str))?;
        let lab = &self.settings.name;
        let mut found = rules::profile::stack(&stack, &Layer::default(), lab);
        for profile in library.iter() {
            found.extend(rules::profile::on_top(&stack.profiles, profile, lab));
        }
        let mut refused = refused(found);
        refused.sort();
        refused.dedup();
        if refused.is_empty() { Ok(()) } else { Err(Error::NotContained(refused)) }
    }
}
