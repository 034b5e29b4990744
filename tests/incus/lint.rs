//! What lint judged is what a daemon makes of it: profiles that it accepts are created in both ways that there are, by
//! Incus' own client from the text, and by podclaw from what was judged; and instances are made of them.

#[path = "lint/generate.rs"]
mod generate;
#[path = "../fuzz/random.rs"]
mod random;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};
use podclaw::incus::{Client, Collection, Instance, Job, Object, Profile as Stored, ProjectName};
use podclaw::lint::{Input, Request, lint};
use podclaw::mark::Mark;
use podclaw::names::LabName;
use podclaw::profile::{DEFAULT_STACK, Layer, Library, Limits, Profile, Stack};
use podclaw::yaml;
use serde_json::json;

use crate::harness::{Daemon, Lab, Test, block_on, tests};
use random::Random;

pub(crate) const TESTS: &[Test] = tests![what_was_judged_is_what_is_made];

/// How many profiles are made at once.
const BATCH: usize = 100;
/// The most profiles that a stack has on top of the usual ones.
const MOST: usize = 10;
/// How many of Incus' clients, and of podclaw's requests, are under way at once.
const CLIENTS: usize = 3;

/// A stack with profiles that lint accepts.
struct Accepted {
    /// The profiles on top of the usual ones: what the daemon will call them, but for a letter, and their text.
    texts: Vec<(String, String)>,
    /// What was judged.
    stack: Stack,
}

/// `PODCLAW_LINT_COUNT` says how many profiles there are to be.
fn what_was_judged_is_what_is_made(daemon: &Daemon) {
    let wanted = std::env::var("PODCLAW_LINT_COUNT").map_or(300, |count| count.parse().expect("it is a number"));
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    // The daemon can't add up shares of the memory, and refuses them beside a total. What a profile means is tried here,
    // and not how many guests there may be.
    lab.daemon().incus(&["project", "unset", lab.name(), "limits.memory"]).run().ok();
    let (start, mut tried, mut made, mut refused) = (Instant::now(), 0, 0, 0);
    while made < wanted {
        let batch = accepted(&lab, BATCH.min(wanted - made), &mut tried);
        let count: usize = batch.iter().map(|it| it.texts.len()).sum();
        let not = create_and_compare(&lab, &batch);
        made += count - not;
        refused += not;
        eprintln!(
            "{made} of {tried} profiles made in both ways, {refused} refused in both, {} s",
            start.elapsed().as_secs()
        );
        assert!(refused * 20 <= made + 20, "the daemon refuses too much of what lint accepts");
    }
}

/// Stacks with so many accepted profiles, made of documents from number `tried` on.
fn accepted(lab: &Lab<'_>, wanted: usize, tried: &mut usize) -> Vec<Accepted> {
    let name: LabName = lab.name().parse().expect("it is a name");
    let mut found = Vec::new();
    let mut count = 0;
    while count < wanted {
        let random = &mut Random::new(7, u64::try_from(*tried).expect("it fits"));
        let mut texts = Vec::new();
        for _ in 0..(1 + random.below(MOST)).min(wanted - count) {
            let one = [(format!("d{tried}"), generate::profile(random, lab.name(), &lab.network()))];
            *tried += 1;
            if judged(&name, &one).is_some() {
                texts.extend(one);
            }
        }
        if let Some(stack) = Some(&texts).filter(|texts| !texts.is_empty()).and_then(|texts| judged(&name, texts)) {
            count += texts.len();
            found.push(Accepted { texts, stack });
        }
    }
    found
}

