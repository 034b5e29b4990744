//! Proving that guests are contained: the probes of [`crate::probe`], run in guests of a lab and looked at from the host.

mod beside;
mod from_host;
mod limits;
mod locks;
mod place;
mod provable;
mod runner;
mod seen;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use super::{Error, Lab, Result};
use crate::fence::{Binding, Fence};
use crate::incus::{Job, Session};
use crate::names::GuestName;
use crate::probe::host::{Door, HostFacts, Sniffer};
use crate::probe::{Evidence, Locks, Outcome, Program, Set, Unusable, Verdict, judge};

pub(super) use locks::locks;
pub(super) use place::{Shared, place_in, poke_gateways};
pub use provable::{LeftOut, Provable, provable};
pub(super) use seen::Seen;

/// How a proof is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProveOptions {
    /// Which probes are run.
    pub set: Set,
    /// An address that guests must reach; without one, a public address that is only seen leaving.
    pub control: Option<SocketAddr>,
    /// How long the probes in one guest may take.
    pub timeout: Duration,
}

impl ProveOptions {
    /// The quick set, in a time that is enough on a busy machine.
    #[must_use]
    pub fn quick() -> Self {
        Self { set: Set::Quick, control: None, timeout: Duration::from_secs(20) }
    }
}

/// What the probes say of one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The guest.
    pub name: String,
    /// The worst of the outcomes.
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What each probe says.
    pub probes: Vec<Outcome>,
}

impl Proof {
    /// The outcomes of that verdict.
    pub fn all(&self, verdict: Verdict) -> impl Iterator<Item = &Outcome> {
        self.probes.iter().filter(move |outcome| outcome.verdict == verdict)
    }
}

/// What proofs on one host share: what is there to be reached, and eyes for its packets.
#[derive(Debug)]
pub struct Prover {
    facts: HostFacts,
    sniffer: std::result::Result<Sniffer, std::io::Error>,
    door: Arc<std::result::Result<Door, std::io::Error>>,
    program: std::result::Result<Program, Unusable>,
    /// What podclaw's own table is to be, where that is known.
    fence: Option<Fence>,
    /// The two firewalls, once somebody looked at them.
    locks: OnceCell<Locks>,
    /// What the daemon binds guests' ports to, as the kernel has it.
    bound: BTreeMap<String, Binding>,
}

/// What of a prover is on its way out.
pub(super) type Leaving = [JoinHandle<()>; 2];

impl Prover {
    /// Looks at the lab's host. What it can't see makes probes say that they could not tell.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where not even the host's addresses can be read.
    pub async fn new() -> Result<Self> {
        Self::knowing(None).await
    }

    /// The same where it is known what podclaw's own table is to be; then nothing is asked of the daemon.
    pub(super) async fn knowing(fence: Option<Fence>) -> Result<Self> {
        let looked = tokio::task::spawn_blocking(|| {
            poke_gateways();
            let facts = HostFacts::read();
            // Only now: the link for packets to guests is no part of what a guest could want to reach.
            (facts, Door::make())
        });
        let (looked, bound) = tokio::join!(looked, crate::fence::bound());
        let unreadable = |source| Error::Unreadable { path: "/proc/net".into(), source };
        let (facts, door) = looked.map_err(|error| unreadable(std::io::Error::other(error)))?;
        let facts = facts.map_err(unreadable)?;
        // Where nft does not say, the daemon does.
        let bound = bound.unwrap_or_default();
        let (sniffer, door, locks) = (Sniffer::start(), Arc::new(door), OnceCell::new());
        Ok(Self { facts, sniffer, door, program: Program::own(), fence, locks, bound })
    }

    /// Begins to take away what it looked with. The kernel takes its time for that: other things can be done meanwhile.
    pub(super) fn leave(self) -> Leaving {
        let Self { sniffer, door, .. } = self;
        [tokio::task::spawn_blocking(move || drop(sniffer)), tokio::task::spawn_blocking(move || drop(door))]
    }

    /// Runs the probes in a guest, which must run.
    ///
    /// # Errors
    /// Where there is no such guest, it does not run, or the daemon does not answer. Whatever the guest does is no error,
    /// but shows in the outcomes.
    pub async fn prove(&self, lab: &Lab, name: &GuestName, options: ProveOptions, job: &Job) -> Result<Proof> {
        let seen = Seen::now(lab, name).await?;
        self.prove_seen(lab, &seen, options, None, job).await
    }

    /// The same for a guest that was looked at just now, and where the runner may wait already.
    pub(super) async fn prove_seen(
        &self,
        lab: &Lab,
        seen: &Seen,
        options: ProveOptions,
        line: Option<Session>,
        job: &Job,
    ) -> Result<Proof> {
        let began = Instant::now();
        let locks = async { Ok(self.locks.get_or_init(|| locks(lab, self.fence.as_ref())).await) };
        let (evidence, locks) = tokio::try_join!(Box::pin(self.gather(lab, seen, options, line, job)), locks)?;
        let probes = judge(evidence.lend(self, locks), options.set);
        let verdict = probes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::CouldNotTell);
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Proof { name: seen.guest.instance.name.clone(), verdict, millis, probes })
    }

    async fn gather(
        &self,
        lab: &Lab,
        seen: &Seen,
        options: ProveOptions,
        line: Option<Session>,
        job: &Job,
    ) -> Result<runner::Gathered> {
        let mut outcomes = seen.outcomes.clone();
        let deadline = Instant::now() + options.timeout;
        let mut gathered = runner::run(self, lab, seen, options, line, job).await?;
        if options.set == Set::Full {
            outcomes.push(from_host::audit(lab, &seen.guest.instance.name, deadline).await);
        }
        gathered.outcomes.append(&mut outcomes);
        Ok(gathered)
    }
}

impl runner::Gathered {
    fn lend<'e>(&'e self, prover: &'e Prover, locks: &'e Locks) -> Evidence<'e> {
        Evidence {
            nonce: self.nonce,
            aims: self.aims.as_ref().map_err(Clone::clone),
            sniffer: prover.sniffer.as_ref().ok(),
            knocked: self.knocked.as_ref(),
            locks: Some(locks),
            said: self.said.clone(),
            broken: self.broken.clone(),
            outcomes: self.outcomes.clone(),
        }
    }
}
