//! The list of tests, and how they are run: one after the other unless `--test-threads` says otherwise.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};

use super::{Daemon, guardian, interrupt};

/// The longest that one future of a test may take.
const LONGEST: Duration = Duration::from_mins(5);

/// What the daemon says when it lost a command, and how often a test is run then.
const LOST: &str = "Failed to retrieve PID of executing child process";
const TRIES: usize = 3;

/// One test.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    /// The path of the function, which is what a filter on the command line is compared with.
    pub(crate) name: &'static str,
    /// The test; it fails by panicking.
    pub(crate) run: fn(&Daemon),
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
    arguments.test_threads.get_or_insert(1);
    interrupt::watch();
    let trials = files.iter().copied().flatten().map(trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let clean = Daemon::remove_all();
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

fn trial(test: &Test) -> Trial {
    let Test { name, run } = *test;
    let name = name.split_once("::").map_or(name, |(_crate, rest)| rest);
    Trial::test(name, move || {
        let mut tries = 1;
        loop {
            let outcome = catch_unwind(AssertUnwindSafe(|| run(Daemon::shared())));
            let Err(panic) = outcome else { return Ok(()) };
            let message = message(&*panic);
            // Incus 6.0 now and then loses a command that it was to run, and says so. That is no fault of podclaw's.
            if tries < TRIES && message.contains(LOST) {
                eprintln!("the daemon lost a command; {name} is run again");
                tries += 1;
                continue;
            }
            return Err(Failed::from(format!("{message}\n{}", Daemon::logs())));
        }
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the test panicked")
}
