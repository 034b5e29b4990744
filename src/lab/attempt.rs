//! What launching and baking have in common: a guest is brought up within a time, and gone afterwards if that fails.

use std::time::{Duration, Instant};

use serde_json::json;

use super::cleanup::remove_launched;
use super::create::create;
use super::follow::Follower;
use super::guests::{Readiness, STATE_KEY};
use super::push::push;
use super::timings::Clock;
use super::{Error, Identity, Lab, Prepared, Result};
use crate::image::GatewayImage;
use crate::incus::{self, Instance, Job, Object, StateChange};
use crate::names::GuestName;
use crate::probe::Program;
use crate::profile::Layer;
use crate::text;

/// How long a failed guest that is kept gets to shut down.
const STOP_WITHIN: Duration = Duration::from_secs(20);
/// How often a guest is started of which nothing ran, how long is waited before, and how liblxc says that nothing did.
const STARTS: usize = 3;
const BREATH: Duration = Duration::from_secs(2);
const FIRST_HOOK: &str = "Failed to run lxc.hook.pre-start";
/// How much of liblxc's log is read, in bytes, and how many of its errors are shown.
const LOG_BYTES: u64 = 256 << 10;
const LOG_LINES: usize = 12;

/// How a launch is bounded and what happens when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchOptions {
    /// How long the whole launch may take.
    pub timeout: Duration,
    /// Whether a guest that failed is stopped and kept, and not removed.
    pub keep_failed: bool,
}

/// Does some work with a guest. When it fails, is cancelled, or takes too long, the guest is removed, or stopped and kept
/// if that is asked for.
pub(super) async fn attempt<T>(
    lab: &Lab,
    prepared: &Prepared,
    options: LaunchOptions,
    job: &Job,
    work: impl AsyncFnOnce(&mut Follower<'_>, &Job) -> Result<T>,
) -> Result<T> {
    let clock = Clock::start(&prepared.settled, lab.client.timeline());
    // Before anything is made: without it nobody would hear of the stages.
    let mut follower = Follower::new(lab, &prepared.name, Program::own()?, clock);
    // Running out of time ends the work as Ctrl-C does, in order; afterwards it is told apart.
    let limited = Job::new(job.progress.clone(), job.cancel.child_token());
    let timer = {
        let cancel = limited.cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(options.timeout).await;
            cancel.cancel();
        })
    };
    let outcome = work(&mut follower, &limited).await;
    timer.abort();
    let error = match outcome {
        Ok(done) => return Ok(done),
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

/// Makes a guest, brings what it needs into it, starts it, and follows its stages to their end.
pub(super) async fn bring_up(
    lab: &Lab,
    prepared: &Prepared,
    follower: &mut Follower<'_>,
    job: &Job,
) -> Result<Identity> {
    let guest = make_and_start(lab, prepared, follower, job).await?;
    follower.run(job).await?;
    Ok(guest)
}

/// The same without following it.
pub(super) async fn make_and_start(
    lab: &Lab,
    prepared: &Prepared,
    follower: &mut Follower<'_>,
    job: &Job,
) -> Result<Identity> {
    let made = step(job, "created", "create", create(lab, prepared, job)).await;
    let made = match made {
        Err(error @ Error::Incus(crate::incus::Error::Refused { .. })) => return Err(lab.blame(error).await),
        made => made?,
    };
    let mut guest = as_judged(lab, prepared, made).await?;
    follower.clock.mark("create");
    if let (None, GatewayImage::Archive(archive)) = (&prepared.baked, &prepared.images.gateway) {
        step(job, "gateway image pushed", "push gateway image", push(lab, &prepared.name, archive, job)).await?;
        follower.clock.mark("push");
        // That took a while, in which somebody may have changed a profile.
        let made = lab.client.get(&Object::instance(&lab.project, prepared.name.as_str())).await?.unwrap_or_default();
        guest = as_judged(lab, prepared, made).await?;
    }
    step(job, "started", "start", async { start(lab, &prepared.name, job).await }).await?;
    follower.clock.mark("start-guest");
    Ok(guest)
}

/// Starts a guest. Nothing of it has run where not even the first hook did, which the daemon itself has to answer within half
/// a minute, and on a busy machine does not: then it is started again.
async fn start(lab: &Lab, name: &GuestName, job: &Job) -> Result<()> {
    let mut starts = 0;
    loop {
        starts += 1;
        let error = match lab.client.change_state(&lab.project, name.as_str(), StateChange::Start, job).await {
            Err(error @ incus::Error::Refused { .. }) => error,
            started => return Ok(started?),
        };
        // The daemon itself only says that its child failed.
        let log = lab.client.log_file(&lab.project, name.as_str(), "lxc.log", LOG_BYTES).await;
        let log = text::tail(&errors(&log.ok().flatten().unwrap_or_default()), LOG_LINES);
        if starts == STARTS || !log.contains(FIRST_HOOK) {
            return Err(Error::NotStarted { error, log });
        }
        job.progress
            .note("the daemon did not answer its own hook in time, and nothing of the guest ran: starting it again");
        tokio::select! {
            () = tokio::time::sleep(BREATH) => {}
            () = job.cancel.cancelled() => return Err(Error::Cancelled),
        }
    }
}

/// The lines of errors in a log of liblxc's.
fn errors(log: &[u8]) -> Vec<u8> {
    let is_error = |line: &&[u8]| line.windows(7).any(|word| word == b" ERROR ");
    log.split(|byte| *byte == b'\n').filter(is_error).collect::<Vec<_>>().join(&b'\n')
}

/// The daemon merged its own profiles, which are somebody else's to change. Nothing that differs from what was judged is
/// started. Gives what the guest is known by from now on.
async fn as_judged(lab: &Lab, prepared: &Prepared, made: Instance) -> Result<Identity> {
    let instance = Object::instance(&lab.project, prepared.name.as_str());
    let identity = Identity::of(&made);
    let made = Layer { config: made.expanded_config, devices: made.expanded_devices };
    match prepared.judged.differs_from(&made).first() {
        None => Ok(identity),
        Some(difference) => {
            let (object, difference) = (instance.to_string(), difference.to_string());
            Err(lab.blame(Error::Drifted { object, difference }).await)
        }
    }
}

/// Does one step, and says how long it took.
pub(super) async fn step<T>(job: &Job, done: &str, doing: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let began = Instant::now();
    job.progress.begin(doing);
    let made = work.await?;
    job.progress.done(done, began.elapsed());
    Ok(made)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_are_shown_of_a_log() {
        let log = b"lxc a 1 WARN  conf - none\nlxc a 2 ERROR    network - no veth\nlxc a 3 INFO  ERROR\nlxc a 4 ERROR    start - failed\n";
        assert_eq!(errors(log), b"lxc a 2 ERROR    network - no veth\nlxc a 4 ERROR    start - failed");
        assert_eq!(errors(b""), b"");
    }
}
