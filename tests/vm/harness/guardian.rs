//! The guardian: a process of its own that has QEMU as its child. It waits for the end of its standard input, whose other
//! end only the test process has; so QEMU ends whether the tests pass, fail or are killed. Should the guardian itself be
//! killed, the kernel ends QEMU.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const ARGUMENT: &str = "--guardian";

/// What QEMU says itself, in the machine's directory.
pub(super) const SAID: &str = "qemu.log";

/// The test process' end. What it guards ends when this is dropped, or before.
#[derive(Debug)]
pub(super) struct Guardian(Child);

impl Guardian {
    /// Starts QEMU with these arguments, guarded; `dir` is for what it says.
    pub(super) fn start(dir: &Path, arguments: &[String]) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.arg(ARGUMENT).arg(dir).args(arguments).stdin(Stdio::piped());
        Self(command.spawn().expect("the guardian starts"))
    }

    /// Whether QEMU still runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Whether this process was started to be the guardian.
pub(crate) fn is_wanted() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == ARGUMENT)
}

/// What the guardian does.
pub(crate) fn main() -> ExitCode {
    match guard() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the machine can't be run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn guard() -> io::Result<()> {
    // Ctrl-C is for the tests.
    rustix::process::setsid()?;
    let mut arguments = std::env::args_os().skip(2);
    let dir = arguments.next().ok_or_else(|| io::Error::other("no directory"))?;
    let said = File::create(Path::new(&dir).join(SAID))?;
    // `setpriv` is replaced by QEMU, so that the process id is QEMU's.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", super::accelerator::QEMU]).args(arguments).env("TMPDIR", &dir);
    command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
    let mut qemu = command.spawn()?;
    let (gone, ended) = mpsc::channel();
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = gone.send(());
    });
    while qemu.try_wait()?.is_none() {
        if ended.recv_timeout(Duration::from_millis(200)).is_ok() {
            qemu.kill()?;
            qemu.wait()?;
        }
    }
    Ok(())
}
