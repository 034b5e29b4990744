//! The connection to one daemon.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;

use super::asked::Asked;
use super::error::{Error, Result};
use super::events::Events;
use super::request::Request;
use super::socket::SocketError;
use super::timeline::Timeline;
use super::transport::{Answer, Payload};
use super::types::{Server, ServerAnswer, ServerKind};

/// How much and how long the client is willing to take from the daemon.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest answer that is read, in bytes.
    pub answer: u64,
    /// How long a request that only reads may take.
    pub read: Duration,
    /// How long a request that changes something may take before it answers: deleting a pool is done in one.
    pub change: Duration,
    /// How long an upload may stand still.
    pub stall: Duration,
    /// How long the end of a job that was cancelled is waited for.
    pub cancel: Duration,
    /// How long one request waits for the end of an operation, before it is asked again.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: 64 << 20,
            read: Duration::from_mins(1),
            change: Duration::from_mins(15),
            stall: Duration::from_mins(2),
            cancel: Duration::from_secs(30),
            wait: Duration::from_secs(30),
        }
    }
}

/// A client of one daemon. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) limits: Arc<Limits>,
    socket: Arc<PathBuf>,
    server: Arc<Server>,
    pub(super) timeline: Timeline,
    pub(super) events: Option<Events>,
}

impl Client {
    /// Connects to the daemon at a socket and learns what it is and can do.
    ///
    /// # Errors
    /// [`Error::Socket`] when nothing can be reached, [`Error::Untrusted`] when the daemon does not trust this user,
    /// [`Error::NotIncus`] when it is something else. An LXD is no error here; [`Self::require`] refuses it.
    pub async fn connect(socket: &Path) -> Result<Self> {
        Self::connect_with(socket, Limits::default()).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_with(socket: &Path, limits: Limits) -> Result<Self> {
        // Asking the socket itself first tells the reasons apart that reqwest puts into one.
        tokio::net::UnixStream::connect(socket).await.map_err(|error| SocketError::connecting(socket, error))?;
        let asked = Asked::new("connect to", &format_args!("the daemon at {}", socket.display()));
        let http = reqwest::Client::builder()
            .unix_socket(socket)
            .http1_only()
            // Incus takes no further connection before the one it took last has sent something (`Accept` of its listener
            // waits for that), and a pool opens connections on which it then sends nothing: whenever another one gets free
            // meanwhile. The whole daemon stood still then, its own hooks included. So each request has its own.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| asked.broken(error))?;
        let mut client = Self {
            http,
            limits: Arc::new(limits),
            socket: Arc::new(socket.to_owned()),
            server: Arc::new(Server::unknown()),
            timeline: Timeline::default(),
            events: None,
        };
        client.server = Arc::new(client.ask_server(&asked).await?);
        Ok(client)
    }

    async fn ask_server(&self, asked: &Asked) -> Result<Server> {
        let socket = || self.socket.display().to_string();
        let not_incus = |what: String| Error::NotIncus { socket: socket(), what };
        let answer = match self.call(asked, Method::GET, &Request::server(&[]), Payload::Empty).await {
            Ok(answer) => answer,
            Err(Error::Malformed { reason, .. }) => return Err(not_incus(format!("something else ({reason})"))),
            Err(error) => return Err(error),
        };
        let Answer::Sync(body) = answer else { return Err(not_incus("something else".into())) };
        let said: ServerAnswer = body.metadata(asked)?;
        if said.auth != "trusted" {
            return Err(Error::Untrusted { socket: socket() });
        }
        let environment = said.environment.ok_or_else(|| not_incus("something without a version".into()))?;
        let kind = match environment.server.as_str() {
            "incus" => ServerKind::Incus,
            "lxd" => ServerKind::Lxd,
            other => return Err(not_incus(format!("{:?}", crate::text::excerpt(other, 32)))),
        };
        Ok(environment.into_server(kind, said.api_extensions))
    }

    /// What was asked of the daemon through this client, and through those that were made from it.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The same client with a timeline of its own, for a job that is to be told apart from others.
    #[must_use]
    pub fn recording(&self) -> Self {
        Self { timeline: self.timeline.branch(), ..self.clone() }
    }

    /// The daemon's socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What the daemon is and can do.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Checks that the daemon is an Incus that has all of these API extensions.
    ///
    /// # Errors
    /// [`Error::MissingExtensions`] names those that it does not have. [`Error::NotIncus`] when it is an LXD, with the
    /// extensions that LXD lacks besides.
    pub fn require(&self, extensions: &[&str]) -> Result<()> {
        let missing = self.server.missing(extensions);
        if self.server.kind == ServerKind::Lxd {
            let lacks = if missing.is_empty() { String::new() } else { format!(" (and lacks {})", missing.join(", ")) };
            let socket = self.socket.display().to_string();
            return Err(Error::NotIncus { socket, what: format!("{}{lacks}", self.server) });
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::MissingExtensions { server: self.server.to_string(), missing })
    }
}