/// What lint judged, if it accepts it.
fn judged(lab: &LabName, texts: &[(String, String)]) -> Option<Stack> {
    let input = |(name, text): &(String, String)| Input::Text {
        name: format!("profiles/{name}.yaml"),
        bytes: text.as_bytes().into(),
    };
    let names: Vec<_> =
        DEFAULT_STACK.iter().map(ToString::to_string).chain(texts.iter().map(|(name, _)| name.clone())).collect();
    let report = lint(&Request {
        inputs: texts.iter().map(input).collect(),
        stack: Some(names),
        lab: lab.clone(),
        lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
        lab_file: None,
        limits: Limits::default(),
        policy: None,
        today: jiff::civil::date(2026, 11, 22),
    });
    if report.has_findings() || !report.failures.is_empty() {
        return None;
    }
    let library = Library::built_in().expect("the built-in profiles are fine").for_lab(lab, &Limits::default());
    let mut stack = library.stack(DEFAULT_STACK).expect("the usual stack is built in");
    for (name, text) in texts {
        let document = yaml::parse(name, text.as_bytes()).expect("lint accepts it");
        stack.profiles.push(Profile::from_document(name, &document).expect("lint accepts it").for_lab(lab));
    }
    Some(stack)
}

/// Makes the profiles and an instance of each stack in both ways, compares, and removes them. How many profiles the
/// daemon refused, in both ways, is returned.
fn create_and_compare(lab: &Lab<'_>, batch: &[Accepted]) -> usize {
    let by_client = create_by_client(lab, batch);
    block_on(async {
        let client = Client::connect(&lab.daemon().socket()).await.expect("the daemon answers");
        let by_podclaw = create_by_podclaw(&client, lab, batch).await;
        for (accepted, (theirs, ours)) in batch.iter().zip(by_client.iter().zip(&by_podclaw)) {
            assert_eq!(theirs.is_ok(), ours.is_ok(), "{theirs:?} {ours:?}\n{}", show(accepted));
        }
        let fine: Vec<_> = batch.iter().zip(&by_client).filter(|(_, made)| made.is_ok()).map(|(it, _)| it).collect();
        create_instances(&client, lab, &fine).await;
        compare(&client, lab, &fine).await;
        remove(&client, lab).await;
    });
    batch.iter().zip(&by_client).filter(|(_, made)| made.is_err()).map(|(it, _)| it.texts.len()).sum()
}

type Made = Vec<Result<(), String>>;

/// `incus profile create NAME < FILE`, as somebody would do it by hand.
fn create_by_client(lab: &Lab<'_>, batch: &[Accepted]) -> Made {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        while let Some((number, accepted)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, batch.get(at)?)))
        {
            let create = |(name, text): &(String, String)| {
                let output = lab.incus(&["profile", "create", &format!("a{name}")]).stdin(text.as_bytes()).run();
                if output.code == 0 { Ok(()) } else { Err(output.stderr) }
            };
            made.push((number, accepted.texts.iter().try_for_each(create)));
        }
        made
    };
    let mut made = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(work)).collect();
        clients.into_iter().flat_map(|client| client.join().expect("it does not panic")).collect::<Vec<_>>()
    });
    made.sort_by_key(|(number, _)| *number);
    made.into_iter().map(|(_, made)| made).collect()
}

