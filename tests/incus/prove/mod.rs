//! `podclaw prove`: with the lab as it has to be, with each protection taken away, and with guests that fight back.

mod fighting;
mod gateway;
mod guest;
mod lab;
mod limits;
mod network;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::Output;
use crate::harness::{Daemon, Lab, Test};

pub(crate) const TESTS: [&[Test]; 6] =
    [lab::TESTS, network::TESTS, guest::TESTS, gateway::TESTS, limits::TESTS, fighting::TESTS];

/// A lab in which tiny guests are what podclaw takes for its own.
struct Proving<'d> {
    lab: Lab<'d>,
}

impl<'d> Proving<'d> {
    fn new(daemon: &'d Daemon) -> Self {
        let lab = Lab::new(daemon);
        lab.podclaw(&["init"]).run().ok();
        lab.import_tiny();
        Self { lab }
    }

    /// One whose project refuses nothing, as a project does that podclaw did not make.
    fn unrestricted(daemon: &'d Daemon) -> Self {
        let proving = Self::new(daemon);
        daemon.incus(&["project", "set", proving.lab.name(), "restricted=false"]).run().ok();
        // With a total, the daemon refuses guests that have no limit.
        for total in ["limits.memory", "limits.processes"] {
            daemon.incus(&["project", "unset", proving.lab.name(), total]).run().ok();
        }
        proving
    }

    /// Launches a guest that podclaw takes for its own.
    fn launch(&self, name: &str, more: &[&str]) {
        self.lab.launch_own(name, more);
    }

    /// What a script in a guest says.
    fn sh(&self, name: &str, script: &str) -> String {
        self.lab.exec(&[name, "--", "sh", "-c", script], "").ok()
    }

    fn set(&self, arguments: &[&str]) {
        self.lab.incus(arguments).run().ok();
    }

    fn prove(&self, names: &[&str], more: &[&str]) -> Proofs {
        let output = self.lab.podclaw(&["prove", "--format", "json"]).args(names).args(more).run();
        Proofs { json: output.json(), output }
    }
}

struct Proofs {
    json: Value,
    output: Output,
}

impl std::fmt::Display for Proofs {
    /// What is not contained, in short.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}, which ended with {}\n{}", self.output.program, self.output.code, self.output.stderr)?;
        for guest in self.json["guests"].as_array().into_iter().flatten() {
            for probe in guest["probes"].as_array().into_iter().flatten() {
                if probe["verdict"] != "contained" {
                    writeln!(f, "{} {} {}: {}", guest["name"], probe["id"], probe["verdict"], probe["came_back"])?;
                }
            }
        }
        Ok(())
    }
}

impl Proofs {
    /// The names of the probes of the first guest that say this.
    fn that_say(&self, verdict: &str) -> BTreeSet<&str> {
        let probes = self.json["guests"][0]["probes"].as_array().expect("probes");
        probes.iter().filter(|probe| probe["verdict"] == verdict).filter_map(|probe| probe["id"].as_str()).collect()
    }

    /// At least these are not contained.
    #[track_caller]
    fn red(&self, wanted: &[&str]) {
        let red = self.that_say("not-contained");
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        assert!(wanted.is_subset(&red), "wanted {wanted:?}, and these are not contained: {red:?}\n{self}");
        assert_eq!(self.output.code, 1, "{self}");
    }

    /// These, and no other, are not contained.
    #[track_caller]
    fn only_red(&self, wanted: &[&str]) {
        self.red(wanted);
        assert_eq!(self.that_say("not-contained"), wanted.iter().copied().collect(), "{self}");
    }

    #[track_caller]
    fn none_red(&self) {
        assert_eq!(self.that_say("not-contained"), BTreeSet::new(), "{self}");
        assert_eq!(self.output.code, 3, "{self}");
    }

    /// These are contained.
    #[track_caller]
    fn green(&self, wanted: &[&str]) {
        let green = self.that_say("contained");
        assert!(wanted.iter().all(|id| green.contains(id)), "wanted {wanted:?}\n{self}");
    }

    /// Nobody knows of these.
    #[track_caller]
    fn unknown(&self, wanted: &[&str]) {
        let unknown = self.that_say("could-not-tell");
        assert!(wanted.iter().all(|id| unknown.contains(id)), "wanted {wanted:?}\n{self}");
        assert_ne!(self.output.code, 0, "{self}");
    }
}
