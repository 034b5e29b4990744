//! How long it takes until a gateway has started: by podclaw in each of its ways, by hand with Incus' own client, and
//! alone on this machine; and what podclaw itself takes of that.
//!
//! `make bench` runs this, on an Incus daemon of its own, and keeps the figures in target/bench.json. `--rounds N` and
//! `--cold N` say how often; `--quick` measures once, and keeps nothing. `--docs` measures nothing, and writes what was
//! kept into docs/performance.md and docs/launches.svg.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints")]
#![expect(clippy::expect_used, reason = "a benchmark ends where it cannot go on")]

#[path = "../common/mod.rs"]
#[expect(clippy::allow_attributes, reason = "what is unused differs between the benchmarks")]
#[allow(dead_code, reason = "what is unused differs between the benchmarks")]
mod bench;
#[path = "../../tests/common/mod.rs"]
#[expect(clippy::allow_attributes, reason = "the tests use more of it")]
#[allow(dead_code, reason = "the tests use more of it")]
mod common;
#[path = "../../tests/incus/harness/mod.rs"]
#[expect(clippy::allow_attributes, reason = "the tests use more of it")]
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests use more of it")]
mod harness;

mod bare;
mod by_hand;
mod itself;
mod machine;
mod oci;
mod page;
mod plot;
mod prove;
mod rounds;
mod samples;
mod tiny;
mod ways;
mod wipe;

use std::process::ExitCode;
use std::time::Duration;

use bench::section;
use harness::{Daemon, Lab};
use serde_json::{Value, json};

/// How often things are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounds {
    /// Everything else.
    pub(crate) all: usize,
    /// Cold launches, which take longest.
    pub(crate) cold: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let number = |name: &str, usual: usize| {
        let given = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
        given.map_or(usual, |given| given.parse().expect("how often is a number"))
    };
    if has("--docs") {
        let kept = section::kept("launches");
        section::publish("launches", &page::text(&kept));
        std::fs::write(section::path("docs/launches.svg"), plot::svg(&kept)).expect("the plot can be written");
        return ExitCode::SUCCESS;
    }
    let usual = if has("--quick") { 1 } else { 5 };
    let all = number("--rounds", usual);
    let rounds = Rounds { all, cold: number("--cold", all.min(3)) };
    harness::once(|daemon| {
        let figures = measure(daemon, rounds);
        println!("\n{}", page::text(&figures));
        if !has("--quick") {
            section::keep("launches", &figures);
        }
    })
}

fn measure(daemon: &Daemon, rounds: Rounds) -> Value {
    // First, as it needs a quiet machine most.
    let tiny = tiny::measure(daemon, rounds.all);
    let prove = prove::measure(daemon, rounds.all);
    let wipe = wipe::measure(daemon, rounds.all.min(3));
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    println!("building the images, unless they are in the cache");
    lab.podclaw(&["image", "build"]).timeout(Duration::from_mins(20)).run().ok();
    let bare = bare::Bare::unpack(&lab);
    println!("baking");
    let (bake, said) = samples::timed(|| lab.podclaw(&["image", "bake"]).timeout(Duration::from_mins(15)).run());
    said.ok();
    let ways = rounds::measure(&lab, &bare, rounds);
    json!({
        "machine": machine::describe(&lab),
        "ways": ways,
        "bake_seconds": samples::seconds(bake),
        "tiny": tiny,
        "prove": prove,
        "wipe": wipe,
        "itself": itself::measure(&lab),
    })
}
