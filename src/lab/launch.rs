//! Launching one prepared guest.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::cleanup::remove_launched;
use super::create::create;
use super::follow::Follower;
use super::guests::{Readiness, STATE_KEY};
use super::prove::Seen;
use super::push::push;
use super::timings::Clock;
use super::{
    Error, Guest, Lab, Prepared, ProbeRecord, Proof, ProveOptions, Prover, Receipt, RequestKind, Result, StageRecord,
    Timings,
};
use crate::image::GatewayImage;
use crate::incus::{Config, Instance, InstanceWithState, Job, Object, Session, StateChange};
use crate::names::GuestName;
use crate::probe::Verdict;
use crate::profile::Layer;

/// How long a failed guest that is kept gets to shut down.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A guest whose gateway has started.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Launched {
    /// Its name.
    pub name: GuestName,
    /// Its addresses on the lab's network.
    pub addresses: Vec<IpAddr>,
    /// How the launch went.
    pub receipt: Receipt,
    /// Where its time went, to its very end: the receipt was written before that.
    pub timings: Timings,
    /// What was asked of the daemon, the longest waits first.
    pub requests: Vec<RequestKind>,
    /// The guest, as it was seen when it was proven.
    #[serde(skip)]
    pub guest: Guest,
}

/// How a launch is bounded and what happens when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchOptions {
    /// How long the whole launch may take.
    pub timeout: Duration,
    /// Whether a guest that failed is stopped and kept, and not removed.
    pub keep_failed: bool,
}

/// Launches a guest: create, push the gateway, start, follow the stages, prove, write the receipt. When it fails, is
/// cancelled, or takes too long, the guest is removed, or stopped and kept if that is asked for.
pub async fn launch(lab: &Lab, prepared: &Prepared, options: LaunchOptions, job: &Job) -> Result<Launched> {
    let lab = &lab.recording().await;
    let mut clock = Clock::start(&prepared.settled, lab.client.timeline());
    let mut follower = Follower::new(lab, &prepared.name);
    // Running out of time ends the work as Ctrl-C does, in order; afterwards it is told apart.
    let limited = Job::new(job.progress.clone(), job.cancel.child_token());
    let timer = {
        let cancel = limited.cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(options.timeout).await;
            cancel.cancel();
        })
    };
    let outcome = bring_up(lab, prepared, &mut clock, &mut follower, &limited).await;
    timer.abort();
    let error = match outcome {
        Ok(launched) => return Ok(launched),
        Err(error) if !is_cancelled(&error) => error,
        Err(_) if job.cancel.is_cancelled() => Error::Cancelled,
        Err(_) => Error::TimedOut { after: options.timeout, at: follower.at(), log: follower.log_now().await },
    };
    let cleanup = Job::new(job.progress.clone(), tokio_util::sync::CancellationToken::new());
    // A guest that got out is evidence: it is stopped, and left to be looked at.
    let cleaned = if options.keep_failed || matches!(error, Error::Escapes(_)) {
        match keep(lab, prepared, &cleanup).await {
            Ok(true) => return Err(Error::Kept { error: Box::new(error), guest: prepared.name.clone() }),
            kept => kept.map(drop),
        }
    } else {
        job.progress.begin("removing what was made");
        remove_launched(lab, &prepared.name, prepared.launch_id(), &cleanup).await.map(drop)
    };
    Err(match cleaned {
        Ok(()) => error,
        Err(failure) => Error::NotCleaned { error: Box::new(error), cleanup: Box::new(failure) },
    })
}