/// What podclaw would send for each.
async fn create_by_podclaw(client: &Client, lab: &Lab<'_>, batch: &[Accepted]) -> Made {
    let (project, name) = names(lab);
    let create = async |accepted: &Accepted| {
        for profile in &accepted.stack.profiles[DEFAULT_STACK.len()..] {
            let object = Object::profile(&project, &format!("b{}", profile.name));
            client.create(&object, &profile.put_json(&name), &Job::quiet()).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    stream::iter(batch).map(create).buffered(CLIENTS).collect().await
}

/// An instance without anything in it for each stack and each way.
async fn create_instances(client: &Client, lab: &Lab<'_>, batch: &[&Accepted]) {
    let (project, name) = names(lab);
    let wanted = ["a", "b"].into_iter().flat_map(|way| batch.iter().map(move |accepted| (way, accepted)));
    let create = async |(way, accepted): (&str, &&Accepted)| {
        let usual = DEFAULT_STACK.iter().map(|part| name.profile(part));
        let own = accepted.texts.iter().map(|(name, _)| format!("{way}{name}"));
        let body = json!({
            "type": "container",
            "source": { "type": "none" },
            "profiles": usual.chain(own).collect::<Vec<_>>(),
            "config": { Mark::KEY: lab.name() },
        });
        let object = Object::instance(&project, &instance(way, accepted));
        client.create(&object, &body, &Job::quiet()).await.map_err(|error| format!("{error}\n{}", show(accepted)))
    };
    let made: Result<(), String> = stream::iter(wanted).map(create).buffer_unordered(CLIENTS).try_collect().await;
    if let Err(error) = made {
        panic!("the daemon refuses an instance of what lint accepts: {error}");
    }
}

async fn compare(client: &Client, lab: &Lab<'_>, batch: &[&Accepted]) {
    let (project, lab_name) = names(lab);
    let instances: Vec<Instance> = client.list(&Collection::instances(&project)).await.expect("they can be listed");
    let profiles: Vec<Stored> = client.list(&Collection::profiles(&project)).await.expect("they can be listed");
    let profile = |name: String| {
        let mut found = profiles.iter().find(|profile| profile.name == name).expect("it was created").clone();
        // Only podclaw's own way puts the lab's mark on it, and only that is what it is compared with.
        found.config.insert(Mark::KEY.into(), lab.name().into());
        found
    };
    let instance_layer = Layer { config: [(Mark::KEY.to_owned(), lab.name().to_owned())].into(), ..Layer::default() };
    for accepted in batch {
        for judged in &accepted.stack.profiles[DEFAULT_STACK.len()..] {
            for way in ["a", "b"] {
                let made = profile(format!("{way}{}", judged.name));
                let layer = Layer { config: made.config, devices: made.devices };
                let differences = judged.differs_from(&lab_name, &made.description, &layer);
                assert!(differences.is_empty(), "{way}: {differences:?}\n{}", show(accepted));
            }
        }
        let judged = accepted.stack.effective(&instance_layer);
        for way in ["a", "b"] {
            let name = instance(way, accepted);
            let made = instances.iter().find(|instance| instance.name == name).expect("it was created");
            let expanded = Layer { config: made.expanded_config.clone(), devices: made.expanded_devices.clone() };
            let differences = judged.differs_from(&expanded);
            assert!(differences.is_empty(), "{way}: {differences:?}\n{}", show(accepted));
        }
    }
}

/// Removes the instances, and the profiles that are not the lab's own.
async fn remove(client: &Client, lab: &Lab<'_>) {
    let (project, name) = names(lab);
    let instances: Vec<Instance> = client.list(&Collection::instances(&project)).await.expect("they can be listed");
    let profiles: Vec<Stored> = client.list(&Collection::profiles(&project)).await.expect("they can be listed");
    let own = name.profile("");
    let profiles = profiles.iter().filter(|profile| profile.name != "default" && !profile.name.starts_with(&own));
    let instances = instances.iter().map(|instance| Object::instance(&project, &instance.name));
    for objects in [instances.collect::<Vec<_>>(), profiles.map(|it| Object::profile(&project, &it.name)).collect()] {
        let delete = async |object: Object| client.delete(&object, &Job::quiet()).await;
        let deleted: Vec<bool> = stream::iter(objects)
            .map(delete)
            .buffer_unordered(CLIENTS)
            .try_collect()
            .await
            .expect("they can be deleted");
        drop(deleted);
    }
}

fn names(lab: &Lab<'_>) -> (ProjectName, LabName) {
    (lab.name().parse().expect("a lab's name is a project's"), lab.name().parse().expect("it is a name"))
}

fn instance(way: &str, accepted: &Accepted) -> String {
    format!("{way}{}", accepted.texts[0].0)
}

fn show(accepted: &Accepted) -> String {
    accepted.texts.iter().flat_map(|(name, text)| ["--- ", name, "\n", text, "\n"]).collect()
}
