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
use super::push::push;
use super::{
    Digests, Error, Identity, Lab, Prepared, ProbeRecord, Proof, ProveOptions, Prover, Receipt, Result, StageRecord,
    digests,
};
use crate::image::GatewayImage;
use crate::incus::{Acl, Config, Instance, InstanceWithState, Job, Object, StateChange};
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
    let began = Instant::now();
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
    let outcome = bring_up(lab, prepared, began, &mut follower, &limited).await;
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
    began: Instant,
    follower: &mut Follower<'_>,
    job: &Job,
) -> Result<Launched> {
    let name = prepared.name.as_str();
    let instance = Object::instance(&lab.project, name);
    step(job, "created", "create", create(lab, prepared, job)).await?;
    if let GatewayImage::Archive(archive) = &prepared.images.gateway {
        step(job, "gateway image pushed", "push gateway image", push(lab, &prepared.name, archive, job)).await?;
    }
    let guest = as_judged(lab, prepared).await?;
    step(job, "started", "start", async {
        Ok(lab.client.change_state(&lab.project, name, StateChange::Start, job).await?)
    })
    .await?;
    follower.run(job).await?;
    let proof = prove(lab, prepared, job).await?;
    let acl = lab.client.get::<Acl>(&Object::acl(&lab.settings.name.acl())).await?;
    let digests = Digests { acl: acl.as_ref().map(digests::acl), ..prepared.digests.clone() };
    let receipt = receipt(prepared, guest, digests, began, std::mem::take(&mut follower.records), &proof);
    let mut config = Config::from([(STATE_KEY.into(), Readiness::Ready.as_str().into())]);
    receipt.write(&mut config)?;
    lab.client.patch(&instance, &json!({ "config": config }), job).await?;
    let found: Option<InstanceWithState> = lab.client.get_with_state(&instance).await?;
    let addresses = found.map(|found| found.state.addresses()).unwrap_or_default();
    Ok(Launched { name: prepared.name.clone(), addresses, receipt })
}

/// The daemon merged the profiles itself, and somebody may have changed them since they were read. Nothing that differs
/// from what was judged is started. Gives what the guest is known by from now on.
async fn as_judged(lab: &Lab, prepared: &Prepared) -> Result<Identity> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    let made = lab.client.get::<Instance>(&instance).await?.unwrap_or_default();
    let identity = Identity::of(&made);
    let made = Layer { config: made.expanded_config, devices: made.expanded_devices };
    match prepared.judged.differs_from(&made).first() {
        None => Ok(identity),
        Some(difference) => Err(Error::Drifted { object: instance.to_string(), difference: difference.to_string() }),
    }
}

/// Tries what an attacker in the guest would. Nothing that is not contained is ever called ready.
async fn prove(lab: &Lab, prepared: &Prepared, job: &Job) -> Result<Proof> {
    let began = Instant::now();
    job.progress.begin("prove");
    let proof = Prover::new().await?.prove(lab, &prepared.name, ProveOptions::quick(), job).await?;
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
    Ok(proof)
}

async fn step<T>(job: &Job, done: &str, doing: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let began = Instant::now();
    job.progress.begin(doing);
    let made = work.await?;
    job.progress.done(done, began.elapsed());
    Ok(made)
}

fn receipt(
    prepared: &Prepared,
    guest: Identity,
    digests: Digests,
    began: Instant,
    stages: Vec<StageRecord>,
    proof: &Proof,
) -> Receipt {
    Receipt {
        podclaw: env!("CARGO_PKG_VERSION").into(),
        finished: Timestamp::now(),
        base: prepared.images.base.fingerprint.to_string(),
        gateway: prepared.images.gateway.id(),
        profiles: prepared.instance.profiles.clone(),
        millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        stages,
        probes: proof.probes.iter().map(ProbeRecord::from).collect(),
        digests: Some(digests),
        guest: Some(guest),
        verdicts: prepared.verdicts.clone(),
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
