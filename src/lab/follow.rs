//! Following a guest's stages as it reports them.

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{sleep, timeout};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};

use super::bring::bring;
use super::timings::Clock;
use super::{Error, Lab, Result, StageRecord};
use crate::cloud_init::{MAX_EVENT_BYTES, Outcome, Stage, StageEvent, parse_event};
use crate::incus::{Command, Instance, Job, Object, Output, Session, Status, Terminal, Wait};
use crate::names::GuestName;
use crate::probe::inside::{FOLLOWS, NO_REPORT};
use crate::probe::{FOLLOW_ARGUMENT, Program};
use crate::text;

/// A guest of podclaw reports 15 events; one that reports more than this is up to something.
const MOST_EVENTS: usize = 64;
/// How often the report is asked for again, and how long is waited before.
const MOST_RECONNECTS: usize = 10;
const BREATH: Duration = Duration::from_secs(1);
/// How much of a log is fetched for an error, in bytes, and how many lines of it are shown.
const LOG_BYTES: usize = 16 * 1024;
const LOG_LINES: usize = 15;
/// How long fetching a log may take.
const LOG_WITHIN: Duration = Duration::from_secs(10);

/// The terminal that the runner gets. Nothing is shown on it.
const TERMINAL: Terminal = Terminal { width: 80, height: 24 };
/// How long what is said after the end of what runs the stages may take.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(5);

/// What is known of a guest's stages so far.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    lab: &'a Lab,
    name: &'a GuestName,
    program: Program,
    running: Option<Stage>,
    events: usize,
    reconnects: usize,
    failure: Option<(Stage, u8, String)>,
    pub(super) records: Vec<StageRecord>,
    /// The runner that followed the last stage to its end: it runs the probes next. Dropping it kills it.
    pub(super) line: Option<Session>,
    /// How long what came before took, and each stage.
    pub(super) clock: Clock,
}

impl<'a> Follower<'a> {
    pub(super) fn new(lab: &'a Lab, name: &'a GuestName, program: Program, clock: Clock) -> Self {
        Self {
            lab,
            name,
            program,
            running: None,
            events: 0,
            reconnects: 0,
            failure: None,
            records: Vec::new(),
            line: None,
            clock,
        }
    }

    /// Follows the stages until the last one has ended, and reports each.
    pub(super) async fn run(&mut self, job: &Job) -> Result<()> {
        job.progress.begin("cloud-init");
        loop {
            let interrupted = tokio::select! {
                () = job.cancel.cancelled() => return Err(Error::Cancelled),
                followed = self.follow(job) => followed?,
            };
            let Some(reason) = interrupted else { return Ok(()) };
            // A guest that boots on a busy host loses a command now and then. It is asked again as long as it runs.
            self.reconnects += 1;
            if self.reconnects > MOST_RECONNECTS || !self.is_running().await? {
                return Err(Error::Vanished { at: self.at(), reason, log: self.console().await });
            }
            self.lab.client.timeline().waiting(Wait::Guest, sleep(BREATH)).await;
        }
    }

    /// Follows the reports from the first one not taken yet; says why it broke off, if it did before the last.
    async fn follow(&mut self, job: &Job) -> Result<Option<String>> {
        let session = match self.start(job).await {
            Ok(session) => session,
            Err(reason) => return Ok(Some(reason)),
        };
        let Session { stdin, stdout, stderr, process } = session;
        let timeline = self.lab.client.timeline();
        let mut lines = FramedRead::new(stdout, LinesCodec::new_with_max_length(MAX_EVENT_BYTES));
        let mut is_first = true;
        let ended = loop {
            match timeline.waiting(Wait::Guest, lines.next()).await {
                Some(Ok(line)) if std::mem::take(&mut is_first) && line == FOLLOWS => {}
                Some(Ok(line)) if line == NO_REPORT => return Err(Error::CloudInit { log: last_words(lines).await }),
                Some(Ok(line)) => match self.take(&line, job).await {
                    Ok(false) => {}
                    Ok(true) => break Ok(None),
                    Err(error) => break Err(error),
                },
                // Only the guest can have written what is no text; everything else is the way to it.
                Some(Err(LinesCodecError::Io(error))) if error.kind() != ErrorKind::InvalidData => {
                    break Ok(Some(error.to_string()));
                }
                Some(Err(error)) => break Err(Error::Untrustworthy(text::excerpt(&error.to_string(), 200))),
                None => break Ok(Some("its report ended".into())),
            }
        };
        // What came after the last report is no report, and must not be taken for an answer of the probes either.
        if let (Ok(None), true) = (&ended, lines.read_buffer().is_empty()) {
            self.line = Some(Session { stdin, stdout: lines.into_inner(), stderr, process });
        }
        ended
    }

