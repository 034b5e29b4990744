//! Waiting for the daemon's background operations, and cancelling them.
//!
//! An operation that ended is forgotten after five seconds, so the wait starts at once and is renewed before it ends.
//! Up to 6.0.4 a wait answers with an error where the operation failed and where the wait itself ran out; from 6.0.6 on
//! it always answers with the operation. Both come with the HTTP status 200.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Refusal, Result};
use super::job::Job;
use super::location::ProjectName;
use super::request::Request;
use super::transport::{Answer, Payload, Verdict};
use super::types::{Operation, OperationStatus, Token};
use crate::text;

/// How often a running operation is asked how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How long it takes from one wait for an operation to the next; far below the time after which it is forgotten.
const PAUSE: Duration = Duration::from_millis(50);

/// How long it is relied on that the daemon tells of an end by itself; less than the time after which it is forgotten.
const UNASKED: Duration = Duration::from_secs(4);

/// How a wait for an operation ended.
enum Waited {
    /// This is how far the operation is; it may run on.
    Known(Box<Operation>),
    /// It failed, with this code and these words.
    Failed(u16, String),
    /// The daemon forgot it.
    Gone,
}

impl Client {
    /// The operations of a project that the daemon still knows: the running ones, and those that ended just now.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn operations(&self, project: &ProjectName) -> Result<Vec<Operation>> {
        let asked = Asked::new("list", &format_args!("the operations of the project {project}"));
        self.list_operations(&asked, &Request::project(project, &["operations"])).await
    }

    /// The tokens of all projects that wait for whoever has them. Each is an operation that runs until it is used.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        let asked = Asked::new("list", &"the tokens of all projects");
        let request = Request::server(&["operations"]).with("all-projects", "true");
        let operations = self.list_operations(&asked, &request).await?;
        // One that was used or taken back stays for some seconds.
        let runs = |operation: &&Operation| operation.status_code == OperationStatus::Running;
        Ok(operations.iter().filter(runs).filter_map(Token::of).collect())
    }

    /// Asks the daemon to give an operation up.
    ///
    /// # Errors
    /// That it can't be given up, or has ended.
    pub async fn cancel_operation(&self, id: &str) -> Result<()> {
        let asked = Asked::new("cancel", &"an operation");
        let request = Request::server(&["operations"]).below(id);
        self.call(&asked, Method::DELETE, &request, Payload::Empty).await.map(drop)
    }

    async fn list_operations(&self, asked: &Asked, request: &Request) -> Result<Vec<Operation>> {
        // The daemon groups them by status.
        let request = request.clone().with("recursion", "1");
        let found = self.read::<BTreeMap<String, Option<Vec<Operation>>>>(asked, &request).await?;
        Ok(found.into_iter().flat_map(BTreeMap::into_values).flatten().flatten().collect())
    }

    /// Waits for the end of an operation that somebody else started.
    ///
    /// # Errors
    /// How the operation failed; [`Error::Gone`] where the daemon forgot it. When the job is cancelled, so is the
    /// operation, where the daemon allows it.
    pub async fn wait(&self, operation: Operation, job: &Job) -> Result<Operation> {
        let what = text::excerpt(&operation.description.to_lowercase(), 64);
        let asked = Asked::new("wait for", &format_args!("the operation {what:?}"));
        self.finish(&asked, operation, job).await
    }

    /// Waits for the end of an operation of ours.
    pub(super) async fn finish(&self, asked: &Asked, operation: Operation, job: &Job) -> Result<Operation> {
        let _span = self.timeline.operation();
        self.end(asked, operation, job).await
    }

    /// The same for one that is not the daemon's own work, but that of a guest.
    pub(super) async fn end(&self, asked: &Asked, operation: Operation, job: &Job) -> Result<Operation> {
        let id = operation.id.clone();
        let end = self.end_of(asked, operation);
        tokio::pin!(end);
        tokio::select! {
            ended = &mut end => return ended,
            never = self.report_progress(asked, &id, job) => match never {},
            () = job.cancel.cancelled() => {}
        }
        let end_by = Instant::now() + self.limits.cancel;
        // An operation that cannot be cancelled says so, and is waited for all the same.
        let request = Request::server(&["operations"]).below(&id);
        let _ = timeout_at(end_by, self.call(asked, Method::DELETE, &request, Payload::Empty)).await;
        let _ = timeout_at(end_by, end).await;
        Err(Error::Cancelled)
    }

    /// Waits as long as it takes.
    async fn end_of(&self, asked: &Asked, operation: Operation) -> Result<Operation> {
        let id = operation.id.clone();
        let told = match &self.events {
            Some(events) => timeout(UNASKED, events.end_of(&id)).await.ok().flatten(),
            None => None,
        };
        let mut known = Waited::Known(Box::new(told.unwrap_or(operation)));
        let mut pause = Duration::ZERO;
        loop {
            match known {
                Waited::Known(operation) => match operation.status_code {
                    OperationStatus::Success => return Ok(*operation),
                    OperationStatus::Failure => return Err(asked.refused(400, &operation.err)),
                    OperationStatus::Cancelled => return Err(cancelled(asked)),
                    // A wait that ends early must not become a busy loop.
                    OperationStatus::Running => sleep(pause).await,
                },
                Waited::Failed(code, message) => return Err(asked.refused(code, &message)),
                Waited::Gone => return Err(asked.gone()),
            }
            known = self.wait_once(asked, &id).await?;
            pause = PAUSE;
        }
    }

    async fn wait_once(&self, asked: &Asked, id: &str) -> Result<Waited> {
        let seconds = self.limits.wait.as_secs();
        let request = Request::server(&["operations"]).below(id).below("wait").with("timeout", seconds.to_string());
        let patience = self.limits.wait + self.limits.read;
        match self.ask(asked, Method::GET, &request, Payload::Empty, patience).await? {
            Verdict::Answer(Answer::Sync(body)) => Ok(Waited::Known(Box::new(body.metadata(asked)?))),
            Verdict::Answer(Answer::Async(_)) => Err(asked.malformed(&"a wait was answered by another operation")),
            Verdict::Refusal { status: StatusCode::NOT_FOUND, .. } => Ok(Waited::Gone),
            Verdict::Refusal { status: StatusCode::OK, code, message } => {
                self.tell_apart(asked, id, code, message).await
            }
            Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
        }
    }

    /// Up to 6.0.4 the words cannot be trusted to tell a failed operation from a wait that ran out: the operation can.
    async fn tell_apart(&self, asked: &Asked, id: &str, code: u16, message: String) -> Result<Waited> {
        let ran_out = message == "context deadline exceeded";
        match self.operation(asked, id).await? {
            Some(operation) if operation.status_code != OperationStatus::Failure => {
                Ok(Waited::Known(Box::new(operation)))
            }
            None if ran_out => Ok(Waited::Gone),
            Some(operation) if ran_out && !operation.err.is_empty() => Ok(Waited::Failed(code, operation.err)),
            _ => Ok(Waited::Failed(code, message)),
        }
    }

    async fn operation(&self, asked: &Asked, id: &str) -> Result<Option<Operation>> {
        let request = Request::server(&["operations"]).below(id);
        self.read(asked, &request).await
    }

    /// Reports how far an operation is, for as long as it is polled.
    async fn report_progress(&self, asked: &Asked, id: &str, job: &Job) -> std::convert::Infallible {
        let mut last = String::new();
        loop {
            sleep(PROGRESS_EVERY).await;
            // Progress is a courtesy: what goes wrong here goes wrong in the wait too, and is told there.
            let known = match &self.events {
                Some(events) => Ok(events.of(id)),
                None => self.operation(asked, id).await,
            };
            let Ok(Some(operation)) = known else { continue };
            if let Some(said) = operation.progress()
                && said != last
            {
                job.progress.status(text::excerpt(said, 100));
                said.clone_into(&mut last);
            }
        }
    }
}

fn cancelled(asked: &Asked) -> Error {
    Error::Refused {
        action: asked.action,
        object: asked.object.clone(),
        kind: Refusal::Cancelled,
        message: "somebody cancelled it".into(),
    }
}
