//! Guests that stand by.

mod claims;
mod failing;
mod kept_in;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use crate::common::Program;
use crate::harness::{Lab, Test};

pub(crate) const TESTS: &[&[Test]] = &[claims::TESTS, failing::TESTS, kept_in::TESTS];

/// Bakes and launches take a while on a busy machine.
const LONG: Duration = Duration::from_mins(5);

fn podclaw(lab: &Lab, args: &[&str]) -> Program {
    lab.podclaw(args).args(&["--format", "json"]).timeout(LONG)
}

fn names(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("a list");
    list.iter().filter_map(|one| one["name"].as_str().or(one.as_str())).map(str::to_owned).collect()
}

/// The lab's guests in this state.
fn that_are(lab: &Lab, readiness: &str) -> BTreeSet<String> {
    let list = podclaw(lab, &["list"]).run().json();
    let guests = list["guests"].as_array().expect("guests").iter();
    names(&guests.filter(|guest| guest["readiness"] == readiness).cloned().collect())
}

fn token(lab: &Lab, guest: &str) -> String {
    lab.exec(&[guest, "--", "cat", "/home/openclaw/.config/podclaw/gateway.env"], "").ok()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// What a launch would do with the only guest that stands by: the reason not to claim it, or nothing.
fn refused(lab: &Lab) -> Option<String> {
    let said = podclaw(lab, &["launch", "--dry-run"]).run().exits(0);
    let dry = said.json();
    let is_claimed = dry["claims"].as_array().is_some_and(|claims| !claims.is_empty());
    assert_ne!(is_claimed, dry["requests"].as_array().is_some_and(|requests| !requests.is_empty()), "{said}");
    let reason = said.stderr.split("is not claimed: ").nth(1).and_then(|rest| rest.split(" (`podclaw ").next());
    assert_eq!(is_claimed, reason.is_none(), "{said}");
    reason.map(str::to_owned)
}
