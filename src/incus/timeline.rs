//! What was asked of the daemon, when, and how long the answers took.
//!
//! A [`Client`](super::Client) writes down each of its requests here. One that is made by
//! [`recording`](super::Client::recording) has a timeline of its own besides, so that jobs that run side by side can be
//! told apart. There is nothing global about it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;

/// The most that is written down one by one. Of what comes after that, only the numbers are kept.
const MOST: usize = 4096;

/// What was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The answer to a request.
    Request,
    /// The opening of a websocket, which is a request, too.
    Websocket,
    /// The daemon's own work. Requests that ask how far it is lie within.
    Operation,
    /// Something that another job of podclaw has to end first.
    Turn,
    /// The guest.
    Guest,
}

impl Wait {
    /// Whether it is counted as a request.
    #[must_use]
    pub fn is_request(self) -> bool {
        matches!(self, Self::Request | Self::Websocket)
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The daemon answered, with this HTTP status.
    Answered(u16),
    /// It ended without a status: a wait that is no request, or a request that broke, was cancelled or took too long.
    Ended,
}

/// Something that was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub wait: Wait,
    /// The method of a request, else nothing.
    pub method: String,
    /// The path of a request, without its query, which can hold the secret of a stream; nothing for a wait for a guest.
    pub path: String,
    /// The project that it is about.
    pub project: Option<String>,
    /// When it began, from the beginning of the timeline.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

impl Entry {
    /// What kind of request it is: its method and path, with a `*` in place of names.
    #[must_use]
    pub fn kind(&self) -> String {
        let path = self.path.strip_prefix("/1.0").unwrap_or(&self.path).trim_start_matches('/');
        if path.is_empty() {
            return format!("{} server", self.method);
        }
        let segments = path.split('/').enumerate();
        // A collection is followed by a name, and a name by what is below it.
        let masked: Vec<&str> = segments.map(|(at, segment)| if at % 2 == 1 { "*" } else { segment }).collect();
        format!("{} {}", self.method, masked.join("/"))
    }
}

/// Requests of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// How long their answers took, all together.
    pub took: Duration,
}

/// The requests among these by kind.
#[must_use]
pub fn by_kind(entries: &[Entry]) -> BTreeMap<String, Total> {
    let mut totals = BTreeMap::<String, Total>::new();
    for entry in entries.iter().filter(|entry| entry.wait.is_request()) {
        let total = totals.entry(entry.kind()).or_default();
        total.count += 1;
        total.took += entry.took;
    }
    totals
}

/// What was written down. Cheap to clone; clones share what is in it.
#[derive(Debug, Clone)]
pub struct Timeline(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    parent: Option<Timeline>,
    began: Instant,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: Vec<Entry>,
    requests: u64,
    left_out: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::below(None)
    }
}

impl Timeline {
    fn below(parent: Option<Self>) -> Self {
        Self(Arc::new(Shared { parent, began: Instant::now(), kept: Mutex::default() }))
    }

