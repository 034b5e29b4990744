//! What can be done with every object: read, list, create, change, delete.

use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::sleep;

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Refusal, Result};
use super::filter::Filter;
use super::job::Job;
use super::location::{Collection, Object};
use super::request::{Request, Scope};
use super::transport::{Answer, Payload, Verdict};
use super::types::{InstanceWithState, Operation, PoolResources};

/// How often an instance that ends is read, and how long is waited before.
const READ_TRIES: u32 = 5;
const BREATH: Duration = Duration::from_millis(100);

impl Client {
    /// Reads an object; `None` where there is none.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering, except that the object is not there.
    pub async fn get<T: DeserializeOwned>(&self, object: &Object) -> Result<Option<T>> {
        let asked = Asked::new("read", object);
        self.read(&asked, &object.request()).await
    }

    /// Lists the objects of a collection.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] where the project does not exist: the daemon itself would answer with an empty list.
    pub async fn list<T: DeserializeOwned>(&self, collection: &Collection) -> Result<Vec<T>> {
        self.list_deep(collection, "1", None).await
    }

    /// Lists only those objects of a collection that a filter lets through, as far as the daemon knows filters. That there
    /// are none does not say that the project exists.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn list_where<T: DeserializeOwned>(&self, collection: &Collection, filter: &Filter) -> Result<Vec<T>> {
        self.list_deep(collection, "1", Some(filter)).await
    }

    /// Lists the instances of a collection with what they use and their snapshots. The daemon looks into every running
    /// one, which takes a while when there are many.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn list_with_state(&self, instances: &Collection) -> Result<Vec<InstanceWithState>> {
        unless_ending(async || self.list_deep(instances, "2", None).await).await
    }

    /// Reads an instance with what it uses and its snapshots.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_with_state(&self, instance: &Object) -> Result<Option<InstanceWithState>> {
        let asked = Asked::new("read", instance);
        unless_ending(async || self.read(&asked, &instance.request().with("recursion", "1")).await).await
    }

    /// How full a storage pool is; `None` where there is no such pool.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn pool_resources(&self, pool: &str) -> Result<Option<PoolResources>> {
        let asked = Asked::new("measure", &Object::pool(pool));
        self.read(&asked, &Object::pool(pool).request().below("resources")).await
    }

    /// Creates an object. Its name is taken from `object`, whatever `body` says.
    ///
    /// # Errors
    /// [`Refusal::AlreadyExists`] where it is there already; otherwise whatever the daemon says.
    pub async fn create(&self, object: &Object, body: &impl Serialize, job: &Job) -> Result<()> {
        let asked = Asked::new("create", object);
        let mut body = to_value(&asked, body)?;
        let Some(fields) = body.as_object_mut() else {
            return Err(asked.malformed(&"what was to be sent is no object"));
        };
        fields.insert("name".into(), object.name().into());
        let payload = Payload::Json(to_json(&asked, &body)?);
        let to = object.collection().request();
        let ended = self.change(&asked, Method::POST, &to, payload, job).await;
        match ended {
            // A create that failed takes its object away again, so one that is there was created.
            Err(Error::Gone { .. }) if self.exists(object).await? => Ok(()),
            ended => ended.map(drop),
        }
    }

    /// Replaces an object.
    ///
    /// # Errors
    /// Whatever the daemon says.
    pub async fn replace(&self, object: &Object, body: &impl Serialize, job: &Job) -> Result<()> {
        self.edit(Method::PUT, object, body, job).await
    }

    /// Changes the given fields of an object; `config` key by key, devices one by one, a list as a whole.
    ///
    /// # Errors
    /// As [`Self::replace`].
    pub async fn patch(&self, object: &Object, body: &impl Serialize, job: &Job) -> Result<()> {
        self.edit(Method::PATCH, object, body, job).await
    }

    /// Deletes an object; says whether there was one.
    ///
    /// # Errors
    /// [`Refusal::InUse`] where others use it, and whatever else the daemon says.
    pub async fn delete(&self, object: &Object, job: &Job) -> Result<bool> {
        let asked = Asked::new("delete", object);
        match self.change(&asked, Method::DELETE, &object.request(), Payload::Empty, job).await {
            Ok(_) => Ok(true),
            Err(Error::Refused { kind: Refusal::NotFound, .. }) if !self.exists(object).await? => Ok(false),
            Err(Error::Gone { .. }) if !self.exists(object).await? => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn exists(&self, object: &Object) -> Result<bool> {
        Ok(self.get::<Value>(object).await?.is_some())
    }

    async fn edit(&self, method: Method, object: &Object, body: &impl Serialize, job: &Job) -> Result<()> {
        let asked = Asked::new("change", object);
        let payload = Payload::Json(to_json(&asked, body)?);
        self.change(&asked, method, &object.request(), payload, job).await.map(drop)
    }

    async fn list_deep<T: DeserializeOwned>(
        &self,
        collection: &Collection,
        depth: &str,
        filter: Option<&Filter>,
    ) -> Result<Vec<T>> {
        let asked = Asked::new("list", collection);
        let mut request = collection.request().with("recursion", depth);
        if let Some(filter) = filter {
            request = request.with("filter", filter.as_str());
        }
        let found: Option<Option<Vec<T>>> = self.read(&asked, &request).await?;
        let found = found.ok_or_else(|| asked.refused(404, "not found"))?.unwrap_or_default();
        if filter.is_none()
            && found.is_empty()
            && let Scope::Project(project) = collection.scope()
            && !self.exists(&Object::project(project)).await?
        {
            return Err(asked.refused(404, &format!("there is no project {project}")));
        }
        Ok(found)
    }

    /// Reads something; `None` where the daemon answers 404.
    pub(super) async fn read<T: DeserializeOwned>(&self, asked: &Asked, from: &Request) -> Result<Option<T>> {
        match self.ask(asked, Method::GET, from, Payload::Empty, self.limits.read).await? {
            Verdict::Answer(Answer::Sync(body)) => body.metadata(asked).map(Some),
            Verdict::Answer(Answer::Async(_)) => Err(asked.malformed(&"it is about an operation")),
            // By the code alone: other failures speak of things that are not there, too.
            Verdict::Refusal { code: 404, .. } => Ok(None),
            Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
        }
    }

    /// Changes something, and waits for the operation where the daemon makes one of it.
    pub(super) async fn change(
        &self,
        asked: &Asked,
        method: Method,
        to: &Request,
        payload: Payload,
        job: &Job,
    ) -> Result<Option<Operation>> {
        match self.call_for(asked, method, to, payload, job).await? {
            Answer::Sync(_) => Ok(None),
            Answer::Async(operation) => self.finish(asked, *operation, job).await.map(Some),
        }
    }
}

pub(super) fn to_json(asked: &Asked, body: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|error| asked.source(&error))
}

