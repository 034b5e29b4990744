//! Whether the lab is as it has to be: a guest is only contained where all of it is.

use crate::incus::Project;
use crate::text;

use super::{Change, Error, Lab, Plan, Result, Step, init};

impl Lab {
    /// Fails unless project, network and ACL, and with `all` pool and profiles, too, are just as they have to be: a guest is
    /// only contained where all of them are. Returns what was seen.
    pub(super) async fn must_be_in_order(&self, project: Project, all: bool) -> Result<Plan> {
        let plan = init::look(self, project, all).await?;
        in_order(&plan)?;
        Ok(plan)
    }

    /// Why the daemon would not make, or made otherwise, what was judged: that pool or profiles are not as they have to be,
    /// where that is so.
    pub(super) async fn blame(&self, error: Error) -> Error {
        match init::look_at_sources(self).await {
            Ok(plan) => in_order(&plan).err().unwrap_or(error),
            Err(Error::Incus(_)) => error,
            Err(foreign) => foreign,
        }
    }
}

/// Fails unless everything in a plan is as it has to be.
fn in_order(plan: &Plan) -> Result<()> {
    // What only root can see is no reason to refuse others: they can launch, and root's `init` put it there.
    let is_root = rustix::process::geteuid().is_root();
    let not_right = |step: &&Step| match step.change {
        Change::Keep => false,
        Change::Unseen(_) => is_root,
        _ => true,
    };
    let Some(step) = plan.steps.iter().find(not_right) else { return Ok(()) };
    let object = format!("{} {}", step.kind, text::excerpt(&step.name, 64));
    let difference = step.change.differences().first().map(ToString::to_string).unwrap_or_default();
    Err(match step.change.clone() {
        Change::Create(_) => Error::Drifted { object, difference: "it is missing".into() },
        Change::Hold(_, held) => Error::HeldBack { object, difference, held },
        Change::Unseen(reason) => Error::Drifted { object, difference: format!("it can't be seen: {reason}") },
        _ => Error::Drifted { object, difference },
    })
}
