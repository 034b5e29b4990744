//! Launching one prepared guest.

use std::net::IpAddr;
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::attempt::{LaunchOptions, attempt, bring_up};
use super::follow::Follower;
use super::guests::STATE_KEY;
use super::{
    Digests, Error, Identity, Lab, Prepared, ProbeRecord, Proof, ProveOptions, Prover, Receipt, Result, StageRecord,
    digests,
};
use crate::incus::{Acl, Config, InstanceWithState, Job, Object};
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
}

/// Launches a guest: create, push the gateway unless the image has it, start, follow the stages, prove, write the receipt.
/// When it fails, is cancelled, or takes too long, the guest is removed, or stopped and kept if that is asked for.
pub async fn launch(lab: &Lab, prepared: &Prepared, options: LaunchOptions, job: &Job) -> Result<Launched> {
    let began = Instant::now();
    attempt(lab, prepared, options, job, async |follower: &mut Follower<'_>, job: &Job| {
        let guest = bring_up(lab, prepared, follower, job).await?;
        let proof = prove(lab, prepared, job).await?;
        let receipt = receipt(prepared, guest, began, std::mem::take(&mut follower.records), &proof);
        finish(lab, prepared, receipt, job).await
    })
    .await
}

/// Writes the receipt, and with it that the guest is ready, or stands by.
async fn finish(lab: &Lab, prepared: &Prepared, receipt: Receipt, job: &Job) -> Result<Launched> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    let acl = lab.client.get::<Acl>(&Object::acl(&lab.settings.name.acl())).await?;
    let digests = Digests { acl: acl.as_ref().map(digests::acl), ..prepared.digests.clone() };
    let receipt = Receipt { digests: Some(digests), ..receipt };
    let mut config = Config::from([(STATE_KEY.into(), prepared.becomes().as_str().into())]);
    receipt.write(&mut config)?;
    lab.client.patch(&instance, &json!({ "config": config }), job).await?;
    let found: Option<InstanceWithState> = lab.client.get_with_state(&instance).await?;
    let addresses = found.map(|found| found.state.addresses()).unwrap_or_default();
    Ok(Launched { name: prepared.name.clone(), addresses, receipt })
}

/// Tries what an attacker in the guest would. Nothing that is not contained is ever called ready.
async fn prove(lab: &Lab, prepared: &Prepared, job: &Job) -> Result<Proof> {
    let began = Instant::now();
    job.progress.begin("prove");
    let proof = Prover::new(lab).await?.prove(lab, &prepared.name, ProveOptions::quick(), job).await?;
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

fn receipt(prepared: &Prepared, guest: Identity, began: Instant, stages: Vec<StageRecord>, proof: &Proof) -> Receipt {
    Receipt {
        podclaw: env!("CARGO_PKG_VERSION").into(),
        finished: Timestamp::now(),
        claimed: None,
        base: prepared.images.base.fingerprint.to_string(),
        baked: prepared.baked.as_ref().map(|baked| baked.fingerprint.to_string()),
        gateway: prepared.images.gateway.id(),
        profiles: prepared.instance.profiles.clone(),
        millis: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        stages,
        probes: proof.probes.iter().map(ProbeRecord::from).collect(),
        digests: Some(prepared.digests.clone()),
        guest: Some(guest),
        verdicts: prepared.verdicts.clone(),
    }
}
