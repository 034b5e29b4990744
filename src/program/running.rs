//! A program while it runs, for whoever may have to kill it.

use std::io;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open};

/// The program while it runs, in a process group of its own. Its process id is forgotten before it is reaped, so that no
/// other process that gets the same id is ever killed.
#[derive(Debug, Default)]
pub struct Running(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    pid: Option<Pid>,
    killed: bool,
}

impl Running {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was started: if it was to be killed before that, it is now.
    pub fn started(&self, child: &Child) {
        let pid = Pid::from_child(child);
        let mut state = self.state();
        state.pid = Some(pid);
        if state.killed {
            kill(pid);
        }
    }

    /// Kills it and all others of its group, now or as soon as it is started.
    pub fn kill(&self) {
        let mut state = self.state();
        state.killed = true;
        if let Some(pid) = state.pid {
            kill(pid);
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// What the system says.
    pub fn reap(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(child);
        rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?;
        let mut state = self.state();
        state.pid = None;
        child.wait()
    }
}

/// Waits for its end, but not for longer than until then; says whether it has ended. It is not reaped.
pub(super) fn ends_before(child: &Child, deadline: Instant) -> io::Result<bool> {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&left)) {
            Ok(ended) => return Ok(ended > 0),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn kill(pid: Pid) {
    // It may have ended by itself just now, which is as good.
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}

/// Kills a program when nobody waits for it any more.
#[derive(Debug)]
pub struct KillOnDrop(pub Arc<Running>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.kill();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    /// Demands that the processes end whose ids a program wrote to the file that `run` is given.
    pub(crate) fn ends(run: impl FnOnce(&Path)) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pids");
        run(&file);
        let text = std::fs::read_to_string(&file).unwrap();
        let pids: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(pids.len(), 2, "{text}");
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Some(pid) = pids.iter().find(|pid| runs(pid)) {
            assert!(Instant::now() < deadline, "{pid} of {text} runs on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// One that has ended and that nobody has reaped does not count.
    fn runs(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }
}
