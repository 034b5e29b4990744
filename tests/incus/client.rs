//! podclaw's Incus client against a real daemon.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by ending there")]

mod commands;
mod files;
mod guests;
mod images;
mod jobs;
mod objects;

use podclaw::incus::{Client, Config, Devices, InstanceKind, Job, NewInstance, Object, ProjectName};

use crate::harness::{Daemon, Lab, Test};

/// All of them.
pub(crate) const TESTS: &[&[Test]] =
    &[objects::TESTS, images::TESTS, guests::TESTS, files::TESTS, commands::TESTS, jobs::TESTS];

/// The client, and the lab's project.
async fn connect(lab: &Lab<'_>) -> (Client, ProjectName) {
    (connect_to(lab.daemon()).await, lab.name().parse().expect("a lab's name is a project's"))
}

async fn connect_to(daemon: &Daemon) -> Client {
    Client::connect(&daemon.socket()).await.expect("the daemon answers")
}

/// What a tiny guest is made of.
async fn tiny(client: &Client, project: &ProjectName) -> NewInstance {
    let alias: podclaw::incus::ImageAlias =
        client.get(&Object::image_alias(project, "tiny")).await.expect("it answers").expect("the image is there");
    NewInstance {
        config: Config::new(),
        devices: Devices::new(),
        profiles: vec!["default".into()],
        description: String::new(),
        kind: InstanceKind::Container,
        image: alias.target,
    }
}

fn quiet() -> Job {
    Job::quiet()
}

/// Resets the peak of this process's memory to what it has now, which is returned, in MiB.
fn forget_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak can be reset");
    peak()
}

/// The peak of this process's memory since then, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it can be read");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    kib >> 10
}
