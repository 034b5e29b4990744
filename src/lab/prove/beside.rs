//! Whether the host and another guest answer while a guest is at its limits; and whether it ever got there.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::incus::{Collection, Command, Error, Filter, Instance, Object, Status};
use crate::lab::Lab;
use crate::probe::host::Gauge;
use crate::probe::plan::{LimitsPlan, Said};
use crate::probe::{LIMIT_DISK, LIMIT_HOST, Outcome, SIBLINGS, Verdict};

/// How long host and siblings may take to answer while a guest is at its limits.
const ANSWER: Duration = Duration::from_secs(5);
/// What a host that is not busy anyway needs for that at most.
const QUICK: Duration = Duration::from_secs(1);
/// How often the guest's control groups are looked at: many times while it stays at its limit.
const LOOK: Duration = Duration::from_millis(10);

/// What was seen beside a guest that was driven into its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watched {
    /// The slowest answer before.
    before: Result<Duration, Silence>,
    /// The slowest answer meanwhile.
    slowest: Result<Duration, Silence>,
    /// Who was asked besides the daemon.
    sibling: Option<String>,
    seen: Seen,
}

/// What the host saw of the guest itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen {
    /// How many processes it had at most.
    processes: Option<u64>,
    /// How many answers were asked for while it had as many as it may have.
    asked: usize,
    /// How often it was refused memory.
    refused: Option<u64>,
}

/// Somebody who did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Silence {
    /// In time.
    Slow(String),
    /// Because they could not even be asked.
    Unasked(String),
}

/// Does the work, and watches beside it how long the daemon and another guest take to answer.
pub(super) async fn beside<T>(
    work: impl Future<Output = T>,
    lab: &Lab,
    others: &[String],
    gauge: Option<Gauge>,
    limits: &LimitsPlan,
) -> (T, Watched) {
    let (sibling, before) = first_answer(lab, others).await;
    let ended = CancellationToken::new();
    let work = async {
        let done = work.await;
        ended.cancel();
        done
    };
    let level = Level { gauge, limit: limits.processes, ended: &ended };
    let mut seen = Seen::default();
    let refused = level.refused();
    let (done, slowest, most) =
        tokio::join!(work, watch(lab, sibling.as_deref(), &level, &mut seen.asked), level.most());
    seen.processes = most;
    seen.refused = level.refused().zip(refused).map(|(after, before)| after.saturating_sub(before));
    (done, Watched { before, slowest, sibling, seen })
}

/// How far the guest is.
struct Level<'w> {
    gauge: Option<Gauge>,
    limit: Option<u64>,
    ended: &'w CancellationToken,
}

impl Level<'_> {
    fn processes(&self) -> Option<u64> {
        self.gauge.as_ref()?.processes()
    }

    fn refused(&self) -> Option<u64> {
        self.gauge.as_ref()?.refused_memory()
    }

    fn is_full(&self) -> bool {
        self.processes().zip(self.limit).is_some_and(|(has, may)| has >= may)
    }

    async fn most(&self) -> Option<u64> {
        let mut most = None;
        while !self.ended.is_cancelled() {
            most = most.max(self.processes());
            sleep(LOOK).await;
        }
        most
    }
}

