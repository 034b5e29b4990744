//! Times of programs and of functions.

use std::fs;
use std::process::{Command, Stdio};
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
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it can be waited for").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0);
        peak = peak.max(now);
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
}
