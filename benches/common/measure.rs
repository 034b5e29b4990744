//! Times of programs and of functions.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The middle of some durations, which a pause of the machine does not move as it would the mean.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long one call takes, as the middle of `rounds`.
pub(crate) fn call<T>(rounds: usize, mut function: impl FnMut() -> T) -> Duration {
    let once = || {
        let start = Instant::now();
        std::hint::black_box(function());
        start.elapsed()
    };
    median(std::iter::repeat_with(once).take(rounds).collect())
}

/// How long a program runs, from before it starts until after it has ended. What it writes goes nowhere.
///
/// # Panics
/// When it does not start, or ends with another code than these.
pub(crate) fn run(command: &mut Command, codes: &[i32]) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let time = start.elapsed();
    assert!(status.code().is_some_and(|code| codes.contains(&code)), "{command:?} ended with {status}");
    time
}

/// The most memory that a program has at once, in KiB, as seen by looking every millisecond.
pub(crate) fn peak(command: &mut Command) -> u64 {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let peak = watch_peak(child.id(), Duration::from_millis(1));
    child.wait().expect("it can be waited for");
    peak.join().expect("looking does not fail")
}

/// The same of a program that runs, as seen by looking this often until it has ended.
pub(crate) fn watch_peak(pid: u32, often: Duration) -> JoinHandle<u64> {
    thread::spawn(move || {
        let mut peak = 0;
        while let Some(now) = high_water(pid) {
            peak = peak.max(now);
            thread::sleep(often);
        }
        peak
    })
}

/// What the kernel says of a process; nothing when it has ended.
fn high_water(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
