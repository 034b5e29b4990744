//! The list of tests, and how they are run: by a few workers side by side, each with a daemon of its own. Tests on one daemon
//! run one after the other.

use std::any::Any;
use std::future::Future;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};

use super::{Daemon, cleanup, guardian, interrupt, order};

/// The longest that one future of a test may take.
const LONGEST: Duration = Duration::from_mins(5);

/// What the daemon says when it lost a command, and how often a test is run then.
const LOST: &str = "Failed to retrieve PID of executing child process";
const TRIES: usize = 3;

/// How many workers there are at most, where nobody says: guests take memory.
const WORKERS: usize = 3;

/// A test that took as long as this is named at the end.
const LONG: Duration = Duration::from_secs(25);

/// How long each test took.
static TIMES: Mutex<Vec<(Duration, &str)>> = Mutex::new(Vec::new());

/// One test.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    /// The path of the function.
    pub(crate) name: &'static str,
    /// The test; it fails by panicking.
    pub(crate) run: fn(&Daemon),
}

impl Test {
    /// Its name, without the program's.
    pub(super) fn name(&self) -> &'static str {
        self.name.split_once("::").map_or(self.name, |(_program, rest)| rest)
    }
}

/// Makes a `[Test]` of functions that take `&Daemon`.
macro_rules! tests {
    ($($function:ident),+ $(,)?) => {
        &[$($crate::harness::Test { name: concat!(module_path!(), "::", stringify!($function)), run: $function }),+]
    };
}
pub(crate) use tests;

/// Runs the tests that the command line selects.
pub(crate) fn main(files: &[&[Test]]) -> ExitCode {
    if guardian::is_wanted() {
        return guardian::main();
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert_with(workers);
    interrupt::watch();
    let before = cleanup::loose_pairs();
    let tests = order::sort(files.iter().copied().flatten().copied().collect());
    let conclusion = libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect());
    let clean = Daemon::remove_all();
    cleanup::remove_loose_pairs(&before);
    say_what_took_long();
    if conclusion.has_failed() || !clean { ExitCode::from(101) } else { ExitCode::SUCCESS }
}

/// Runs a future of an asynchronous test.
///
/// # Panics
/// When it takes too long.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    runtime.block_on(async { tokio::time::timeout(LONGEST, future).await }).expect("the future ends in time")
}

/// As many as there are processors: on a machine that has more to do, Incus 6.0 loses what commands say.
fn workers() -> usize {
    available_parallelism().map_or(1, NonZero::get).min(WORKERS)
}

fn trial(test: Test) -> Trial {
    Trial::test(test.name(), move || {
        order::in_company(&test, || {
            interrupt::hold();
            let began = Instant::now();
            let outcome = until_the_daemon_loses_none(test);
            TIMES.lock().unwrap_or_else(PoisonError::into_inner).push((began.elapsed(), test.name()));
            outcome
        })
    })
}

fn until_the_daemon_loses_none(test: Test) -> Result<(), Failed> {
    let mut tries = 1;
    loop {
        let outcome = catch_unwind(AssertUnwindSafe(|| (test.run)(Daemon::own())));
        let Err(panic) = outcome else { return Ok(()) };
        let message = message(&*panic);
        // Incus 6.0 now and then loses a command that it was to run, and says so. That is no fault of podclaw's.
        if tries < TRIES && message.contains(LOST) {
            eprintln!("the daemon lost a command; {} is run again", test.name());
            tries += 1;
            continue;
        }
        return Err(Failed::from(format!("{message}\n{}", Daemon::logs())));
    }
}

/// For whoever keeps harness/order.rs.
fn say_what_took_long() {
    let mut times = std::mem::take(&mut *TIMES.lock().unwrap_or_else(PoisonError::into_inner));
    times.sort_unstable_by(|a, b| b.cmp(a));
    for (time, name) in times.iter().take_while(|(time, _)| *time >= LONG) {
        eprintln!("{:4} s  {name}", time.as_secs());
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the test panicked")
}
