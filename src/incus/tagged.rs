//! Changing an object only if nobody else has changed it since it was read: of several that try, one does.

use reqwest::header::{CONTENT_TYPE, IF_MATCH};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::location::Object;
use super::request::Request;
use super::transport::{Answer, Verdict, header};
use super::types::InstanceWithState;
use super::verbs::to_json;

/// The longest tag that is taken.
const LONGEST: usize = 256;

/// What tells an object from what it was before and will be after a change, such as the digest of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Client {
    /// Reads an object, and what tells whether it has changed since; `None` where there is none.
    ///
    /// # Errors
    /// As [`Self::get`], and where the daemon gives no tag.
    pub async fn get_tagged<T: DeserializeOwned>(&self, object: &Object) -> Result<Option<(T, Tag)>> {
        self.read_tagged(object, object.request()).await
    }

    /// The same for an instance, with what it uses.
    ///
    /// # Errors
    /// As [`Self::get_tagged`].
    pub async fn get_tagged_with_state(&self, instance: &Object) -> Result<Option<(InstanceWithState, Tag)>> {
        self.read_tagged(instance, instance.request().with("recursion", "1")).await
    }

    /// [`Self::patch`], if the object is still what had this tag.
    ///
    /// # Errors
    /// [`super::Refusal::Changed`] where somebody else changed it, and whatever else the daemon says.
    pub async fn patch_if(&self, tag: &Tag, object: &Object, body: &impl Serialize) -> Result<()> {
        self.change_if(Method::PATCH, tag, object, body).await
    }

    /// [`Self::replace`], if the object is still what had this tag.
    ///
    /// # Errors
    /// As [`Self::patch_if`].
    pub async fn replace_if(&self, tag: &Tag, object: &Object, body: &impl Serialize) -> Result<()> {
        self.change_if(Method::PUT, tag, object, body).await
    }

    async fn read_tagged<T: DeserializeOwned>(&self, object: &Object, from: Request) -> Result<Option<(T, Tag)>> {
        let asked = Asked::new("read", object);
        let (tag, verdict) = self.exchange(&asked, self.request(&asked, Method::GET, &from)?).await?;
        match verdict {
            Verdict::Answer(Answer::Sync(body)) => {
                // Without one, a change could not be bound to what was read, and the daemon would make it in any case.
                let usable = |tag: &String| (1..=LONGEST).contains(&tag.len());
                let tag = tag.filter(usable).ok_or_else(|| asked.malformed(&"it has no ETag"))?;
                Ok(Some((body.metadata(&asked)?, Tag(tag))))
            }
            Verdict::Answer(Answer::Async(_)) => Err(asked.malformed(&"it is about an operation")),
            Verdict::Refusal { code: 404, .. } => Ok(None),
            Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
        }
    }

    async fn change_if(&self, method: Method, tag: &Tag, object: &Object, body: &impl Serialize) -> Result<()> {
        let asked = Asked::new("change", object);
        let request = self.request(&asked, method, &object.request())?;
        let request = request.header(IF_MATCH, &tag.0).header(CONTENT_TYPE, "application/json");
        match self.exchange(&asked, request.body(to_json(&asked, body)?)).await? {
            (_, Verdict::Answer(Answer::Sync(_))) => Ok(()),
            (_, Verdict::Answer(Answer::Async(_))) => Err(asked.malformed(&"it is about an operation")),
            (_, Verdict::Refusal { code, message, .. }) => Err(asked.refused(code, &message)),
        }
    }

    /// Sends a request and reads the answer with its tag.
    async fn exchange(&self, asked: &Asked, request: RequestBuilder) -> Result<(Option<String>, Verdict)> {
        let patience = self.limits.read;
        let exchanged = timeout(patience, async {
            let response = request.send().await.map_err(|error| asked.broken(error))?;
            let tag = header(response.headers(), "etag");
            Ok((tag, self.verdict(asked, response).await?))
        });
        exchanged.await.map_err(|_| asked.timed_out(patience))?
    }
}
