//! Rounds in which each way is gone once, so that what else the machine does meets all of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::Rounds;
use crate::bare::Bare;
use crate::harness::Lab;
use crate::samples::seconds;
use crate::ways::{Took, Way, calm, clear, has_standby};

/// Goes all ways in turn. Each round begins with another one.
pub(crate) fn measure(lab: &Lab, bare: &Bare, rounds: Rounds) -> Value {
    let image = baked(lab);
    let mut ways: Vec<Way> = Way::ALL.into();
    if !has_standby(lab) {
        println!("this podclaw keeps no guests in standby: that is left out");
        ways.retain(|way| *way != Way::Standby);
    }
    let mut outcomes: BTreeMap<&str, Vec<Option<Took>>> = BTreeMap::new();
    for round in 0..rounds.all {
        println!("round {} of {}", round + 1, rounds.all);
        for &way in &ways {
            if way == Way::Cold && outcomes.get(way.key()).map_or(0, Vec::len) >= rounds.cold {
                continue;
            }
            calm();
            // One that fails is told, and not the end of a run of half an hour.
            let took = catch_unwind(AssertUnwindSafe(|| way.go(lab, bare, &image))).ok();
            if let Some(took) = &took {
                println!("  {:<24} {:7.2} s", way.label(), took.started.as_secs_f64());
            } else {
                println!("  {:<24}  failed", way.label());
                clear(lab);
            }
            outcomes.entry(way.key()).or_default().push(took);
        }
        ways.rotate_left(1);
    }
    outcomes.into_iter().map(|(key, outcomes)| (key.to_owned(), figures(&outcomes))).collect()
}

fn figures(outcomes: &[Option<Took>]) -> Value {
    let took = || outcomes.iter().flatten();
    let timings: Vec<&Value> = took().map(|took| &took.said["timings"]).filter(|it| it.is_object()).collect();
    json!({
        "started_seconds": took().map(|took| seconds(took.started)).collect::<Vec<_>>(),
        "done_seconds": took().map(|took| seconds(took.done)).collect::<Vec<_>>(),
        "failed": outcomes.iter().filter(|outcome| outcome.is_none()).count(),
        "timings": timings,
    })
}

/// The fingerprint of the image that was baked.
pub(crate) fn baked(lab: &Lab) -> String {
    let images = lab.podclaw(&["image", "list", "--format", "json"]).run().json();
    let mut images = images["images"].as_array().into_iter().flatten();
    let image = images.find(|image| image["kind"] == "baked").expect("an image was baked");
    image["digest"].as_str().or(image["fingerprint"].as_str()).expect("it has a fingerprint").to_owned()
}
