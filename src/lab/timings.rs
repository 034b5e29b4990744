//! Where a launch's time went: its phases, and what was waited for in them.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::incus::{Client, Entry, Timeline, Wait};

/// The most phases that are kept or shown of a launch, which has 14. A receipt can be anybody's who may use the daemon.
pub const MOST_PHASES: usize = 20;

/// Where a launch's time went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// The phases in order. One begins where the one before ends.
    pub phases: Vec<Phase>,
    /// How many requests to the daemon there were, those that open a websocket among them. Guests that are launched
    /// together share the requests that settle what they are.
    pub requests: u64,
    /// How long the daemon was waited for, in milliseconds.
    pub daemon: u64,
    /// How long the guest, and the gateway in it, was waited for while nothing was asked of the daemon, in milliseconds.
    pub guest: u64,
    /// The rest: podclaw's own part, in milliseconds.
    pub own: u64,
}

/// One part of a launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name: that of a stage, or of what podclaw did.
    pub name: String,
    /// How long it took by podclaw's clock, in milliseconds.
    pub millis: u64,
    /// Podclaw's own part of that: what was neither waiting for the daemon nor for the guest, in milliseconds. Receipts of
    /// before don't have it.
    #[serde(default)]
    pub own: u64,
}

/// Requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestKind {
    /// Method and path, with a `*` in place of names.
    pub kind: String,
    /// How many there were.
    pub count: u64,
    /// How long their answers were waited for, all together, in milliseconds.
    pub millis: u64,
}

/// What guests that are launched together share: how what they are was settled.
#[derive(Debug, Clone)]
pub(super) struct SettledAt {
    began: Instant,
    ended: Instant,
    timeline: Timeline,
    requests: u64,
    entries: Vec<Entry>,
}

impl SettledAt {
    /// Everything that this client was used for so far.
    pub(super) fn now(client: &Client) -> Self {
        let timeline = client.timeline().clone();
        let (entries, _) = timeline.entries();
        Self { began: timeline.began(), ended: Instant::now(), requests: timeline.requests(), entries, timeline }
    }

    /// Adds time in which nothing was asked of anybody.
    pub(super) fn add(&mut self, more: Duration) {
        self.ended += more;
    }
}

/// A running launch's clock.
#[derive(Debug)]
pub(super) struct Clock {
    settled: SettledAt,
    began: Instant,
    last: Instant,
    /// Podclaw's own part of everything before.
    own_before: Duration,
    timeline: Timeline,
    phases: Vec<Phase>,
}

impl Clock {
    /// A clock that starts now, for a job with this timeline. It may have waited since it was settled, for others that
    /// were launched before it, which is no part of it.
    pub(super) fn start(settled: &SettledAt, timeline: &Timeline) -> Self {
        let now = Instant::now();
        let mut clock = Self {
            settled: settled.clone(),
            began: now,
            last: now,
            own_before: Duration::ZERO,
            timeline: timeline.clone(),
            phases: Vec::new(),
        };
        clock.push("settle", settled.ended - settled.began);
        clock
    }

    /// Ends a phase.
    pub(super) fn mark(&mut self, name: &str) {
        let now = Instant::now();
        self.push(name, now - self.last);
        self.last = now;
    }

    fn push(&mut self, name: &str, took: Duration) {
        let (daemon, guest) = self.waited();
        let own = self.took().saturating_sub(daemon + guest);
        if self.phases.len() < MOST_PHASES {
            let own = millis(own.saturating_sub(self.own_before));
            self.phases.push(Phase { name: name.to_owned(), millis: millis(took), own });
        }
        self.own_before = own;
    }

    /// How long the launch has taken so far, from the first question to the daemon on.
    pub(super) fn took(&self) -> Duration {
        self.began.elapsed() + (self.settled.ended - self.settled.began)
    }

    /// What is known so far. `coming` is how many requests are about to be made.
    pub(super) fn timings(&self, coming: u64) -> Timings {
        let total = self.took();
        let (daemon, guest) = self.waited();
        Timings {
            phases: self.phases.clone(),
            requests: self.settled.requests + self.timeline.requests() + coming,
            daemon: millis(daemon),
            guest: millis(guest),
            own: millis(total.saturating_sub(daemon + guest)),
        }
    }

