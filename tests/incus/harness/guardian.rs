//! The guardian: a process of its own that holds the slot, and removes all that is in it once the tests are gone.
//!
//! It waits for the end of its standard input, whose other end only the test process has. So it makes no difference
//! whether the tests pass, fail, or are killed. It has a session of its own, so that Ctrl-C does not reach it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use super::slot::{BASE, Slot, is_still};
use super::{address, cleanup, shared};

const ARGUMENT: &str = "--guardian";

/// The test process' end.
#[derive(Debug)]
pub(crate) struct Guardian {
    child: Child,
    /// The slot that it holds.
    pub(crate) slot: Slot,
}

impl Guardian {
    /// Starts it, and waits until it has a slot.
    ///
    /// # Panics
    /// When there is no slot to be had; it has said why.
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the guardian starts");
        let mut slot = [0];
        let answer = child.stdout.take().expect("its standard output is a pipe").read_exact(&mut slot);
        answer.expect("the guardian gets a slot; it said above why not");
        Self { child, slot: Slot(slot[0]) }
    }

    /// Lets each remove its part of the run, all at once. False if something could not be removed; they have said what.
    pub(crate) fn finish(mut all: Vec<Self>) -> bool {
        for guardian in &mut all {
            drop(guardian.child.stdin.take());
        }
        all.iter_mut()
            .map(|guardian| guardian.child.wait())
            .filter(|ended| !matches!(ended, Ok(code) if code.success()))
            .count()
            == 0
    }
}

/// Whether this process was started to be the guardian.
pub(crate) fn is_wanted() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == ARGUMENT)
}

/// Says something, if there is still somebody to say it to: `eprintln!` would end this process if not.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What the guardian does.
pub(crate) fn main() -> ExitCode {
    match guard() {
        Ok(left) if left.is_empty() => ExitCode::SUCCESS,
        Ok(left) => {
            say(&format!("the tests could not remove:\n  {}", left.join("\n  ")));
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("the tests on a private Incus daemon cannot run: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn guard() -> io::Result<Vec<String>> {
    if !rustix::process::geteuid().is_root() {
        return Err(io::Error::other("they need root; run `sudo make test`"));
    }
    rustix::process::setsid()?;
    let everyone = join()?;
    let (slot, lock) = choose()?;
    shared::prepare()?;
    io::stdout().write_all(&[slot.0])?;
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    let mut left = cleanup::remove(slot);
    drop(lock);
    // First let go, then try: of two runs that end together, one succeeds. It was the last.
    everyone.unlock()?;
    if everyone.try_lock().is_ok() {
        left.extend(shared::remove());
        // It is not empty if something is left in it, which was said already.
        let _ = fs::remove_dir(BASE);
    }
    Ok(left)
}

/// Becomes one of the runs on this machine. The first one removes what runs before left that were killed altogether.
fn join() -> io::Result<File> {
    loop {
        fs::create_dir_all(BASE)?;
        let base = File::open(BASE)?;
        if base.try_lock().is_ok() {
            for slot in Slot::all().filter(|slot| slot.dir().exists()) {
                cleanup::remove(slot);
            }
            shared::remove();
        }
        base.lock_shared()?;
        if is_still(&base, Path::new(BASE)) {
            return Ok(base);
        }
    }
}

fn choose() -> io::Result<(Slot, File)> {
    for slot in Slot::all() {
        let Some(lock) = slot.take()? else { continue };
        // What is in a slot that nobody holds was left by a run whose guardian was killed too.
        cleanup::empty(slot);
        if address::is_free(slot)? {
            return Ok((slot, lock));
        }
        fs::remove_dir(slot.dir())?;
    }
    Err(io::Error::other("every slot is in use"))
}
