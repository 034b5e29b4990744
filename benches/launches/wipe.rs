//! The end of many tiny guests: by Incus' own client, and by podclaw's wipe.

use futures_util::{StreamExt as _, stream};
use podclaw::incus::{Client, Config, Devices, InstanceKind, Job, NewInstance, Object, ProjectName, StateChange};
use serde_json::{Value, json};

use crate::harness::{Daemon, Lab, block_on};
use crate::samples::{seconds, timed};

/// How many there are.
pub(crate) const GUESTS: usize = 32;

/// Deletes as many guests in both ways, one after the other, some times.
pub(crate) fn measure(daemon: &Daemon, rounds: usize) -> Value {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    lab.import_tiny();
    println!("the end of {GUESTS} tiny guests");
    let names: Vec<String> = (0..GUESTS).map(|number| format!("w{number}")).collect();
    let longest = std::time::Duration::from_mins(10);
    let (mut by_hand, mut wipe) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        block_on(start(&lab, &names));
        let (took, said) = timed(|| lab.incus(&["delete", "--force"]).args(&names).timeout(longest).run());
        said.ok();
        by_hand.push(seconds(took));
        block_on(start(&lab, &names));
        let guests = ["wipe", "--level", "guests", "--yes", lab.name()];
        let (took, said) = timed(|| lab.podclaw(&guests).timeout(longest).run());
        said.ok();
        wipe.push(seconds(took));
    }
    json!({ "guests": GUESTS, "incus_delete_seconds": by_hand, "wipe_seconds": wipe })
}

async fn start(lab: &Lab<'_>, names: &[String]) {
    let client = &Client::connect(&lab.daemon().socket()).await.expect("the daemon answers");
    let project = &lab.name().parse::<ProjectName>().expect("a lab's name is a project's");
    let alias = client.get::<podclaw::incus::ImageAlias>(&Object::image_alias(project, "tiny")).await;
    let new = &NewInstance {
        config: Config::from([("user.podclaw.lab".into(), lab.name().into())]),
        devices: Devices::new(),
        profiles: vec![format!("{}-guest", lab.name()), format!("{}-small", lab.name())],
        description: String::new(),
        kind: InstanceKind::Container,
        image: alias.expect("it answers").expect("the image is there").target,
    };
    let made = stream::iter(names).for_each_concurrent(2, async |name| {
        client.create(&Object::instance(project, name), new, &Job::quiet()).await.expect("it is made");
        client.change_state(project, name, StateChange::Start, &Job::quiet()).await.expect("it starts");
    });
    made.await;
}
