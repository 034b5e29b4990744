//! How a lab differs from its file: what `init` would do.

use crate::lab::{Change, Error, Lab, Step, plan_init};
use crate::lint::Report;
use crate::profile::Difference;
use crate::rules::live::{Drift, DriftState};

/// Compares as `init` does, and changes nothing. Where that ends early, the rest is a failure.
pub(super) async fn of(lab: &Lab, report: &mut Report) -> Vec<Drift> {
    let found = match plan_init(lab).await {
        Ok(plan) => return plan.steps.into_iter().filter_map(|step| drift(step, report)).collect(),
        Err(Error::Foreign { object }) => Some(Drift { object, state: DriftState::Foreign }),
        Err(Error::Fixed { object, key, is, wanted }) => {
            let difference = Difference { key: key.into(), old: Some(is), new: Some(wanted) };
            Some(Drift { object, state: DriftState::Fixed(difference) })
        }
        Err(error) => {
            report.fail("the lab's objects", format!("they can't be compared with the lab file: {error}"));
            None
        }
    };
    if let Some(found) = &found {
        let reason = format!("`podclaw init` stops at the {}, so the objects after it were not compared", found.object);
        report.fail("the lab's objects", reason);
    }
    found.into_iter().collect()
}

fn drift(step: Step, report: &mut Report) -> Option<Drift> {
    let object = format!("{} {}", step.kind, step.name);
    let state = match step.change {
        Change::Keep => return None,
        Change::Create(_) => DriftState::Missing,
        // What `init` holds back because of guests that run is different all the same.
        Change::Update(differences) | Change::Hold(differences, _) => DriftState::Differs(differences),
        Change::Unseen(reason) => {
            report.fail(object, reason);
            return None;
        }
    };
    Some(Drift { object, state })
}
