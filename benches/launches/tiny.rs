//! Ten tiny guests: all at once, and one at a time on each core. They hold nothing but busybox, so that what is seen is
//! the daemon's and podclaw's client's work.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use podclaw::incus::{
    Client, Config, Devices, ImageAlias, InstanceKind, Job, NewInstance, Object, ProjectName, StateChange,
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::harness::{Daemon, Lab, block_on};
use crate::samples::seconds;

/// How many there are.
pub(crate) const GUESTS: usize = 10;

/// Makes and starts them, some at once.
pub(crate) fn measure(daemon: &Daemon, rounds: usize) -> Value {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.import_tiny();
    println!("{GUESTS} tiny guests");
    let project: ProjectName = lab.name().parse().expect("a lab's name is a project's");
    let client = block_on(Client::connect(&daemon.socket())).expect("the daemon answers");
    let guest = block_on(tiny(&client, &project));
    let go = |count, at_once| seconds(block_on(up(&client, &project, &guest, count, at_once)));
    // The daemon unpacks the image when the first is made.
    go(1, 1);
    let (mut together, mut by_core, mut one_each) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        together.push(go(GUESTS, GUESTS));
        by_core.push(go(GUESTS, cores));
        one_each.push(go(cores, cores));
    }
    json!({
        "guests": GUESTS,
        "cores": cores,
        "at_once_seconds": together,
        "one_at_a_time_on_each_core_seconds": by_core,
        "one_on_each_core_seconds": one_each,
    })
}

/// How long it takes until all run. They are gone when this returns.
async fn up(client: &Client, project: &ProjectName, guest: &NewInstance, count: usize, at_once: usize) -> Duration {
    // As `launch` does: guests of one process are made one after the other, and started side by side.
    let creating = Mutex::new(());
    let names: Vec<String> = (0..count).map(|number| format!("t{number}")).collect();
    let began = std::time::Instant::now();
    let work = stream::iter(&names).for_each_concurrent(at_once, async |name| {
        let turn = creating.lock().await;
        client.create(&Object::instance(project, name), guest, &Job::quiet()).await.expect("it is made");
        drop(turn);
        client.change_state(project, name, StateChange::Start, &Job::quiet()).await.expect("it starts");
    });
    work.await;
    let took = began.elapsed();
    for name in &names {
        client.change_state(project, name, StateChange::Kill, &Job::quiet()).await.expect("it stops");
        client.delete(&Object::instance(project, name), &Job::quiet()).await.expect("it is deleted");
    }
    took
}

async fn tiny(client: &Client, project: &ProjectName) -> NewInstance {
    let alias = client.get::<ImageAlias>(&Object::image_alias(project, "tiny")).await;
    NewInstance {
        config: Config::from([("security.idmap.isolated".into(), "true".into())]),
        devices: Devices::new(),
        profiles: vec!["default".into()],
        description: String::new(),
        kind: InstanceKind::Container,
        image: alias.expect("it answers").expect("the image is there").target,
    }
}
