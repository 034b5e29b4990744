//! Bringing the runner into a guest, running it, and listening to it. What it says is not trusted: it is bounded in size
//! and time, and carries a number that nobody else knows.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::beside::beside;
use super::limits::limits;
use super::place::place;
use super::{ProveOptions, Prover, Seen, from_host};
use crate::incus::{Command, Job, Refusal, Session, Wait};
use crate::lab::bring::{bring, random};
use crate::lab::{Lab, Result};
use crate::probe::host::{Gauge, Knocked, Knockee, view};
use crate::probe::plan::{Line, Plan, Said};
use crate::probe::{Aims, Outcome, Place, RUNNER_ARGUMENT, Set, all_seen};
use crate::text;

/// How much of what the runner says is read, in bytes.
const MOST: usize = 512 << 10;
/// How much of its complaints is kept.
const COMPLAINT: usize = 400;
/// How often the runner is started that the daemon loses.
const TRIES: usize = 3;
/// How long the host may take to see what was sent, how often it is looked whether it has, and how long what it does with
/// the last of it may take.
const SETTLE: Duration = Duration::from_millis(120);
const TICK: Duration = Duration::from_millis(5);
const REST: Duration = Duration::from_millis(10);

/// What is known once the runner has ended, one way or another.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) nonce: u64,
    pub(super) aims: std::result::Result<Aims, String>,
    pub(super) knocked: Option<Knocked>,
    pub(super) said: Vec<Said>,
    pub(super) broken: Option<String>,
    pub(super) outcomes: Vec<Outcome>,
}

/// Runs the runner in a guest.
pub(super) async fn run(
    prover: &Prover,
    lab: &Lab,
    seen: &Seen,
    options: ProveOptions,
    mut line: Option<Session>,
    job: &Job,
) -> Result<Gathered> {
    let deadline = Instant::now() + options.timeout;
    let mut tries = 0;
    loop {
        tries += 1;
        let place = timeout_at(deadline, place(lab, seen, prover, options.control)).await;
        let place = place.unwrap_or_else(|_| Err("the daemon did not say in time where the guest is".into()));
        let nonce = random();
        let knock = place.as_ref().ok().map(|place| knock(prover, place, nonce));
        let aims = place.map(|place| Aims::new(place, &prover.facts));
        let mut gathered =
            Gathered { nonce, aims, knocked: None, said: Vec::new(), broken: None, outcomes: Vec::new() };
        let attempt = attempt(prover, lab, seen, &mut gathered, options, line.take(), job);
        let ended = tokio::select! {
            ended = timeout_at(deadline, attempt) => ended,
            () = job.cancel.cancelled() => return Err(crate::lab::Error::Cancelled),
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(Trouble::Lost)) if tries < TRIES => continue,
            Ok(Err(trouble)) => gathered.broken = Some(trouble.to_string()),
            Err(_) => {
                gathered.broken = Some(format!("the guest did not end it within {} s", options.timeout.as_secs()));
            }
        }
        let settled = async {
            settle(prover, &gathered).await;
            match knock {
                Some(knock) => knock.await.ok(),
                None => None,
            }
        };
        gathered.knocked = lab.client.timeline().waiting(Wait::Guest, settled).await;
        return Ok(gathered);
    }
}

/// Waits until the host has seen what was sent, but not for long: what does not come in never does.
async fn settle(prover: &Prover, gathered: &Gathered) {
    let (Ok(aims), Ok(sniffer)) = (&gathered.aims, &prover.sniffer) else { return };
    let all_seen = async {
        while !all_seen(gathered.nonce, aims, sniffer, &gathered.said) {
            sleep(TICK).await;
        }
        // Of what has come in the host does the rest at once.
        sleep(REST).await;
    };
    let _ = timeout(SETTLE, all_seen).await;
}

/// Sends packets to the guest while the runner is brought into it.
fn knock(prover: &Prover, place: &Place, nonce: u64) -> JoinHandle<Knocked> {
    let guest = Knockee {
        bridge: place.bridge.clone(),
        gateway: place.gateway,
        address: place.address,
        mac: place.mac,
        port: crate::cloud_init::DEFAULT_PORT,
    };
    let door = prover.door.clone();
    tokio::task::spawn_blocking(move || {
        let door = door.as_ref().as_ref().map_err(|error| format!("no link can be made for it: {error}"));
        Knocked::at(&guest, door, nonce)
    })
}

/// Why the runner did not get to its end.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Program(String),
    #[error("the runner can't be brought into the guest: {0}")]
    Push(String),
    #[error("the runner can't be run in the guest: {0}")]
    Run(String),
    #[error("the daemon lost the runner again and again")]
    Lost,
    #[error("the runner said something that is no answer")]
    Nonsense,
    #[error("the runner ended with code {code}{complaint}")]
    Ended { code: i32, complaint: String },
}

impl Trouble {
    fn of(error: &crate::incus::Error) -> Self {
        match error.refusal() {
            Some(Refusal::Lost) => Self::Lost,
            _ => Self::Run(error.to_string()),
        }
    }
}