    /// A timeline that begins now, and whose entries go into this one, too.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self::below(Some(self.clone()))
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.0.began
    }

    /// How many requests there were. A request counts from its beginning.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.kept().requests
    }

    /// What has ended so far, in the order of its end; and how much more there was than is kept.
    #[must_use]
    pub fn entries(&self) -> (Vec<Entry>, u64) {
        let kept = self.kept();
        (kept.entries.clone(), kept.left_out)
    }

    /// The requests by kind, of what is kept.
    #[must_use]
    pub fn by_kind(&self) -> BTreeMap<String, Total> {
        by_kind(&self.kept().entries)
    }

    /// Does something that is waited for, and writes down how long it took.
    pub async fn waiting<T>(&self, wait: Wait, work: impl Future<Output = T>) -> T {
        let _span = self.begin(wait, "", "", None);
        work.await
    }

    /// Writes down that a request begins.
    pub(super) fn request(&self, wait: Wait, method: &str, url: &Url) -> Span {
        let project = url.query_pairs().find(|(key, _)| key == "project").map(|(_, name)| name.into_owned());
        self.begin(wait, method, url.path(), project)
    }

    /// Writes down that the daemon's work is waited for.
    pub(super) fn operation(&self) -> Span {
        self.begin(Wait::Operation, "", "", None)
    }

    fn begin(&self, wait: Wait, method: &str, path: &str, project: Option<String>) -> Span {
        if wait.is_request() {
            self.count();
        }
        let (method, path) = (method.to_owned(), crate::text::excerpt(path, 200));
        Span { timeline: self.clone(), began: Instant::now(), wait, method, path, project, outcome: Outcome::Ended }
    }

    fn count(&self) {
        self.kept().requests += 1;
        if let Some(parent) = &self.0.parent {
            parent.count();
        }
    }

    fn keep(&self, span: &Span, ended: Instant) {
        if let Some(parent) = &self.0.parent {
            parent.keep(span, ended);
        }
        let mut kept = self.kept();
        if kept.entries.len() >= MOST {
            kept.left_out += 1;
            return;
        }
        kept.entries.push(Entry {
            wait: span.wait,
            method: span.method.clone(),
            path: span.path.clone(),
            project: span.project.clone(),
            began: span.began.saturating_duration_since(self.0.began),
            took: ended.saturating_duration_since(span.began),
            outcome: span.outcome,
        });
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves nothing half done in here.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is waited for. It is written down when this is dropped, however that comes about.
#[derive(Debug)]
pub(super) struct Span {
    timeline: Timeline,
    began: Instant,
    wait: Wait,
    method: String,
    path: String,
    project: Option<String>,
    outcome: Outcome,
}

impl Span {
    /// The daemon answered. What it says may still have to be read.
    pub(super) fn answered(&mut self, status: reqwest::StatusCode) {
        self.outcome = Outcome::Answered(status.as_u16());
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.timeline.keep(self, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        format!("http://incus{path}").parse().unwrap()
    }

    #[test]
    fn a_request_is_written_down_without_its_secret() {
        let timeline = Timeline::default();
        let mut span =
            timeline.request(Wait::Websocket, "GET", &url("/1.0/operations/1f/websocket?secret=s3cr3t&project=lab"));
        assert_eq!((timeline.requests(), timeline.entries().0.len()), (1, 0), "it counts before it has ended");
        span.answered(reqwest::StatusCode::SWITCHING_PROTOCOLS);
        drop(span);
        let (entries, left_out) = timeline.entries();
        assert!(!format!("{entries:?}").contains("s3cr3t"));
        assert_eq!(
            (entries[0].outcome, entries[0].project.as_deref(), left_out),
            (Outcome::Answered(101), Some("lab"), 0)
        );
        assert_eq!(entries[0].kind(), "GET operations/*/websocket");
    }

    #[test]
    fn kinds_leave_names_out() {
        let timeline = Timeline::default();
        for path in ["/1.0", "/1.0/instances/a", "/1.0/instances/b", "/1.0/instances/a/files?path=/x", "/1.0/instances"]
        {
            drop(timeline.request(Wait::Request, "GET", &url(path)));
        }
        let kinds: Vec<(String, u64)> =
            timeline.by_kind().into_iter().map(|(kind, total)| (kind, total.count)).collect();
        let expected = [("GET instances", 1), ("GET instances/*", 2), ("GET instances/*/files", 1), ("GET server", 1)];
        assert_eq!(kinds, expected.map(|(kind, count)| (kind.to_owned(), count)));
    }

    #[test]
    fn a_branch_has_its_own_and_gives_them_on() {
        let root = Timeline::default();
        drop(root.request(Wait::Request, "GET", &url("/1.0")));
        let (one, other) = (root.branch(), root.branch());
        drop(one.request(Wait::Request, "GET", &url("/1.0/a")));
        drop(other.request(Wait::Request, "GET", &url("/1.0/b")));
        drop(other.operation());
        assert_eq!([&root, &one, &other].map(Timeline::requests), [3, 1, 1]);
        assert_eq!([&root, &one, &other].map(|timeline| timeline.entries().0.len()), [4, 1, 2]);
    }

    #[test]
    fn there_are_never_too_many() {
        let timeline = Timeline::default();
        for _ in 0..=MOST {
            drop(timeline.request(Wait::Request, "GET", &url("/1.0")));
        }
        let (entries, left_out) = timeline.entries();
        assert_eq!((entries.len(), left_out, timeline.requests()), (MOST, 1, MOST as u64 + 1));
    }

    #[tokio::test]
    async fn what_is_given_up_is_written_down_as_well() {
        let timeline = Timeline::default();
        let never = timeline.waiting(Wait::Guest, std::future::pending::<()>());
        assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
        let (entries, _) = timeline.entries();
        assert_eq!((entries[0].wait, entries[0].outcome, timeline.requests()), (Wait::Guest, Outcome::Ended, 0));
    }
}