/// The slowest answer; or who gave none.
async fn watch(lab: &Lab, sibling: Option<&str>, level: &Level<'_>, asked: &mut usize) -> Result<Duration, Silence> {
    let mut slowest = Duration::ZERO;
    loop {
        let is_full = level.is_full();
        slowest = slowest.max(answers(lab, sibling).await?);
        *asked += usize::from(is_full);
        if level.ended.is_cancelled() {
            return Ok(slowest);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// How long the daemon and a guest take to answer.
async fn answers(lab: &Lab, sibling: Option<&str>) -> Result<Duration, Silence> {
    let began = Instant::now();
    match timeout(ANSWER, lab.client.exists(&Object::project(&lab.project))).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(Silence::Unasked(format!("the daemon ({error})"))),
        Err(_) => return Err(Silence::Slow("the daemon".into())),
    }
    if let Some(sibling) = sibling {
        // What it runs does not matter, but that the guest's kernel gets to it, and to its end.
        let command = Command::new(["/bin/true"]);
        match lab.client.capture(&lab.project, sibling, &command, b"", 64, ANSWER).await {
            Ok(_) => {}
            Err(Error::Overran { .. }) => return Err(Silence::Slow(format!("guest {sibling}"))),
            Err(error) => return Err(Silence::Unasked(format!("guest {sibling} ({error})"))),
        }
    }
    Ok(began.elapsed())
}

/// The first of the others that run that answers at all, with how long that took.
async fn first_answer(lab: &Lab, others: &[String]) -> (Option<String>, Result<Duration, Silence>) {
    let names: Vec<&str> = others.iter().map(String::as_str).take(SIBLINGS).collect();
    let mut all = Vec::new();
    if !names.is_empty() {
        // One that is frozen has processes, too, and answers nobody.
        let instances = Collection::instances(&lab.project);
        match lab.client.list_where::<Instance>(&instances, &Filter::named(&names)).await {
            Ok(found) => all = found,
            Err(error) => return (None, Err(Silence::Unasked(format!("the daemon ({error})")))),
        }
    }
    let runs = |other: &Instance| others.contains(&other.name) && other.status == Status::Running;
    let mut last = None;
    for sibling in all.into_iter().filter(runs).map(|other| other.name) {
        let answer = answers(lab, Some(&sibling)).await;
        let is_asked = answer.is_ok();
        last = Some((Some(sibling), answer));
        if is_asked {
            break;
        }
    }
    match last {
        Some(found) => found,
        None => (None, answers(lab, None).await),
    }
}

impl Watched {
    /// What is to be said of it. `said` is what the guest says, of whose disk the host can't see whether it was full.
    pub(super) fn outcome(&self, limits: &LimitsPlan, said: &[Said]) -> Outcome {
        let tried = "to ask the daemon, and another guest, while the guest was at its limits";
        let slowest = match (&self.slowest, &self.before) {
            (Ok(slowest), Ok(_)) => slowest.as_secs_f64(),
            (Err(Silence::Slow(who)), Ok(before)) if *before < QUICK => {
                let said = format!("{who} did not answer within {} s, and before it did at once", ANSWER.as_secs());
                return Outcome::not_contained(LIMIT_HOST, tried, said);
            }
            (Err(Silence::Slow(who)), _) => {
                return Outcome::could_not_tell(LIMIT_HOST, tried, format!("{who} is slow without that, too"));
            }
            (Err(Silence::Unasked(who)), _) | (Ok(_), Err(Silence::Slow(who) | Silence::Unasked(who))) => {
                return Outcome::could_not_tell(LIMIT_HOST, tried, format!("{who} could not be asked"));
            }
        };
        if let Some(why) = self.not_there(limits, said) {
            return Outcome::could_not_tell(LIMIT_HOST, tried, format!("the guest was not seen at its limits: {why}"));
        }
        let beside =
            self.sibling.as_ref().map_or("no other guest ran to be asked".into(), |name| format!("asked: {name}"));
        let came_back = format!(
            "the slowest answer took {slowest:.1} s; the host saw it at its limits of processes and memory, and that its disk was full is its own word; {beside}"
        );
        Outcome::contained(LIMIT_HOST, tried, came_back)
    }

    /// Which of its limits the guest was not seen at.
    fn not_there(&self, limits: &LimitsPlan, said: &[Said]) -> Option<String> {
        let Some(limit) = limits.processes else { return Some("it has none of processes".into()) };
        match self.seen.processes {
            None => return Some("the host does not see how many processes it has".into()),
            Some(most) if most < limit => {
                return Some(format!("it had {most} processes at most, and may have {limit}"));
            }
            Some(_) if self.seen.asked == 0 => return Some("nobody was asked while it had all its processes".into()),
            Some(_) => {}
        }
        match self.seen.refused {
            None => return Some("the host does not see whether it was refused memory".into()),
            Some(0) => return Some("it was never refused memory".into()),
            Some(_) => {}
        }
        let is_disk = |said: &&Said| matches!(said, Said::Answer { probe, .. } if probe == LIMIT_DISK.id);
        let full = |said: &Said| matches!(said, Said::Answer { verdict: Verdict::Contained, .. });
        let mut disk = said.iter().filter(is_disk);
        (!disk.next().is_some_and(full) || disk.next().is_some())
            .then(|| "it does not say that its disk was full".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LimitsPlan = LimitsPlan {
        processes: Some(100),
        memory: Some(1 << 20),
        disk: Some(1 << 20),
        spare: crate::probe::plan::Spare { processes: 0, memory: 0, disk: 0 },
    };

    fn watched() -> Watched {
        let second = Duration::from_millis(300);
        let seen = Seen { processes: Some(100), asked: 2, refused: Some(1) };
        Watched { before: Ok(second), slowest: Ok(second), sibling: Some("two".into()), seen }
    }

    fn disk(verdict: Verdict) -> Vec<Said> {
        let (tried, came_back) = (String::new(), String::new());
        vec![Said::Answer { probe: LIMIT_DISK.id.into(), verdict, tried, came_back, millis: 1 }]
    }

    fn verdict(watched: &Watched, said: &[Said]) -> Verdict {
        watched.outcome(&LIMITS, said).verdict
    }

    #[test]
    fn a_guest_that_was_not_at_its_limits_shows_nothing() {
        let full = disk(Verdict::Contained);
        assert_eq!(verdict(&watched(), &full), Verdict::Contained);
        for seen in [
            Seen { processes: Some(99), ..watched().seen },
            Seen { processes: None, ..watched().seen },
            Seen { asked: 0, ..watched().seen },
            Seen { refused: Some(0), ..watched().seen },
            Seen { refused: None, ..watched().seen },
        ] {
            assert_eq!(verdict(&Watched { seen, ..watched() }, &full), Verdict::CouldNotTell, "{seen:?}");
        }
        assert_eq!(verdict(&watched(), &[]), Verdict::CouldNotTell);
        assert_eq!(verdict(&watched(), &disk(Verdict::CouldNotTell)), Verdict::CouldNotTell);
        let none = LimitsPlan { processes: None, ..LIMITS };
        assert_eq!(watched().outcome(&none, &full).verdict, Verdict::CouldNotTell);
    }

    #[test]
    fn who_gives_no_answer_is_told_from_who_can_not_be_asked() {
        let full = disk(Verdict::Contained);
        let slow = || Err(Silence::Slow("guest two".into()));
        assert_eq!(verdict(&Watched { slowest: slow(), ..watched() }, &full), Verdict::NotContained);
        let busy = Watched { slowest: slow(), before: Ok(QUICK), ..watched() };
        assert_eq!(verdict(&busy, &full), Verdict::CouldNotTell);
        let unasked = Watched { slowest: Err(Silence::Unasked("guest two".into())), ..watched() };
        assert_eq!(verdict(&unasked, &full), Verdict::CouldNotTell);
        let before = Watched { before: Err(Silence::Unasked("the daemon".into())), ..watched() };
        assert_eq!(verdict(&before, &full), Verdict::CouldNotTell);
    }
}
