//! What a long job says while it runs. Below `cli` nobody prints: a job reports here, and `ui` shows it.

use std::time::Duration;

use tokio::sync::mpsc;

/// One report of a running job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The object that the job works on, when several run side by side: a guest's name, `base image`.
    pub lane: Option<String>,
    /// What happened.
    pub event: Event,
}

/// What happened in a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step started; it ends with `Done` or with the job's error. A new step ends the one before.
    Begin(String),
    /// What the running step does now, such as the last line of its output. It replaces the line before.
    Status(String),
    /// How far the running step is, in bytes.
    Bytes {
        /// How many are through.
        done: u64,
        /// How many there are.
        total: u64,
    },
    /// The running step ended well; with how long it took and what there is to say about it.
    Done {
        /// What is said about it, such as its name and an amount.
        what: String,
        /// How long it took.
        took: Duration,
    },
    /// A line worth keeping: a warning, or something that was found in order already.
    Note(String),
}

/// Where a job reports to. Cheap to clone; reports that nobody listens to are dropped.
#[derive(Debug, Clone)]
pub struct Progress {
    lane: Option<String>,
    sender: Option<mpsc::UnboundedSender<Update>>,
}

impl Progress {
    /// A reporter, and the receiver that `ui` shows.
    #[must_use]
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Update>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { lane: None, sender: Some(sender) }, receiver)
    }

    /// A reporter that nobody listens to.
    #[must_use]
    pub fn silent() -> Self {
        Self { lane: None, sender: None }
    }

    /// The same reporter for one of several objects.
    #[must_use]
    pub fn lane(&self, name: impl Into<String>) -> Self {
        Self { lane: Some(name.into()), sender: self.sender.clone() }
    }

    /// Says that a step starts.
    pub fn begin(&self, what: impl Into<String>) {
        self.send(Event::Begin(what.into()));
    }

    /// Says what the running step does now.
    pub fn status(&self, what: impl Into<String>) {
        self.send(Event::Status(what.into()));
    }

    /// Says how far the running step is.
    pub fn bytes(&self, done: u64, total: u64) {
        self.send(Event::Bytes { done, total });
    }

    /// Says that the running step ended well.
    pub fn done(&self, what: impl Into<String>, took: Duration) {
        self.send(Event::Done { what: what.into(), took });
    }

    /// Says something worth keeping.
    pub fn note(&self, what: impl Into<String>) {
        self.send(Event::Note(what.into()));
    }

    fn send(&self, event: Event) {
        if let Some(sender) = &self.sender {
            // A receiver that is gone means that nobody looks any more, which is no reason to fail.
            let _ = sender.send(Update { lane: self.lane.clone(), event });
        }
    }
}
