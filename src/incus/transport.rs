//! One request and its answer: bounded in time and size, and told apart by what the answer says it is.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::{Instant, timeout, timeout_at};

use super::asked::Asked;
use super::client::Client;
use super::error::{Error, Result};
use super::job::Job;
use super::location::Object;
use super::request::Request;
use super::timeline::{Span, Wait};
use super::types::Operation;

/// What is sent with a request.
pub(super) enum Payload {
    Empty,
    Json(Vec<u8>),
}

/// An answer that is no refusal.
pub(super) enum Answer {
    /// It is done.
    Sync(Body),
    /// The daemon does it in the background.
    Async(Box<Operation>),
}

/// The bytes of an answer, of which only the outermost fields were looked at.
pub(super) struct Body(Vec<u8>);

impl Body {
    /// The `metadata` of the answer.
    pub(super) fn metadata<T: DeserializeOwned>(&self, asked: &Asked) -> Result<T> {
        #[derive(Deserialize)]
        struct Envelope<T> {
            metadata: T,
        }
        let envelope: Envelope<T> = serde_json::from_slice(&self.0).map_err(|error| asked.malformed(&error))?;
        Ok(envelope.metadata)
    }
}

/// The fields that say what an answer is.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_code: u16,
    #[serde(default, rename = "metadata")]
    _metadata: IgnoredAny,
}

/// An answer, or the refusal with the code that the daemon gave. The two codes differ: a failed wait is a refusal under
/// the HTTP status 200.
pub(super) enum Verdict {
    Answer(Answer),
    Refusal { status: StatusCode, code: u16, message: String },
}

impl Client {
    /// Sends a request and reads the answer; a refusal is an error.
    pub(super) async fn call(&self, asked: &Asked, method: Method, to: &Request, payload: Payload) -> Result<Answer> {
        let patience = if method == Method::GET { self.limits.read } else { self.limits.change };
        match self.ask(asked, method, to, payload, patience).await? {
            Verdict::Answer(answer) => Ok(answer),
            Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
        }
    }

    /// The same for a request that changes something, which the job's owner may cancel.
    ///
    /// The answer is waited for a while even then: it may be about an operation that has to be cancelled too.
    pub(super) async fn call_for(
        &self,
        asked: &Asked,
        method: Method,
        to: &Request,
        payload: Payload,
        job: &Job,
    ) -> Result<Answer> {
        if job.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let call = self.call(asked, method, to, payload);
        tokio::pin!(call);
        tokio::select! {
            answer = &mut call => answer,
            () = job.cancel.cancelled() => timeout(self.limits.cancel, call).await.unwrap_or(Err(Error::Cancelled)),
        }
    }

    /// Sends a request and reads the answer, which may be a refusal.
    pub(super) async fn ask(
        &self,
        asked: &Asked,
        method: Method,
        to: &Request,
        payload: Payload,
        patience: Duration,
    ) -> Result<Verdict> {
        let request = self.request(asked, method, to)?;
        let request = match payload {
            Payload::Empty => request,
            Payload::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body),
        };
        let end = Instant::now() + patience;
        let sent = timeout_at(end, self.send(asked, Wait::Request, request)).await;
        // Until it is read, the answer is waited for.
        let (response, _span) = sent.map_err(|_| asked.timed_out(patience))??;
        let read = timeout_at(end, self.verdict(asked, response)).await;
        read.map_err(|_| asked.timed_out(patience))?
    }

    /// Sends a request for something inside an instance; `None` where the instance has no such thing.
    pub(super) async fn fetch(
        &self,
        asked: &Asked,
        instance: &Object,
        request: RequestBuilder,
    ) -> Result<Option<Response>> {
        let (response, _span) = self.send(asked, Wait::Request, request).await?;
        if response.status().is_success() {
            return Ok(Some(response));
        }
        match self.verdict(asked, response).await? {
            Verdict::Refusal { code: 404, .. } if self.exists(instance).await? => Ok(None),
            Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
            Verdict::Answer(_) => Err(asked.malformed(&"it says two things at once")),
        }
    }

    /// A request that is not sent yet.
    pub(super) fn request(&self, asked: &Asked, method: Method, to: &Request) -> Result<RequestBuilder> {
        let url = to.url().ok_or_else(|| Error::Unaddressable { object: asked.object.clone() })?;
        // Without the query, which can hold the secret of a stream.
        tracing::debug!(%method, path = url.path(), "{} {}", asked.action, asked.object);
        Ok(self.http.request(method, url))
    }

    /// Sends a request, and writes down that its answer is waited for until the span is dropped. All requests go through
    /// here.
    pub(super) async fn send(&self, asked: &Asked, wait: Wait, request: RequestBuilder) -> Result<(Response, Span)> {
        let (http, request) = request.build_split();
        let request = request.map_err(|error| asked.broken(error))?;
        let mut span = self.timeline.request(wait, request.method().as_str(), request.url());
        let response = http.execute(request).await.map_err(|error| asked.broken(error))?;
        span.answered(response.status());
        Ok((response, span))
    }

    /// Reads an answer and tells what it is.
    pub(super) async fn verdict(&self, asked: &Asked, response: Response) -> Result<Verdict> {
        let status = response.status();
        let body = read_all(asked, response, self.limits.answer).await?;
        let head: Head = match serde_json::from_slice(&body) {
            Ok(head) => head,
            // Not every refusal comes from the API: an unknown path is answered by the web server in plain text.
            Err(_) if status.is_client_error() || status.is_server_error() => {
                let message = String::from_utf8_lossy(&body).into_owned();
                return Ok(Verdict::Refusal { status, code: status.as_u16(), message });
            }
            Err(error) => return Err(asked.malformed(&error)),
        };
        match head.kind.as_str() {
            "sync" => Ok(Verdict::Answer(Answer::Sync(Body(body)))),
            "async" => {
                let operation: Operation = Body(body).metadata(asked)?;
                Ok(Verdict::Answer(Answer::Async(Box::new(operation))))
            }
            "error" => {
                let code = if head.error_code == 0 { status.as_u16() } else { head.error_code };
                Ok(Verdict::Refusal { status, code, message: head.error })
            }
            other => Err(asked.malformed(&format_args!("its type is {other:?}"))),
        }
    }
}

/// Reads a whole body, but no more than `limit` bytes.
pub(super) async fn read_all(asked: &Asked, mut response: Response, limit: u64) -> Result<Vec<u8>> {
    let within = |length: usize| u64::try_from(length).is_ok_and(|length| length <= limit);
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(asked.too_large(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| asked.broken(error))? {
        if !within(body.len() + chunk.len()) {
            return Err(asked.too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A header as text.
pub(super) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