async fn bring_up(
    lab: &Lab,
    prepared: &Prepared,
    clock: &mut Clock,
    follower: &mut Follower<'_>,
    job: &Job,
) -> Result<Launched> {
    let name = prepared.name.as_str();
    let instance = Object::instance(&lab.project, name);
    let mut made = step(job, "created", "create", create(lab, prepared, job)).await?;
    clock.mark("create");
    if let GatewayImage::Archive(archive) = &prepared.images.gateway {
        step(job, "gateway image pushed", "push gateway image", push(lab, &prepared.name, archive, job)).await?;
        clock.mark("push");
        // That took a while, in which somebody may have changed a profile.
        made = lab.client.get::<Instance>(&instance).await?.unwrap_or_default();
    }
    as_judged(lab, prepared, made)?;
    step(job, "started", "start", async {
        Ok(lab.client.change_state(&lab.project, name, StateChange::Start, job).await?)
    })
    .await?;
    clock.mark("start");
    follower.run(clock, job).await?;
    let (proof, mut seen) = prove(lab, prepared, follower.line.take(), job).await?;
    clock.mark("prove");
    // The one that writes it is counted.
    let timings = clock.timings(1);
    let stages = std::mem::take(&mut follower.records);
    let receipt = receipt(prepared, clock.took(), timings, stages, &proof);
    let mut config = Config::from([(STATE_KEY.into(), Readiness::Ready.as_str().into())]);
    receipt.write(&mut config)?;
    lab.client.patch(&instance, &json!({ "config": config }), job).await?;
    clock.mark("receipt");
    let (timings, requests) = (clock.timings(0), clock.kinds());
    seen.instance.config.extend(config);
    let guest = Guest::of(seen);
    Ok(Launched { name: prepared.name.clone(), addresses: guest.addresses.clone(), receipt, timings, requests, guest })
}

/// The daemon merged the profiles itself, and somebody may have changed them since they were read. Nothing that differs
/// from what was judged is started.
fn as_judged(lab: &Lab, prepared: &Prepared, made: Instance) -> Result<()> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    let made = Layer { config: made.expanded_config, devices: made.expanded_devices };
    match prepared.judged.differs_from(&made).first() {
        None => Ok(()),
        Some(difference) => Err(Error::Drifted { object: instance.to_string(), difference: difference.to_string() }),
    }
}

/// Tries what an attacker in the guest would. Nothing that is not contained is ever called ready.
async fn prove(lab: &Lab, prepared: &Prepared, line: Option<Session>, job: &Job) -> Result<(Proof, InstanceWithState)> {
    let began = Instant::now();
    job.progress.begin("prove");
    let (prover, seen) = tokio::join!(Prover::new(), Seen::now(lab, &prepared.name));
    let seen = seen?;
    let proof = prover?.prove_seen(lab, &seen, ProveOptions::quick(), line, job).await?;
    let escapes: Vec<String> = proof
        .all(Verdict::NotContained)
        .map(|outcome| format!("{}: {} ({})", outcome.probe.id, outcome.came_back, outcome.tried))
        .collect();
    if !escapes.is_empty() {
        return Err(Error::Escapes(escapes));
    }
    let unknown = proof.all(Verdict::CouldNotTell).count();
    let contained = proof.all(Verdict::Contained).count();
    job.progress.done(format!("proven: {contained} probes contained, {unknown} could not tell"), began.elapsed());
    Ok((proof, seen.guest))
}

async fn step<T>(job: &Job, done: &str, doing: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let began = Instant::now();
    job.progress.begin(doing);
    let made = work.await?;
    job.progress.done(done, began.elapsed());
    Ok(made)
}

fn receipt(prepared: &Prepared, took: Duration, timings: Timings, stages: Vec<StageRecord>, proof: &Proof) -> Receipt {
    Receipt {
        podclaw: env!("CARGO_PKG_VERSION").into(),
        finished: Timestamp::now(),
        base: prepared.images.base.fingerprint.to_string(),
        gateway: prepared.images.gateway.id(),
        profiles: prepared.instance.profiles.clone(),
        millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        stages,
        probes: proof.probes.iter().map(ProbeRecord::from).collect(),
        digests: Some(prepared.digests.clone()),
        verdicts: prepared.verdicts.clone(),
        timings: Some(timings),
    }
}

/// Stops a guest that failed, and says on it that it did; says whether there is one.
async fn keep(lab: &Lab, prepared: &Prepared, job: &Job) -> Result<bool> {
    let name = &prepared.name;
    let instance = Object::instance(&lab.project, name.as_str());
    let made = lab.client.get::<Instance>(&instance).await?;
    if !made.is_some_and(|made| prepared.made(&made.config)) {
        return Ok(false);
    }
    job.progress.begin("stopping the guest that failed");
    if lab.client.change_state(&lab.project, name.as_str(), StateChange::Stop(STOP_WITHIN), job).await.is_err() {
        lab.client.change_state(&lab.project, name.as_str(), StateChange::Kill, job).await?;
    }
    let config = json!({ "config": { STATE_KEY: Readiness::Failed.as_str() } });
    lab.client.patch(&instance, &config, job).await?;
    Ok(true)
}

fn is_cancelled(error: &Error) -> bool {
    matches!(error, Error::Cancelled | Error::Incus(crate::incus::Error::Cancelled))
}