async fn attempt(
    prover: &Prover,
    lab: &Lab,
    seen: &Seen,
    gathered: &mut Gathered,
    options: ProveOptions,
    line: Option<Session>,
    job: &Job,
) -> std::result::Result<(), Trouble> {
    let guest = &seen.guest;
    let name = &guest.instance.name;
    let is_line = line.is_some();
    // A runner that followed the stages is there already.
    let session = match line {
        Some(line) => line,
        None => start(prover, lab, name, job).await?,
    };
    let limits = if options.set == Set::Full { Some(limits(lab, guest).await) } else { None };
    let plan = Plan {
        nonce: gathered.nonce,
        devices: prover.facts.block_devices.iter().copied().collect(),
        gateway_port: crate::cloud_init::DEFAULT_PORT,
        network: gathered.aims.as_ref().ok().map(Aims::plan),
        limits,
    };
    let mut plan = serde_json::to_vec(&plan).map_err(|error| Trouble::Program(error.to_string()))?;
    plan.push(b'\n');
    let Session { mut stdin, mut stdout, mut stderr, mut process } = session;
    // A runner that does not read its plan shows by what it does not say.
    let _ = stdin.send(&plan).await;
    drop(stdin);
    let address = gathered.aims.as_ref().ok().map(Aims::address);
    let complaints = async {
        let mut kept = Vec::new();
        let mut buffer = [0; 1024];
        while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
            kept.extend_from_slice(&buffer[..length.min(COMPLAINT - kept.len().min(COMPLAINT))]);
        }
        kept
    };
    let mut lines = Lines { nonce: gathered.nonce, rest: Vec::new(), read: 0 };
    let (said, outcomes) = (&mut gathered.said, &mut gathered.outcomes);
    let listen = async {
        let mut buffer = vec![0; 16 << 10];
        let timeline = lab.client.timeline();
        while let Ok(length @ 1..) = timeline.waiting(Wait::Guest, stdout.read(&mut buffer)).await {
            for heard in lines.feed(&buffer[..length])? {
                if let (Said::Started { port, .. }, Some(address)) = (&heard, address) {
                    outcomes.extend(timeline.waiting(Wait::Guest, from_host::inbound(address, *port)).await);
                }
                said.push(heard);
            }
        }
        Ok(())
    };
    let both = async { tokio::join!(listen, complaints) };
    let (heard, complaint) = if let Some(limits) = limits {
        let gauge = view(guest.state.pid).map(|view| Gauge::of(&view));
        let (ended, watched) = beside(both, lab, &seen.running(), gauge, &limits).await;
        gathered.outcomes.push(watched.outcome(&limits, &gathered.said));
        ended
    } else {
        both.await
    };
    if is_line && !matches!((&heard, gathered.said.last()), (Ok(()), Some(Said::Ended))) {
        // The runner gets a command of its own then, and another number.
        return Err(Trouble::Lost);
    }
    heard?;
    // One that said so has done everything. Only for another does the daemon have to be asked how it ended.
    if gathered.said.last() == Some(&Said::Ended) {
        return Ok(());
    }
    match timeout(Duration::from_secs(5), process.wait()).await {
        Ok(Ok(0)) => Ok(()),
        Ok(Ok(code)) => {
            let complaint = text::excerpt(String::from_utf8_lossy(&complaint).trim(), COMPLAINT);
            let complaint = if complaint.is_empty() { complaint } else { format!(": {complaint}") };
            Err(Trouble::Ended { code, complaint })
        }
        Ok(Err(error)) => Err(Trouble::of(&error)),
        Err(_) => Err(Trouble::Run("it does not end".into())),
    }
}

/// Brings the runner into a guest, and starts it.
async fn start(prover: &Prover, lab: &Lab, guest: &str, job: &Job) -> std::result::Result<Session, Trouble> {
    let program = *prover.program.as_ref().map_err(|error| Trouble::Program(error.to_string()))?;
    // A tmpfs where there is one; else the guest's own disk.
    let path = bring(lab, program, guest, ["/run", ""], job).await.map_err(Trouble::Push)?;
    let command = Command::new([path.as_str(), RUNNER_ARGUMENT]);
    let started = lab.client.exec_unwatched(&lab.project, guest, &command, None).await;
    started.map_err(|error| Trouble::of(&error))
}

/// What the runner says, line by line.
struct Lines {
    nonce: u64,
    rest: Vec<u8>,
    read: usize,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8]) -> std::result::Result<Vec<Said>, Trouble> {
        self.read += bytes.len();
        if self.read > MOST {
            return Err(Trouble::Nonsense);
        }
        self.rest.extend_from_slice(bytes);
        let mut said = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line: Line = serde_json::from_slice(&line).map_err(|_| Trouble::Nonsense)?;
            if line.nonce != self.nonce {
                return Err(Trouble::Nonsense);
            }
            said.push(line.said);
        }
        Ok(said)
    }
}

/// Where the guest is reached from the host, were it reached.
pub(super) fn at(address: Ipv4Addr, port: u16) -> SocketAddr {
    (address, port).into()
}
