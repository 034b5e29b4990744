//! How fast `podclaw lint` is: whole runs of the program, beside yamllint on the same files, and the parts of it;
//! and the size of the program, which fails where it is too large.
//!
//! `make bench` runs this, which keeps the figures in target/bench.json; `--quick` leaves out what takes long, and keeps
//! nothing. `--docs` measures nothing, and writes what was kept into docs/performance.md.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints, and ends where it cannot go on")]

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod inside;
mod programs;
mod size;

use common::section;
use serde_json::json;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    if has("--docs") {
        let kept = section::kept("lint");
        section::publish("lint", kept["text"].as_str().expect("the figures have a text"));
        return;
    }
    let size = size::measure();
    let programs = programs::measure(!has("--quick"));
    let inside = inside::measure();
    let text = format!(
        "Measured by `make bench` on {} with podclaw {}.\n\n{}\n{}\n{}\n{}",
        section::machine(),
        env!("CARGO_PKG_VERSION"),
        programs.against_yamllint().markdown(),
        programs.growth().markdown(),
        inside.table().markdown(),
        size.table().markdown()
    );
    println!("\n{text}");
    if !has("--quick") {
        section::keep(
            "lint",
            &json!({ "programs": programs.json(), "inside": inside.json(), "size": size.json(), "text": text }),
        );
    }
}
