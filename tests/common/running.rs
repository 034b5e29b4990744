//! A program that runs: what it wrote so far, signals to it, and its end.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Output;

const TICK: Duration = Duration::from_millis(5);

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    program: String,
    stdout: Stream,
    stderr: Stream,
    deadline: Instant,
}

impl Running {
    pub(super) fn new(mut child: Child, program: String, stdin: Vec<u8>, timeout: Duration) -> Self {
        let mut input = child.stdin.take().expect("stdin is a pipe");
        // In a thread, because a program that does not read would hang the test. An error means that it has ended.
        thread::spawn(move || input.write_all(&stdin));
        let stdout = Stream::follow(child.stdout.take().expect("stdout is a pipe"));
        let stderr = Stream::follow(child.stderr.take().expect("stderr is a pipe"));
        Self { child, program, stdout, stderr, deadline: Instant::now() + timeout }
    }

    /// Its process id.
    #[must_use]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended and was waited for.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a process id")).expect("a process id");
        kill_process(pid, signal).unwrap_or_else(|error| panic!("cannot signal {}: {error}", self.program));
    }

    /// What it wrote to standard output so far.
    #[must_use]
    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it wrote to standard error so far.
    #[must_use]
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until `text` is in what it wrote to standard output or standard error.
    ///
    /// # Panics
    /// When it ends, or runs into its timeout, without having written it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        loop {
            // Asked before looking, so that what it wrote just before its end is seen.
            let ended = self.child.try_wait().expect("it can be waited for").is_some();
            if ended {
                self.stdout.finish();
                self.stderr.finish();
            }
            if self.stdout().contains(text) || self.stderr().contains(text) {
                return;
            }
            assert!(!ended, "it ended without saying {text:?}: {}", self.so_far());
            assert!(Instant::now() < self.deadline, "it did not say {text:?} in time: {}", self.so_far());
            thread::sleep(TICK);
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it runs into its timeout.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Output {
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                self.stdout.finish();
                self.stderr.finish();
                return Output {
                    program: self.program.clone(),
                    code: code(status),
                    stdout: self.stdout(),
                    stderr: self.stderr(),
                };
            }
            assert!(Instant::now() < self.deadline, "it did not end in time: {}", self.so_far());
            thread::sleep(TICK);
        }
    }

    fn so_far(&self) -> String {
        format!("{}\n--- stdout\n{}\n--- stderr\n{}\n---", self.program, self.stdout(), self.stderr())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail for a program that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or_default())
}

/// What comes out of one pipe, collected while the program runs.
#[derive(Debug)]
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn follow(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                sink.lock().expect("nobody panics with it").extend_from_slice(&buffer[..read]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    /// Waits for the rest. A child that outlives the program may hold the pipe, so not for ever.
    fn finish(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && Instant::now() < deadline {
            thread::sleep(TICK);
        }
        self.reader = None;
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics with it")).into_owned()
    }
}
