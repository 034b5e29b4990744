//! Claiming guests that stand by.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::time::timeout;

use super::fit::Wanted;
use crate::cloud_init::DEFAULT_PORT;
use crate::image::BakedImage;
use crate::incus::{Command, Config, Instance, InstanceWithState, Job, Object, Refusal, Tag};
use crate::lab::guests::{LAUNCH_KEY, Readiness, STATE_KEY, is_of_launch};
use crate::lab::prepare::launch_id;
use crate::lab::timings::Clock;
use crate::lab::{Guest, Lab, Launched, Receipt, Result, Settled};
use crate::names::GuestName;
use crate::text::excerpt;

/// How many guests are tried besides those that are wanted: a claim is to be quick, or left to a launch.
const SPARE: usize = 3;
/// How long looking at one may take.
const WITHIN: Duration = Duration::from_secs(3);
/// How long its gateway may take to answer, and how much of the answer is read.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_BYTES: usize = 4096;

/// What came of a claim.
#[derive(Debug, Default)]
pub struct Claims {
    /// The guests that were claimed.
    pub claimed: Vec<Launched>,
    /// Those that stand by and were not, with the reason; escaped.
    pub passed_over: Vec<(String, String)>,
}

/// Whether guests are claimed, or it is only looked which ones would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimMode {
    /// It is only looked.
    DryRun,
    /// They are claimed.
    Claim,
}

/// Claims up to `count` of the guests that stand by, the oldest first. Each is looked at anew, and of several that claim one
/// guest exactly one gets it. What can't be judged, or does not answer, is passed over.
///
/// # Errors
/// What keeps a guest that stands by from being judged.
pub async fn claim(
    lab: &Lab,
    settled: &Settled,
    baked: &BakedImage,
    count: usize,
    mode: ClaimMode,
    job: &Job,
) -> Result<Claims> {
    let mut claims = Claims::default();
    if settled.standing_by.is_empty() {
        return Ok(claims);
    }
    let wanted = Wanted::of(lab, settled, baked)?;
    for name in settled.standing_by.iter().take(count + SPARE) {
        if claims.claimed.len() == count || job.cancel.is_cancelled() {
            break;
        }
        let own = Lab { client: lab.client.recording(), ..lab.clone() };
        let clock = Clock::start(&settled.at, own.client.timeline());
        match claim_one(&own, &wanted, name, clock, mode).await {
            Ok(launched) => claims.claimed.push(launched),
            Err(reason) => claims.passed_over.push((name.to_string(), excerpt(&reason, 300))),
        }
    }
    Ok(claims)
}

async fn claim_one(
    lab: &Lab,
    wanted: &Wanted,
    name: &GuestName,
    mut clock: Clock,
    mode: ClaimMode,
) -> std::result::Result<Launched, String> {
    let looked = timeout(WITHIN, look(lab, wanted, name)).await;
    let (mut found, tag, receipt) = looked.map_err(|_| "looking at it took too long")??;
    let mut launched = |found: InstanceWithState, receipt: Receipt| {
        clock.mark("claim");
        let (guest, timings, requests) = (Guest::of(found), clock.timings(0), clock.kinds());
        Launched { name: name.clone(), addresses: guest.addresses.clone(), receipt, timings, requests, guest }
    };
    if mode == ClaimMode::DryRun {
        return Ok(launched(found, receipt));
    }
    let launch = launch_id().map_err(|error| error.to_string())?;
    let receipt = Receipt { claimed: Some(Timestamp::now()), ..receipt };
    let mut config = Config::from([
        (STATE_KEY.to_owned(), Readiness::Ready.as_str().to_owned()),
        (LAUNCH_KEY.to_owned(), launch.clone()),
    ]);
    receipt.write(&mut config).map_err(|error| error.to_string())?;
    let object = Object::instance(&lab.project, name.as_str());
    match lab.client.patch_if(&tag, &object, &json!({ "config": config })).await {
        Ok(()) => {}
        Err(error) if error.refusal() == Some(Refusal::Changed) => return Err("somebody else claimed it".into()),
        // Such as a connection that broke after the request: it may be claimed, and then nobody else will ever take it.
        Err(error) => match lab.client.get::<Instance>(&object).await {
            Ok(Some(found)) if is_of_launch(&found.config, &launch) => {}
            _ => return Err(error.to_string()),
        },
    }
    found.instance.config.extend(config);
    Ok(launched(found, receipt))
}

/// Looks whether a guest is fit to be claimed, as it is now.
async fn look(
    lab: &Lab,
    wanted: &Wanted,
    name: &GuestName,
) -> std::result::Result<(InstanceWithState, Tag, Receipt), String> {
    let object = Object::instance(&lab.project, name.as_str());
    let found = lab.client.get_tagged_with_state(&object).await.map_err(|error| error.to_string())?;
    let (found, tag) = found.ok_or("it is gone")?;
    if !lab.mark().is_on(&found.instance.config) {
        return Err("it does not carry the lab's mark any more".into());
    }
    let receipt = wanted.judge(&found.instance, Timestamp::now())?;
    if !answers(lab, name).await {
        return Err("its gateway does not answer".into());
    }
    Ok((found, tag, receipt))
}

/// Whether the gateway of a guest says that it has started. It is the guest's word, as that of stage 7 was: what is asked
/// is whether it is of use, and not whether it is contained.
pub(super) async fn answers(lab: &Lab, name: &GuestName) -> bool {
    let url = format!("http://127.0.0.1:{DEFAULT_PORT}/startupz");
    let seconds = ANSWER_WITHIN.as_secs().to_string();
    let command = Command::new(["curl", "--silent", "--noproxy", "*", "--max-time", &seconds, &url]);
    let asked = lab.client.capture(&lab.project, name.as_str(), &command, b"", ANSWER_BYTES, ANSWER_WITHIN).await;
    asked.is_ok_and(|said| {
        let body: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
        said.code == 0 && body["status"] == "started"
    })
}
