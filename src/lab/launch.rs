//! Launching one prepared guest.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::attempt::{LaunchOptions, attempt, bring_up};
use super::follow::Follower;
use super::guests::{Readiness, STATE_KEY};
use super::prove::{Leaving, Seen};
use super::timings::Clock;
use super::{
    Error, Guest, Identity, Lab, Prepared, ProbeRecord, Proof, ProveOptions, Prover, Receipt, RequestKind, Result,
    StageRecord, Timings,
};
use crate::incus::{Config, InstanceWithState, Job, Object, Session};
use crate::names::GuestName;
use crate::probe::Verdict;

/// A guest whose gateway has started.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Launched {
    /// Its name.
    pub name: GuestName,
    /// Its addresses on the lab's network.
    pub addresses: Vec<IpAddr>,
    /// How the launch went.
    pub receipt: Receipt,
    /// Where the time went, to its very end: the receipt was written before that, and a claim comes long after it.
    pub timings: Timings,
    /// What was asked of the daemon, the longest waits first.
    pub requests: Vec<RequestKind>,
    /// The guest, as it was seen when it was proven, or claimed.
    #[serde(skip)]
    pub guest: Guest,
}

/// Launches a guest: create, push the gateway unless the image has it, start, follow the stages, prove, write the receipt.
/// When it fails, is cancelled, or takes too long, the guest is removed, or stopped and kept if that is asked for.
pub async fn launch(lab: &Lab, prepared: &Prepared, options: LaunchOptions, job: &Job) -> Result<Launched> {
    let lab = &lab.recording().await;
    attempt(lab, prepared, options, job, async |follower: &mut Follower<'_>, job: &Job| {
        let guest = bring_up(lab, prepared, follower, job).await?;
        let (proof, seen, leaving) = prove(lab, prepared, follower.line.take(), job).await?;
        follower.clock.mark("prove");
        // The one that writes it is counted.
        let (took, timings) = (follower.clock.took(), follower.clock.timings(1));
        let receipt = receipt(prepared, guest, (took, timings), std::mem::take(&mut follower.records), &proof);
        if prepared.becomes() == Readiness::Standby {
            lab.may_stand_by(&prepared.digests, &receipt).await?;
        }
        finish(lab, prepared, receipt, seen, leaving, &mut follower.clock, job).await
    })
    .await
}

/// Writes the receipt, and with it that the guest is ready, or stands by.
async fn finish(
    lab: &Lab,
    prepared: &Prepared,
    receipt: Receipt,
    mut seen: InstanceWithState,
    leaving: Leaving,
    clock: &mut Clock,
    job: &Job,
) -> Result<Launched> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    let mut config = Config::from([(STATE_KEY.into(), prepared.becomes().as_str().into())]);
    receipt.write(&mut config)?;
    let said = json!({ "config": config });
    let (written, _) = tokio::join!(lab.client.patch(&instance, &said, job), join_all(leaving));
    written?;
    clock.mark("receipt");
    let (timings, requests) = (clock.timings(0), clock.kinds());
    seen.instance.config.extend(config);
    let guest = Guest::of(seen);
    Ok(Launched { name: prepared.name.clone(), addresses: guest.addresses.clone(), receipt, timings, requests, guest })
}

/// Tries what an attacker in the guest would. Nothing that is not contained is ever called ready.
async fn prove(
    lab: &Lab,
    prepared: &Prepared,
    line: Option<Session>,
    job: &Job,
) -> Result<(Proof, InstanceWithState, Leaving)> {
    let began = Instant::now();
    job.progress.begin("prove");
    let prover = Prover::knowing(prepared.fence.clone());
    let (prover, seen) = tokio::join!(prover, Seen::now(lab, &prepared.name));
    let (prover, seen) = (prover?, seen?);
    let proof = prover.prove_seen(lab, &seen, ProveOptions::quick(), line, job).await?;
    let leaving = prover.leave();
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
    Ok((proof, seen.guest, leaving))
}

fn receipt(
    prepared: &Prepared,
    guest: Identity,
    (took, timings): (Duration, Timings),
    stages: Vec<StageRecord>,
    proof: &Proof,
) -> Receipt {
    Receipt {
        podclaw: env!("CARGO_PKG_VERSION").into(),
        finished: Timestamp::now(),
        claimed: None,
        base: prepared.images.base.fingerprint.to_string(),
        baked: prepared.baked.as_ref().map(|baked| baked.fingerprint.to_string()),
        gateway: prepared.images.gateway.id(),
        profiles: prepared.instance.profiles.clone(),
        millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        stages,
        probes: proof.probes.iter().map(ProbeRecord::from).collect(),
        digests: Some(prepared.digests.clone()),
        guest: Some(guest),
        verdicts: prepared.verdicts.clone(),
        timings: Some(timings),
    }
}
