//! `wipe`: that everything of the lab goes and nothing else, whatever happens meanwhile.
//!
//! How many guests and rounds there are is small here, so that `make test` does not take hours; `make test-wipe` takes the
//! full numbers.

mod everything;
mod foreign;
mod hostile;
mod killed;
mod many;
mod neighbour;
mod quarantine;
mod stuck;

use futures_util::StreamExt as _;
use podclaw::incus::{Client, Config, Devices, InstanceKind, Job, NewInstance, Object, ProjectName, StateChange};

use crate::harness::{Lab, Test, block_on};

pub(crate) const TESTS: &[&[Test]] =
    &[everything::TESTS, foreign::TESTS, hostile::TESTS, killed::TESTS, many::TESTS, quarantine::TESTS, stuck::TESTS];

/// How many guests are made in one go.
const AT_ONCE: usize = 40;

/// A number of guests or rounds, from a variable.
pub(crate) fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |given| given.parse().expect("it is a number"))
}

/// What a tiny guest that podclaw takes for its own is made of.
fn own(lab: &Lab, image: &str) -> NewInstance {
    let name = lab.name();
    NewInstance {
        config: Config::from([("user.podclaw.lab".to_owned(), name.to_owned())]),
        devices: Devices::new(),
        profiles: vec![format!("{name}-guest"), format!("{name}-small")],
        description: String::new(),
        kind: InstanceKind::Container,
        image: image.to_owned(),
    }
}

/// Makes tiny guests, `g0` and so on, through the API: started, or with a snapshot and a volume each. Their image is the
/// lab's, as one that podclaw builds is.
pub(crate) fn fill(lab: &Lab, count: usize, starts: bool) {
    lab.import_tiny();
    let image = lab.incus(&["image", "list", "tiny", "-f", "csv", "-c", "F"]).run().ok().trim().to_owned();
    lab.incus(&["image", "set-property", &image, "user.podclaw.lab", lab.name()]).run().ok();
    if !starts {
        lab.daemon().incus(&["project", "set", lab.name(), "restricted.snapshots=allow"]).run().ok();
    }
    // What is asynchronous is bounded in time, and hundreds take a while.
    for first in (0..count).step_by(AT_ONCE) {
        block_on(async {
            let client = &Client::connect(&lab.daemon().socket()).await.expect("the daemon answers");
            let project = &lab.name().parse::<ProjectName>().expect("a lab's name is a project's");
            let new = &own(lab, &image);
            let one = |number: usize| make(client, project, new, number, starts);
            let numbers = first..count.min(first + AT_ONCE);
            futures_util::stream::iter(numbers.map(one)).buffer_unordered(3).collect::<Vec<()>>().await;
        });
    }
}

async fn make(client: &Client, project: &ProjectName, new: &NewInstance, number: usize, starts: bool) {
    let (name, job) = (format!("g{number}"), &Job::quiet());
    client.create(&Object::instance(project, &name), new, job).await.expect("it is made");
    if starts {
        // On a busy machine liblxc now and then gives up on one.
        let mut started = client.change_state(project, &name, StateChange::Start, job).await;
        for _ in 0..3 {
            if started.is_ok() {
                break;
            }
            started = client.change_state(project, &name, StateChange::Start, job).await;
        }
        started.expect("it starts");
        return;
    }
    let nothing = serde_json::json!({});
    client.create(&Object::snapshot(project, &name, "s0"), &nothing, job).await.expect("a snapshot is made");
    // The lab's pool and its mark are named as its project is.
    let volume = serde_json::json!({ "config": { "user.podclaw.lab": project.as_str() } });
    client.create(&Object::volume(project, project.as_str(), &name), &volume, job).await.expect("a volume is made");
}

/// Wipes, and looks that it says that nothing is left.
#[track_caller]
fn wiped(lab: &Lab) -> String {
    let said = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(std::time::Duration::from_mins(10)).run().exits(0);
    assert!(said.stdout.ends_with(", nothing is left\n"), "{said}");
    said.stdout
}
