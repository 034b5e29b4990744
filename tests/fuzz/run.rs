//! Judges many documents at once, and sums up.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::check::{Outcome, check};
use super::mutate::{Document, document};
use super::seeds::{self, Group};

/// The longest that judging one document may keep a processor busy, in milliseconds, where nothing is optimised.
const LONGEST: u64 = 10_000;
/// A document that has not been judged after this time never will be.
const HANGS: Duration = Duration::from_mins(1);
/// No more failures than this are collected.
const MOST_FAILURES: usize = 20;
/// No more documents than this are kept for another YAML parser to read.
const MOST_READINGS: usize = 50_000;

struct Run {
    groups: Vec<Group>,
    seed: u64,
    next: AtomicU64,
    end: u64,
    longest: Duration,
    done: Mutex<Done>,
    /// What each worker is at, and since when.
    current: Vec<Mutex<Option<(u64, Instant)>>>,
}

/// What came out so far.
#[derive(Default)]
struct Done {
    documents: u64,
    kinds: BTreeMap<String, Count>,
    merged: u64,
    slowest: Vec<(Duration, u64)>,
    failures: Vec<String>,
    readings: Vec<String>,
}

#[derive(Default)]
struct Count {
    all: u64,
    accepted: u64,
}

thread_local! {
    /// What the panic on this thread said, and where: a worker looks at it afterwards.
    static SAID: Cell<String> = const { Cell::new(String::new()) };
}

/// Runs it all.
///
/// # Errors
/// What failed, with the documents.
pub(crate) fn run() -> Result<(), String> {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.replace('_', "").parse().expect("it is a number"))
    };
    let from = number("PODCLAW_FUZZ_FROM", 0);
    let count = number("PODCLAW_FUZZ_COUNT", 10_000);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let run = Run {
        groups: seeds::all(),
        seed: number("PODCLAW_FUZZ_SEED", 0),
        next: AtomicU64::new(from),
        end: from + count,
        longest: Duration::from_millis(number("PODCLAW_FUZZ_LONGEST", LONGEST)),
        done: Mutex::default(),
        current: (0..workers).map(|_| Mutex::default()).collect(),
    };
    let start = Instant::now();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| SAID.set(info.to_string())));
    thread::scope(|scope| {
        for worker in &run.current {
            let run = &run;
            scope.spawn(move || run.work(worker));
        }
        run.watch(start, count);
    });
    std::panic::set_hook(hook);
    let done = run.done.into_inner().expect("nobody panics with it");
    println!("{}", summary(&done, start.elapsed()));
    write_readings(&done.readings);
    if done.failures.is_empty() { Ok(()) } else { Err(done.failures.join("\n\n")) }
}

impl Run {
    fn work(&self, current: &Mutex<Option<(u64, Instant)>>) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.end {
                break;
            }
            *current.lock().expect("nobody panics with it") = Some((number, Instant::now()));
            let document = document(&self.groups, self.seed, number);
            let outcome = catch_unwind(AssertUnwindSafe(|| check(&document)));
            let mut done = self.done.lock().expect("nobody panics with it");
            done.take(number, &document, outcome.map_err(|_| SAID.take()), self.longest);
            if done.failures.len() >= MOST_FAILURES {
                break;
            }
        }
        *current.lock().expect("nobody panics with it") = None;
    }

    /// Says how far it is, and ends everything when a document never comes to its end: its thread cannot be ended.
    fn watch(&self, start: Instant, count: u64) {
        let mut said = start;
        loop {
            thread::sleep(Duration::from_millis(50));
            let current: Vec<_> = self.current.iter().map(|it| *it.lock().expect("nobody panics with it")).collect();
            let documents = self.done.lock().expect("nobody panics with it").documents;
            if current.iter().all(Option::is_none) && documents > 0 {
                return;
            }
            if let Some((number, _)) = current.into_iter().flatten().find(|(_, since)| since.elapsed() > HANGS) {
                let kept = keep(number, &document(&self.groups, self.seed, number));
                println!("document {number} hangs: {}", kept.display());
                std::process::abort();
            }
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                println!("{documents} of {count} documents, {} s", start.elapsed().as_secs());
            }
        }
    }
}

impl Done {
    fn take(&mut self, number: u64, document: &Document, outcome: Result<Outcome, String>, longest: Duration) {
        self.documents += 1;
        let count = self.kinds.entry(format!("{:?}", document.kind)).or_default();
        count.all += 1;
        let failure = match outcome {
            Ok(outcome) => {
                count.accepted += u64::from(outcome.accepted);
                self.merged += u64::from(outcome.merged);
                self.slowest.push((outcome.time, number));
                self.slowest.sort_unstable_by(|a, b| b.cmp(a));
                self.slowest.truncate(5);
                if let Some(reading) = outcome.reading.filter(|_| self.readings.len() < MOST_READINGS) {
                    let text = String::from_utf8_lossy(&document.bytes);
                    self.readings.push(serde_json::json!({ "text": text, "reading": reading }).to_string());
                }
                (outcome.time > longest).then(|| format!("it takes {:?}", outcome.time))
            }
            Err(said) => Some(said),
        };
        if let Some(said) = failure {
            let kept = keep(number, document);
            self.failures.push(format!("document {number}, {}, kept as {}: {said}", document.name, kept.display()));
        }
    }
}

/// Keeps a document for who looks into it.
fn keep(number: u64, document: &Document) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    let path = directory.join(format!("{number}-{}", document.name.replace('/', "_")));
    let written = fs::create_dir_all(&directory).and_then(|()| fs::write(&path, &document.bytes));
    written.expect("the document can be kept");
    path
}

/// One line for each accepted document of YAML, for scripts/fuzz to compare with another parser.
fn write_readings(readings: &[String]) {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    let written = fs::create_dir_all(&directory)
        .and_then(|()| fs::write(directory.join("readings.jsonl"), readings.join("\n") + "\n"));
    written.expect("the readings can be written");
}

fn summary(done: &Done, time: Duration) -> String {
    let mut text = format!("\n{} documents in {} s\n", done.documents, time.as_secs());
    for (kind, count) in &done.kinds {
        let _ = writeln!(text, "{:>9} {kind}, {} accepted", count.all, count.accepted);
    }
    let _ = writeln!(text, "{:>9} of the profiles were accepted on a whole stack, and judged twice", done.merged);
    let _ = writeln!(text, "{:>9} documents of YAML read the same in another parser", done.readings.len());
    let slowest: Vec<_> = done.slowest.iter().map(|(time, number)| format!("{time:.1?} (document {number})")).collect();
    let _ = write!(text, "slowest: {}", slowest.join(", "));
    text
}
