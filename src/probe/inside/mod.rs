//! What runs in the guest, as its root: the attacks themselves.
//!
//! Nothing of the guest is used but its kernel: no program, no library, no configuration. Each attempt that works is
//! undone at once.

mod cgroups;
mod devices;
mod follow;
mod gateway;
mod kernel;
mod limits;
mod network;
mod tables;
mod vsock;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Instant;

use super::plan::{LARGEST_PLAN, Line, Plan, Said};
use super::{FILE, Probe, Verdict};

pub use follow::{FOLLOWS, NO_REPORT, follow};
pub use limits::{MEMORY_ARGUMENT, take_memory};

/// A probe, and what is done for it.
type Attempt = (&'static Probe, fn() -> Finding);

/// What an attempt came to.
struct Finding {
    verdict: Verdict,
    tried: String,
    came_back: String,
}

impl Finding {
    fn contained(tried: impl Into<String>, came_back: impl Into<String>) -> Self {
        Self { verdict: Verdict::Contained, tried: tried.into(), came_back: came_back.into() }
    }

    fn not_contained(tried: impl Into<String>, came_back: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotContained, tried: tried.into(), came_back: came_back.into() }
    }

    fn could_not_tell(tried: impl Into<String>, came_back: impl Into<String>) -> Self {
        Self { verdict: Verdict::CouldNotTell, tried: tried.into(), came_back: came_back.into() }
    }

    /// Not contained if any of `open` did, and else contained with what came back.
    fn of_attempts(tried: impl Into<String>, open: &[String], came_back: impl Into<String>) -> Self {
        if open.is_empty() { Self::contained(tried, came_back) } else { Self::not_contained(tried, open.join(", ")) }
    }

    /// What was not tried is not contained.
    fn of_all(self, tried: usize, all: usize) -> Self {
        if tried >= all || self.verdict == Verdict::NotContained {
            return self;
        }
        let came_back = format!("only {tried} of {all} were tried; {}", self.came_back);
        Self { verdict: Verdict::CouldNotTell, came_back, ..self }
    }
}

struct Runner<W> {
    nonce: u64,
    output: W,
}

/// Reads a plan to the end of the input.
///
/// # Errors
/// Where it can't be read.
pub fn read_plan(input: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    input.take(LARGEST_PLAN).read_to_end(&mut text)?;
    Ok(text)
}

/// Removes the program, which has done its part as a file. Where somebody runs it by hand, it is no such file.
pub fn remove_own() {
    if let Ok(own) = std::env::current_exe()
        && own.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FILE))
    {
        let _ = std::fs::remove_file(own);
    }
}

/// Runs a plan, and writes what comes of it.
///
/// # Errors
/// Where it is no plan, or nobody reads what comes of it.
pub fn run(plan: &[u8], output: impl Write) -> io::Result<()> {
    let plan: Plan = serde_json::from_slice(plan)?;
    let mut runner = Runner { nonce: plan.nonce, output };
    // What is tried from the host is tried on something that listens, or a closed port would look like a closed network.
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).ok();
    let port = listener.as_ref().and_then(|listener| Some(listener.local_addr().ok()?.port()));
    let run = u32::from_ne_bytes(random()?);
    runner.say(Said::Started { run, port })?;
    if let Some(network) = &plan.network {
        network::shoot(network, plan.nonce, run, &mut |said| runner.say(said))?;
    }
    runner.say(Said::Sent)?;
    for (probe, attempt) in
        kernel::ATTEMPTS.iter().chain(tables::ATTEMPTS).chain(cgroups::ATTEMPTS).chain(vsock::ATTEMPTS)
    {
        runner.probe(probe, attempt)?;
    }
    runner.probe(super::DEVICES, &|| devices::make_and_open(&plan.devices))?;
    runner.probe(super::MOUNTS, &|| devices::mount_filesystems(&plan.devices))?;
    runner.probe(super::GATEWAY_TOKEN, &|| gateway::without_token(plan.gateway_port))?;
    runner.probe(super::GATEWAY_ORIGIN, &|| gateway::foreign_origin(plan.gateway_port))?;
    if let Some(network) = &plan.network {
        runner.probe(super::RESOLVER, &|| network::ask_resolver(network))?;
        runner.probe(super::NET_RESOLVERS, &|| network::ask_others(network))?;
        if let Some(control) = network.control {
            runner.probe(super::EGRESS, &|| network::connect(control))?;
        }
    }
    if let Some(limits) = &plan.limits {
        runner.probe(super::LIMIT_PROCESSES, &|| limits::processes(limits))?;
        runner.probe(super::LIMIT_MEMORY, &|| limits::memory(limits))?;
        runner.probe(super::LIMIT_DISK, &|| limits::disk(limits))?;
    }
    runner.say(Said::Ended)
}

impl<W: Write> Runner<W> {
    fn say(&mut self, said: Said) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, &Line { nonce: self.nonce, said })?;
        self.output.write_all(b"\n")?;
        self.output.flush()
    }

    fn probe(&mut self, probe: &Probe, attempt: &dyn Fn() -> Finding) -> io::Result<()> {
        let began = Instant::now();
        let Finding { verdict, tried, came_back } = attempt();
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.say(Said::Answer { probe: probe.id.into(), verdict, tried, came_back, millis })
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(bytes)
}

/// Somewhere to make files in, tried in turn; with a name that nobody guesses.
fn scratch() -> io::Result<std::path::PathBuf> {
    let name = format!(".podclaw-probe-{:016x}", u64::from_ne_bytes(random()?));
    let places = ["/run", "/dev/shm", "/tmp", "/"];
    let made = places.iter().map(|place| std::path::Path::new(place).join(&name)).find_map(|path| {
        std::fs::create_dir(&path).ok()?;
        Some(path)
    });
    made.ok_or_else(|| io::Error::other("no directory can be made"))
}

/// An error in the system's own words, without its number.
fn errno(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error ").map_or(text.clone(), |(words, _)| words.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_tried_is_not_contained() {
        let verdict = |finding: Finding, tried: usize| finding.of_all(tried, 9).verdict;
        assert_eq!(verdict(Finding::contained("", ""), 9), Verdict::Contained);
        assert_eq!(verdict(Finding::contained("", ""), 8), Verdict::CouldNotTell);
        assert_eq!(verdict(Finding::not_contained("", ""), 8), Verdict::NotContained);
        assert!(Finding::contained("", "x").of_all(8, 9).came_back.starts_with("only 8 of 9 were tried"));
    }
}
