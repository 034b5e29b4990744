//! The ways to a gateway that has started.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bare::{Bare, Compiled};
use crate::by_hand;
use crate::harness::Lab;
use crate::samples::timed;

/// How long the machine is left alone before anything is measured.
const BREATH: Duration = Duration::from_secs(3);

/// One way to a gateway that has started. The names are those of the figures that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Cold,
    Baked,
    Standby,
    ByHand,
    Bare,
    BareCompiled,
}

/// What one run of a way took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Took {
    /// Until it was known that the gateway has started.
    pub(crate) started: Duration,
    /// Until everything was done, such as the proof and the receipt.
    pub(crate) done: Duration,
    /// What podclaw said of it.
    pub(crate) said: Value,
}

impl Way {
    pub(crate) const ALL: [Self; 6] =
        [Self::Cold, Self::Baked, Self::Standby, Self::ByHand, Self::Bare, Self::BareCompiled];

    /// The name in the figures.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Baked => "baked",
            Self::Standby => "standby",
            Self::ByHand => "by_hand",
            Self::Bare => "bare",
            Self::BareCompiled => "bare_compiled",
        }
    }

    /// The name for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Cold => "podclaw launch --cold",
            Self::Baked => "podclaw launch",
            Self::Standby => "podclaw launch, standby",
            Self::ByHand => "incus, by hand",
            Self::Bare => "gateway alone",
            Self::BareCompiled => "gateway alone, compiled",
        }
    }

    /// Goes it once. What it makes is gone when this returns; all of that is not in the time.
    ///
    /// # Panics
    /// When it fails.
    pub(crate) fn go(self, lab: &Lab, bare: &Bare, image: &str) -> Took {
        let guest = format!("{}-guest", self.key().replace('_', "-"));
        match self {
            Self::Cold => launched(lab, &guest, &["--cold"]),
            Self::Baked => launched(lab, &guest, &[]),
            Self::Standby => claimed(lab),
            Self::ByHand => by_hand::launch(lab, image, &guest),
            Self::Bare => alone(bare.start(Compiled::Nothing)),
            Self::BareCompiled => alone(bare.start(Compiled::Before)),
        }
    }
}

/// Gives the machine time for what was left to be done, such as freeing what was deleted.
pub(crate) fn calm() {
    rustix::fs::sync();
    std::thread::sleep(BREATH);
}

/// Removes what a way that failed may have left.
pub(crate) fn clear(lab: &Lab) {
    let names = lab.incus(&["list", "-f", "csv", "-c", "n"]).run().stdout;
    let names: Vec<&str> = names.lines().collect();
    if !names.is_empty() {
        lab.incus(&["delete", "--force"]).args(&names).timeout(Duration::from_mins(5)).run().ok();
    }
}

fn launched(lab: &Lab, guest: &str, how: &[&str]) -> Took {
    let program = lab.podclaw(&["launch", guest, "--format", "json"]).args(how).timeout(Duration::from_mins(12));
    let began = Instant::now();
    let mut running = program.start();
    running.wait_for("✓ 7/7");
    let started = began.elapsed();
    let said = running.wait().exits(0);
    let done = began.elapsed();
    lab.podclaw(&["delete", guest]).run().ok();
    Took { started, done, said: said.json()["launched"][0].clone() }
}

/// Whether this podclaw keeps guests in standby.
pub(crate) fn has_standby(lab: &Lab) -> bool {
    lab.podclaw(&["pool", "--help"]).run().code == 0
}

fn claimed(lab: &Lab) -> Took {
    let pool = |guests: &str| lab.podclaw(&["pool", "--standby", guests]).timeout(Duration::from_mins(12)).run().ok();
    pool("1");
    calm();
    // Only a launch that asks for no name claims.
    let (done, said) = timed(|| lab.podclaw(&["launch", "--format", "json"]).run().exits(0));
    let said = said.json()["launched"][0].clone();
    let guest = said["name"].as_str().expect("it has a name");
    assert!(said["receipt"]["claimed"].is_string(), "it was launched, not claimed: {said}");
    pool("0");
    lab.podclaw(&["delete", guest]).run().ok();
    Took { started: done, done, said }
}

fn alone(started: Duration) -> Took {
    Took { started, done: started, said: Value::Null }
}