    /// Brings the runner into the guest, and starts it.
    async fn start(&self, job: &Job) -> std::result::Result<Session, String> {
        // The disk is there before anything runs. What is put into a tmpfs may be gone when the guest mounts its own.
        let path = bring(self.lab, self.program, self.name.as_str(), ["", ""], job).await?;
        let command = Command::new([&path, FOLLOW_ARGUMENT, &(self.events + 1).to_string()]);
        let (client, project) = (&self.lab.client, &self.lab.project);
        // One stream in place of three; the runner does what makes it carry all bytes as they are.
        let started = client.exec_unwatched(project, self.name.as_str(), &command, Some(TERMINAL)).await;
        started.map_err(|error| error.to_string())
    }

    async fn is_running(&self) -> Result<bool> {
        let instance = Object::instance(&self.lab.project, self.name.as_str());
        let found = self.lab.client.get::<Instance>(&instance).await?;
        Ok(found.is_some_and(|instance| instance.status == Status::Running))
    }

    /// Takes one report in; says whether it was the last.
    async fn take(&mut self, line: &str, job: &Job) -> Result<bool> {
        self.events += 1;
        if self.events > MOST_EVENTS {
            return Err(Error::Untrustworthy(format!("it reported more than {MOST_EVENTS} events")));
        }
        match parse_event(line.as_bytes()).map_err(|error| Error::Untrustworthy(error.to_string()))? {
            StageEvent::Begin { stage, .. } => {
                self.demand(usize::from(stage.number()) == self.records.len() + 1 && self.failure.is_none())?;
                if self.running.is_none() {
                    self.clock.mark("boot");
                }
                self.running = Some(stage);
                job.progress.begin(stage.to_string());
            }
            StageEvent::End { stage, outcome, took } => {
                self.demand(self.running == Some(stage) && usize::from(stage.number()) == self.records.len() + 1)?;
                self.records.push(StageRecord::new(stage, &outcome, took));
                self.clock.mark(stage.name());
                match outcome {
                    Outcome::Done => job.progress.done(stage.to_string(), took),
                    Outcome::Skipped { reason } => {
                        job.progress.done(format!("{stage} skipped: {reason}"), took);
                    }
                    Outcome::Failed { code, reason } => self.failure = Some((stage, code, reason)),
                }
            }
            StageEvent::Finish { failed: None, .. } => {
                self.demand(self.records.len() == Stage::ALL.len() && self.failure.is_none())?;
                return Ok(true);
            }
            StageEvent::Finish { failed: Some(stage), .. } => return Err(self.failed(stage).await),
        }
        Ok(false)
    }

    /// Every stage begins and ends once, in order, and nothing follows one that failed.
    fn demand(&self, holds: bool) -> Result<()> {
        if holds {
            return Ok(());
        }
        Err(Error::Untrustworthy(format!("its report is out of order after {} stages", self.records.len())))
    }

    async fn failed(&self, stage: Stage) -> Error {
        let log = self.log(stage).await;
        match &self.failure {
            Some((failed, code, reason)) if *failed == stage => {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                Error::StageFailed { stage, code: *code, reason, log }
            }
            _ => Error::Untrustworthy(format!("it says that stage {} failed, but not how", stage.number())),
        }
    }

    /// What the guest is doing, for a message.
    pub(super) fn at(&self) -> String {
        self.running.map_or_else(|| "cloud-init, before the first stage".into(), |stage| format!("stage {stage}"))
    }

    /// The end of the output of what the guest is doing.
    pub(super) async fn log_now(&self) -> String {
        match self.running {
            Some(stage) => self.log(stage).await,
            None => self.console().await,
        }
    }

    async fn log(&self, stage: Stage) -> String {
        let command = Command::new(["tail", "-c", &LOG_BYTES.to_string(), "--", &stage.log_path()]);
        let said = self.lab.client.capture(&self.lab.project, self.name.as_str(), &command, b"", LOG_BYTES, LOG_WITHIN);
        said.await.map(|said| text::tail(&said.stdout, LOG_LINES)).unwrap_or_default()
    }

    async fn console(&self) -> String {
        let console = self.lab.client.console_log(&self.lab.project, self.name.as_str(), LOG_BYTES);
        console.await.map(|bytes| text::tail(&bytes, LOG_LINES)).unwrap_or_default()
    }
}

/// What is said after the mark that there is no report. It may never end.
async fn last_words(mut lines: FramedRead<Output, LinesCodec>) -> String {
    let mut log = Vec::new();
    let words = async {
        while let Some(Ok(line)) = lines.next().await
            && log.len() < LOG_BYTES
        {
            log.extend_from_slice(line.as_bytes());
            log.push(b'\n');
        }
    };
    let _ = timeout(LAST_WORDS_WITHIN, words).await;
    text::tail(&log, LOG_LINES)
}
