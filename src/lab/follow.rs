//! Following a guest's stages as it reports them.

use std::io::ErrorKind;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{sleep, timeout};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};
use tokio_util::sync::CancellationToken;

use super::timings::Clock;
use super::{Error, Lab, Result, StageRecord};
use crate::cloud_init::{self, MAX_EVENT_BYTES, Outcome, Stage, StageEvent, parse_event};
use crate::incus::{Command, Instance, Job, Object, Session, Status, Wait};
use crate::names::GuestName;
use crate::probe::RUNNER_ARGUMENT;
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

/// Shell that follows a file from a line on as soon as the file is there, until it is told what to run in its place: the
/// probes. `tail -F` would wait for the file too, but misses it when its directory is made at the wrong moment. When the
/// stages' runner or cloud-init has ended, and a report that trails behind had its time, it says so with the mark, and
/// what cloud-init says of itself; not where the report has its end, as whoever speaks next may be the probes. A look at
/// two files each half second costs less than `cloud-init status --wait`, which starts a Python that polls. All of it is
/// one command, as each is five requests to the daemon. What it starts ends with it, and it ends with its input.
const FOLLOW: &str = r#"events=$1 result=$3 mark=$4 end=$6 grace=$7
ended() { [ -e "$end" ] || [ -s "$result" ]; }
until [ -e "$events" ] || ended; do sleep 0.1; done
tail -n "+$2" -s 0.2 --pid="$$" -f "$events" </dev/null & tail=$!
{
  until ended; do sleep 0.5 >&- 2>&-; done; sleep "$grace" >&- 2>&-
  grep -qs '"event":"finish"' "$events" || { printf '%s\n' "$mark"; exec head -c 4096 "$result"; }
} </dev/null & look=$!
IFS= read -r program || { kill "$tail" "$look"; exit 1; }
kill "$tail" "$look"
wait "$tail" "$look"
exec "$program" "$5""#;

/// How long a report may trail behind the end of what runs the stages, in seconds.
const GRACE: &str = "5";
/// Where cloud-init says how it went.
const RESULT: &str = "/run/cloud-init/result.json";
/// The line that begins what is no report. No report begins so.
const NO_REPORT: &str = "# ended";
/// How long what is said after that may take.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(5);

/// What is known of a guest's stages so far.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    lab: &'a Lab,
    name: &'a GuestName,
    running: Option<Stage>,
    events: usize,
    reconnects: usize,
    failure: Option<(Stage, u8, String)>,
    pub(super) records: Vec<StageRecord>,
    /// The command that followed the last stage to its end: it runs the probes next.
    pub(super) line: Option<Session>,
    /// How long what came before took, and each stage.
    pub(super) clock: Clock,
}

impl<'a> Follower<'a> {
    pub(super) fn new(lab: &'a Lab, name: &'a GuestName, clock: Clock) -> Self {
        Self {
            lab,
            name,
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
        let first = (self.events + 1).to_string();
        let tail = Command::new([
            "sh",
            "-c",
            FOLLOW,
            "follow",
            cloud_init::EVENTS,
            &first,
            RESULT,
            NO_REPORT,
            RUNNER_ARGUMENT,
            cloud_init::ENDED,
            GRACE,
        ]);
        let client = &self.lab.client;
        let session = match client.exec_tame(&self.lab.project, self.name.as_str(), &tail).await {
            Ok(session) => session,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let Session { stdin, stdout, mut stderr, process } = session;
        // Unread, complaints would hold it up.
        let followed = CancellationToken::new();
        let until = followed.clone();
        let complaints = tokio::spawn(async move {
            let mut nowhere = tokio::io::sink();
            tokio::select! {
                _ = tokio::io::copy(&mut stderr, &mut nowhere) => {}
                () = until.cancelled() => {}
            }
            stderr
        });
        let mut lines = FramedRead::new(stdout, LinesCodec::new_with_max_length(MAX_EVENT_BYTES));
        let ended = loop {
            match client.timeline().waiting(Wait::Guest, lines.next()).await {
                Some(Ok(line)) if line == NO_REPORT => {
                    // That ends it.
                    drop(stdin);
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
                    return Err(Error::CloudInit { log: text::tail(&log, LOG_LINES) });
                }
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
        followed.cancel();
        // What came after the last report is no report, and must not be taken for an answer of the probes either.
        if let (Ok(None), Ok(stderr), true) = (&ended, complaints.await, lines.read_buffer().is_empty()) {
            self.line = Some(Session { stdin, stdout: lines.into_inner(), stderr, process });
        }
        ended
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

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
