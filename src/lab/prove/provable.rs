//! Which guests are proven when nobody names any; and which are not, because none is passed over in silence.

use serde::Serialize;

use crate::incus::{Collection, Instance, Status};
use crate::lab::{Lab, Result};
use crate::names::GuestName;
use crate::probe::Verdict;
use crate::text;

/// The instances of a lab's project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provable {
    /// Those that can be proven: the lab's guests that run.
    pub names: Vec<GuestName>,
    /// The rest.
    pub left_out: Vec<LeftOut>,
}

/// An instance that is not proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name, escaped.
    pub name: String,
    /// What the daemon says of it.
    pub status: Status,
    /// Why it is not proven.
    pub reason: &'static str,
    /// What is known of it without that: what is stopped reaches nothing, and of all else nobody knows.
    pub verdict: Option<Verdict>,
}

/// The instances of the lab's project, told apart.
pub async fn provable(lab: &Lab) -> Result<Provable> {
    lab.must_exist().await?;
    let mut all = lab.client.list::<Instance>(&Collection::instances(&lab.project)).await?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut provable = Provable::default();
    for instance in all {
        let is_marked = lab.mark().is_on(&instance.config);
        match (why_not(&instance, is_marked), instance.name.parse()) {
            (None, Ok(name)) => provable.names.push(name),
            (why, _) => provable.left_out.push(LeftOut {
                name: text::excerpt(&instance.name, 64),
                status: instance.status,
                reason: why.unwrap_or("podclaw gives no guest such a name"),
                verdict: (instance.status != Status::Stopped).then_some(Verdict::CouldNotTell),
            }),
        }
    }
    Ok(provable)
}

fn why_not(instance: &Instance, is_marked: bool) -> Option<&'static str> {
    match (instance.status, is_marked) {
        (Status::Running, true) => None,
        (Status::Stopped, true) => Some("it is stopped"),
        (Status::Stopped, false) => Some("it is stopped, and no guest of podclaw's"),
        (Status::Frozen, true) => Some("it is frozen: what it had open stays open, and nothing can be tried in it"),
        (_, false) => Some("it is no guest of podclaw's, and in the lab's project all the same"),
        (Status::Error | Status::Other, true) => Some("the daemon does not say that it runs, nor that it is stopped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_stopped_can_be_left_out_without_a_doubt() {
        for status in [Status::Running, Status::Stopped, Status::Frozen, Status::Error, Status::Other] {
            for is_marked in [true, false] {
                let instance = Instance { status, ..Instance::default() };
                let is_proven = why_not(&instance, is_marked).is_none();
                assert_eq!(is_proven, is_marked && status == Status::Running, "{status:?}");
            }
        }
    }
}
