//! Whole runs of programs, start and end included.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::common::measure::{median, peak, run};
use super::common::section::{Table, tool};
use super::corpus::{self, LINES};

/// How often yamllint runs, and podclaw between two of its runs.
const ROUNDS: usize = 3;
const RUNS: usize = 5;

/// The files that all programs are compared on.
const FILES: usize = 1000;

/// What was measured.
#[derive(Debug)]
pub(crate) struct Programs {
    podclaw: Duration,
    one_thread: Duration,
    yamllint: Option<Duration>,
    growth: Vec<Growth>,
}

/// What a number of files costs.
#[derive(Debug)]
struct Growth {
    files: usize,
    time: Duration,
    kib: u64,
}

/// Runs everything; `all` goes up to 100,000 files.
pub(crate) fn measure(all: bool) -> Programs {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let sizes: &[usize] = if all { &[FILES, 10_000, 100_000] } else { &[FILES, 10_000] };
    let (podclaw, one_thread, yamllint) = beside(&made(directory.path(), FILES));
    let growth = sizes.iter().map(|&files| grow(&made(directory.path(), files), files)).collect();
    Programs { podclaw, one_thread, yamllint, growth }
}

/// A directory with so many files.
fn made(directory: &Path, files: usize) -> PathBuf {
    let part = directory.join(files.to_string());
    if !part.exists() {
        println!("writing {files} profiles of {LINES} lines");
        corpus::write(&part, files);
    }
    part
}

/// podclaw and yamllint take turns, so that what else the machine does meets both.
fn beside(files: &Path) -> (Duration, Duration, Option<Duration>) {
    let yamllint = tool("YAMLLINT", "target/yamllint/bin/yamllint");
    let (mut ours, mut alone, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    run(&mut podclaw(files), &[0]);
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}: podclaw {RUNS} times, then yamllint");
        for _ in 0..RUNS {
            ours.push(run(&mut podclaw(files), &[0]));
            alone.push(run(podclaw(files).env("RAYON_NUM_THREADS", "1"), &[0]));
        }
        if yamllint.exists() {
            // Its own mildest rules, which cost it least.
            theirs.push(run(Command::new(&yamllint).args(["-d", "relaxed"]).arg(files), &[0, 1]));
        }
    }
    (median(ours), median(alone), (!theirs.is_empty()).then(|| median(theirs)))
}

fn grow(files: &Path, count: usize) -> Growth {
    println!("podclaw on {count} files");
    let time = median((0..RUNS).map(|_| run(&mut podclaw(files), &[0])).collect());
    Growth { files: count, time, kib: peak(&mut podclaw(files)) }
}

fn podclaw(files: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podclaw"));
    // Away from a lab file that the place of the caller may have.
    command.arg("lint").arg(files).current_dir(files);
    command
}

impl Programs {
    /// podclaw and yamllint, on the same files.
    pub(crate) fn against_yamllint(&self) -> Table {
        let row = |name: &str, time: Duration| {
            let ratio = self.yamllint.map_or("-".into(), |theirs| format!("{:.0}", theirs.div_duration_f64(time)));
            vec![name.to_owned(), milliseconds(time), ratio]
        };
        let mut rows = vec![row("podclaw lint", self.podclaw), row("podclaw lint, one thread", self.one_thread)];
        rows.extend(self.yamllint.map(|time| row("yamllint -d relaxed", time)));
        Table { head: vec!["1,000 profiles of 60 lines", "ms", "times as fast as yamllint"], rows }
    }

    /// How the cost grows with the number of files.
    pub(crate) fn growth(&self) -> Table {
        let row = |growth: &Growth| {
            vec![
                growth.files.to_string(),
                milliseconds(growth.time),
                format!("{:.1}", each(growth.time, growth.files)),
                format!("{:.1}", kib(growth.kib) / 1024.0),
                format!("{:.2}", growth.kib_each()),
            ]
        };
        let head = vec!["Files", "ms", "µs a file", "MiB at most", "KiB a file"];
        Table { head, rows: self.growth.iter().map(row).collect() }
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let growth = self.growth.iter().map(|growth| {
            json!({
                "files": growth.files,
                "microseconds": micros(growth.time),
                "microseconds_per_file": each(growth.time, growth.files),
                "peak_kib": growth.kib,
                "kib_per_file": growth.kib_each(),
            })
        });
        json!({
            "files": FILES,
            "lines": LINES,
            "podclaw_microseconds": micros(self.podclaw),
            "podclaw_one_thread_microseconds": micros(self.one_thread),
            "yamllint_microseconds": self.yamllint.map(micros),
            "ratio": self.yamllint.map(|theirs| theirs.div_duration_f64(self.podclaw)),
            "growth": growth.collect::<Vec<_>>(),
        })
    }
}

impl Growth {
    fn kib_each(&self) -> f64 {
        kib(self.kib) / files(self.files)
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn each(time: Duration, count: usize) -> f64 {
    micros(time) / files(count)
}

fn files(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

fn kib(kib: u64) -> f64 {
    u32::try_from(kib).map_or(f64::INFINITY, f64::from)
}
