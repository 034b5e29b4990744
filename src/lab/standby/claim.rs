//! Claiming guests that stand by.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::fit::Judge;
use super::rounds;
use crate::image::BakedImage;
use crate::incus::{Config, Instance, InstanceWithState, Job, Object, Refusal, Tag};
use crate::lab::guests::{LAUNCH_KEY, Readiness, STATE_KEY, is_of_launch};
use crate::lab::prepare::launch_id;
use crate::lab::timings::Clock;
use crate::lab::{Guest, Lab, Launched, Receipt, Result, Settled};
use crate::names::GuestName;
use crate::text::excerpt;

/// How many guests are tried besides those that are wanted: a claim is to be quick, or left to a launch.
const SPARE: usize = 3;
/// How long looking at all of them may take: whoever changes the lab waits for it. What was not judged by then is left to
/// a launch.
const WITHIN: Duration = Duration::from_secs(10);

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
/// guest exactly one gets it. What can't be judged, or not in time, or does not answer, is passed over.
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
    if settled.standing_by.is_empty() {
        return Ok(Claims::default());
    }
    let judge = Judge::new(lab, settled, baked)?;
    let candidates = settled.standing_by.iter().take(count + SPARE);
    let deadline = Instant::now() + WITHIN;
    let look = async |&name: &&GuestName| {
        if job.cancel.is_cancelled() {
            return Err("podclaw was interrupted".into());
        }
        let own = Lab { client: lab.client.recording(), ..lab.clone() };
        let clock = Clock::start(&settled.at, own.client.timeline());
        let looked = look(&own, &judge, name).await?;
        Ok((own, clock, looked))
    };
    let take = async |&name: &&GuestName, (own, clock, looked): (Lab, Clock, Looked)| {
        take(&own, name, clock, looked, mode).await
    };
    let (claimed, passed_over) = rounds::take(candidates, count, deadline, look, take).await;
    let escaped = |(name, reason): (&GuestName, String)| (name.to_string(), excerpt(&reason, 300));
    Ok(Claims { claimed, passed_over: passed_over.into_iter().map(escaped).collect() })
}

/// A guest that is fit to be claimed, as it was seen.
struct Looked {
    found: InstanceWithState,
    tag: Tag,
    receipt: Receipt,
}

/// Claims a guest that was looked at, unless it was changed since.
async fn take(
    lab: &Lab,
    name: &GuestName,
    mut clock: Clock,
    Looked { mut found, tag, receipt }: Looked,
    mode: ClaimMode,
) -> std::result::Result<Launched, String> {
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
async fn look(lab: &Lab, judge: &Judge, name: &GuestName) -> std::result::Result<Looked, String> {
    let object = Object::instance(&lab.project, name.as_str());
    let found = lab.client.get_tagged_with_state(&object).await.map_err(|error| error.to_string())?;
    let (found, tag) = found.ok_or("it is gone")?;
    if !lab.mark().is_on(&found.instance.config) {
        return Err("it does not carry the lab's mark any more".into());
    }
    let receipt = judge.judge(lab, &found).await?;
    Ok(Looked { found, tag, receipt })
}
