//! Work on a private daemon that is no test.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use super::{Daemon, guardian, interrupt};

/// Runs one piece of work that is no test, with the daemon that it makes. It fails by panicking.
pub(crate) fn once(work: impl FnOnce(&Daemon)) -> ExitCode {
    if guardian::is_wanted() {
        return guardian::main();
    }
    interrupt::watch();
    let worked = catch_unwind(AssertUnwindSafe(|| work(Daemon::own()))).is_ok();
    if !worked {
        eprintln!("{}", Daemon::logs());
    }
    let clean = Daemon::remove_all();
    if worked && clean { ExitCode::SUCCESS } else { ExitCode::from(101) }
}