    /// The requests by kind, the longest waits first.
    pub(super) fn kinds(&self) -> Vec<RequestKind> {
        let mut totals = crate::incus::by_kind(&self.settled.entries);
        for (kind, total) in self.timeline.by_kind() {
            let sum = totals.entry(kind).or_default();
            sum.count += total.count;
            sum.took += total.took;
        }
        let kind = |(kind, total): (String, crate::incus::Total)| RequestKind {
            kind,
            count: total.count,
            millis: millis(total.took),
        };
        let mut kinds: Vec<RequestKind> = totals.into_iter().map(kind).collect();
        kinds.sort_by(|a, b| b.millis.cmp(&a.millis).then_with(|| a.kind.cmp(&b.kind)));
        kinds
    }

    /// How long the daemon was waited for, and how long the guest.
    fn waited(&self) -> (Duration, Duration) {
        let (settling, launching) = (self.settled_split(), self.split());
        (settling.0 + launching.0, settling.1 + launching.1)
    }

    fn settled_split(&self) -> (Duration, Duration) {
        let end = self.settled.ended - self.settled.timeline.began();
        split(&self.settled.entries, Duration::ZERO, end)
    }

    fn split(&self) -> (Duration, Duration) {
        let from = self.began.saturating_duration_since(self.timeline.began());
        split(&self.timeline.entries().0, from, self.timeline.began().elapsed())
    }
}

/// How long the daemon was waited for, and how long only the guest, between two moments.
fn split(entries: &[Entry], from: Duration, to: Duration) -> (Duration, Duration) {
    let of = |is: fn(&Entry) -> bool| -> Duration {
        let spans = entries.iter().filter(|entry| is(entry));
        let spans = spans.map(|entry| (entry.began.max(from), (entry.began + entry.took).min(to)));
        covered(spans.filter(|(began, ended)| began < ended).collect())
    };
    let daemon = of(is_for_daemon);
    (daemon, of(|entry| is_for_daemon(entry) || entry.wait == Wait::Guest).saturating_sub(daemon))
}

/// Who waits for the end of a command in a guest asks the daemon for it, but waits for the guest.
fn is_for_daemon(entry: &Entry) -> bool {
    match entry.wait {
        Wait::Request => !entry.path.ends_with("/wait"),
        Wait::Websocket | Wait::Operation | Wait::Turn => true,
        Wait::Guest => false,
    }
}

/// How much time lies in at least one of the spans.
fn covered(mut spans: Vec<(Duration, Duration)>) -> Duration {
    spans.sort();
    let (mut sum, mut reached) = (Duration::ZERO, Duration::ZERO);
    for (began, ended) in spans {
        sum += ended.saturating_sub(began.max(reached));
        reached = reached.max(ended);
    }
    sum
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incus::Outcome;

    fn entry(wait: Wait, path: &str, began: u64, took: u64) -> Entry {
        Entry {
            wait,
            method: "GET".into(),
            path: path.into(),
            project: None,
            began: Duration::from_millis(began),
            took: Duration::from_millis(took),
            outcome: Outcome::Ended,
        }
    }

    #[test]
    fn what_is_waited_for_at_once_counts_once() {
        let entries = [
            entry(Wait::Request, "/1.0/a", 0, 10),
            entry(Wait::Websocket, "/1.0/b", 5, 10),
            entry(Wait::Guest, "", 10, 30),
            entry(Wait::Operation, "", 35, 10),
            // Its operation is one of a command, and not of the daemon.
            entry(Wait::Request, "/1.0/operations/1/wait", 0, 200),
        ];
        let of = |from, to| split(&entries, Duration::from_millis(from), Duration::from_millis(to));
        assert_eq!(of(0, 100), (Duration::from_millis(25), Duration::from_millis(20)));
        assert_eq!(of(12, 40), (Duration::from_millis(8), Duration::from_millis(20)));
    }

    #[test]
    fn phases_follow_each_other_and_are_bounded() {
        let timeline = Timeline::default();
        let now = Instant::now();
        let settled =
            SettledAt { began: now, ended: now, requests: 3, entries: Vec::new(), timeline: timeline.clone() };
        let mut clock = Clock::start(&settled, &timeline.branch());
        for _ in 0..2 * MOST_PHASES {
            clock.mark("a");
        }
        let timings = clock.timings(1);
        assert_eq!((timings.phases.len(), timings.requests), (MOST_PHASES, 4));
        assert!(timings.phases.iter().map(|phase| phase.millis).sum::<u64>() <= millis(clock.took()));
        assert!(timings.phases.iter().map(|phase| phase.own).sum::<u64>() <= timings.own);
    }
}