fn to_value(asked: &Asked, body: &impl Serialize) -> Result<Value> {
    serde_json::to_value(body).map_err(|error| asked.source(&error))
}

/// Reads again where an instance ends just then: it has no first process any more, and Incus 6.0.4 fails to say when that
/// was started.
async fn unless_ending<T>(read: impl AsyncFn() -> Result<T>) -> Result<T> {
    for _ in 1..READ_TRIES {
        match read().await {
            Err(error) if is_ending(&error) => sleep(BREATH).await,
            outcome => return outcome,
        }
    }
    read().await
}

fn is_ending(error: &Error) -> bool {
    error.refusal() == Some(Refusal::Failed) && error.to_string().contains("Invalid PID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_instance_that_ends_is_read_again_and_not_for_ever() {
        let read = async |bad: u32, message: &str| {
            let tries = std::cell::Cell::new(0);
            let outcome = unless_ending(async || {
                tries.set(tries.get() + 1);
                if tries.get() <= bad { Err(Asked::new("read", &"instance a").refused(500, message)) } else { Ok(()) }
            });
            (outcome.await.is_ok(), tries.get())
        };
        assert_eq!(read(1, "Invalid PID '\\x00'").await, (true, 2));
        assert_eq!(read(9, "Invalid PID '\\x00'").await, (false, READ_TRIES));
        assert_eq!(read(1, "Bad").await, (false, 1));
    }
}
