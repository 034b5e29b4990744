//! What is done with instances as a whole.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Result};
use super::job::Job;
use super::location::{Object, ProjectName};
use super::transport::Payload;
use super::types::{Operation, OperationStatus};
use super::verbs::to_json;

/// What the daemon calls a task that makes an image, wherever that comes from.
const MAKES_IMAGE: &str = "Downloading image";

/// What an instance is made to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    /// Start it.
    Start,
    /// Ask it to shut down; when it does not within the time, the change fails and it runs on.
    Stop(Duration),
    /// Kill it.
    Kill,
    /// Halt its processes.
    Freeze,
    /// Let them go on.
    Unfreeze,
}

impl StateChange {
    fn verb(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop(_) => "stop",
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
        }
    }

    fn body(self) -> serde_json::Value {
        let (action, timeout, force) = match self {
            Self::Stop(timeout) => ("stop", i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX), false),
            Self::Kill => ("stop", -1, true),
            other => (other.verb(), -1, false),
        };
        json!({ "action": action, "timeout": timeout, "force": force, "stateful": false })
    }

    /// Whether the daemon's refusal says that there is nothing to change.
    fn is_done(self, message: &str) -> bool {
        let said = message.to_lowercase();
        match self {
            Self::Start => said.contains("already running"),
            Self::Stop(_) | Self::Kill => said.contains("already stopped") || said.contains("is not running"),
            Self::Freeze => said.contains("already frozen"),
            Self::Unfreeze => said.contains("already running") || said.contains("not frozen"),
        }
    }
}

impl Client {
    /// Starts, stops, kills, freezes or unfreezes an instance. It is no error when it is in that state already.
    ///
    /// # Errors
    /// [`super::Refusal::NotFound`] where there is no such instance; else why it could not.
    pub async fn change_state(
        &self,
        project: &ProjectName,
        instance: &str,
        change: StateChange,
        job: &Job,
    ) -> Result<()> {
        let object = Object::instance(project, instance);
        let asked = Asked::new(change.verb(), &object);
        let payload = Payload::Json(to_json(&asked, &change.body())?);
        let request = object.request().below("state");
        match self.change(&asked, Method::PUT, &request, payload, job).await {
            Err(Error::Refused { message, .. }) if change.is_done(&message) => Ok(()),
            ended => ended.map(drop),
        }
    }

    /// The tasks that the daemon still works on for an instance of that name, whether or not it exists yet: such as its
    /// creation, which a killed launch left behind. Commands that run in it do not count.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn running_tasks(&self, project: &ProjectName, instance: &str) -> Result<Vec<Operation>> {
        let is_wanted = |operation: &Operation| {
            operation.status_code == OperationStatus::Running
                && operation.class == "task"
                && operation.instances().any(|name| name == instance)
        };
        Ok(self.operations(project).await?.into_iter().filter(is_wanted).collect())
    }

    /// The tasks in which the daemon still makes an image of something. It does not say of what.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn images_in_the_making(&self, project: &ProjectName) -> Result<Vec<Operation>> {
        let is_wanted = |operation: &Operation| {
            operation.status_code == OperationStatus::Running
                && operation.class == "task"
                && operation.description == MAKES_IMAGE
        };
        Ok(self.operations(project).await?.into_iter().filter(is_wanted).collect())
    }
}
