//! The list of checks, and how they are run: one after the other, in one machine, in the order that they stand in.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use libtest_mimic::{Arguments, Trial};

use super::{Machine, agent, guardian, machine};

/// Boots the machine, and keeps it until the standard input ends, for whoever looks for the cause of something.
const HOLD: &str = "--hold";

/// One check.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    /// The path of the function.
    pub(crate) name: &'static str,
    /// The check; it fails by panicking.
    pub(crate) run: fn(&Machine),
}

/// Makes a `[Test]` of functions that take `&Machine`.
macro_rules! tests {
    ($($function:ident),+ $(,)?) => {
        &[$($crate::harness::Test { name: concat!(module_path!(), "::", stringify!($function)), run: $function }),+]
    };
}
pub(crate) use tests;

/// Runs the checks that the command line selects.
pub(crate) fn main(files: &[&[Test]]) -> ExitCode {
    if agent::is_wanted() {
        return agent::main();
    }
    if guardian::is_wanted() {
        return guardian::main();
    }
    if std::env::args().any(|argument| argument == HOLD) {
        return hold();
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let all = files.iter().copied().flatten().copied();
    let machine: Arc<std::sync::OnceLock<Machine>> = Arc::default();
    let trials = all.map(|test| {
        let machine = Arc::clone(&machine);
        let name = test.name.split_once("::").map_or(test.name, |(_program, rest)| rest);
        Trial::test(name, move || {
            let began = Instant::now();
            let machine = machine.get_or_init(Machine::find);
            let outcome = catch_unwind(AssertUnwindSafe(|| (test.run)(machine)));
            eprintln!("{:4} s  {name}", began.elapsed().as_secs());
            outcome.map_err(|panic| format!("{}\n{}", message(&*panic), machine.logs()).into())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    drop(machine);
    println!("{} passed, {} failed", conclusion.num_passed, conclusion.num_failed);
    conclusion.exit_code()
}

fn hold() -> ExitCode {
    let machine = Machine::boot();
    println!("{}={}", machine::SOCKET, machine.release().display());
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    ExitCode::SUCCESS
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the check panicked")
}
