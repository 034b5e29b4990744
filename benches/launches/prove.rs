//! The probes that every launch runs: in one guest, and in twenty side by side. The guests are tiny ones, in which nothing
//! but the probes takes any time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Daemon, Lab};
use crate::samples::{seconds, timed};

/// How many guests are proven side by side.
pub(crate) const GUESTS: usize = 20;

/// Proves one guest, and all of them, in turn.
///
/// # Panics
/// When a guest can't be made, or there is one that is not contained.
pub(crate) fn measure(daemon: &Daemon, rounds: usize) -> Value {
    println!("probes in {GUESTS} tiny guests");
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let names: Vec<String> = (1..=GUESTS).map(|number| format!("g{number:02}")).collect();
    for name in &names {
        lab.launch_own(name, &[]);
    }
    let prove = |names: &[String]| {
        let program = lab.podclaw(&["prove", "--format", "json"]).args(names).timeout(Duration::from_mins(5));
        let (took, said) = timed(|| program.run());
        // There is no gateway in them, of which a probe could tell anything.
        let said = said.exits(3).json();
        let guests = said["guests"].as_array().expect("guests are proven");
        assert_eq!(guests.len(), names.len(), "not every guest was proven: {said}");
        assert!(guests.iter().all(|guest| guest["verdict"] == "could-not-tell"), "{said}");
        seconds(took)
    };
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        one.push(prove(&names[..1]));
        all.push(prove(&names));
    }
    json!({ "guests": GUESTS, "one_seconds": one, "all_seconds": all })
}
