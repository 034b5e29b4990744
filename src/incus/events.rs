//! How far the daemon's operations are, as it tells by itself: one request in place of one for each wait and each look.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::location::ProjectName;
use super::request::Request;
use super::types::{Operation, OperationStatus};
use super::websocket::Socket;

/// The most operations that are remembered. A launch has a handful, and others of the project come by, too.
const MOST: usize = 1024;

/// What is told of a project's operations. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Events {
    known: Arc<Mutex<BTreeMap<String, Operation>>>,
    /// Changes with each event; closed when nothing more is told.
    news: watch::Receiver<()>,
}

#[derive(Deserialize)]
struct Event {
    metadata: Operation,
}

impl Client {
    /// The same client, which is told how the operations of a project go on.
    ///
    /// # Errors
    /// Why the daemon does not tell.
    pub async fn listening(&self, project: &ProjectName) -> Result<Self> {
        let asked = Asked::new("follow", &format_args!("the operations of the project {project}"));
        let request = Request::project(project, &["events"]).with("type", "operation");
        let socket = self.websocket(&asked, &request).await?;
        let known = Arc::default();
        let (tell, news) = watch::channel(());
        tokio::spawn(listen(socket, Arc::clone(&known), tell));
        let mut client = self.clone();
        client.events = Some(Events { known, news });
        Ok(client)
    }
}

/// Takes events in until there are no more, or nobody wants to know.
async fn listen(mut socket: Socket, known: Arc<Mutex<BTreeMap<String, Operation>>>, tell: watch::Sender<()>) {
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            () = tell.closed() => return,
        };
        let event: Event = match message {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(event) => event,
                Err(_) => continue,
            },
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            _ => return,
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(event.metadata.id.clone(), event.metadata);
        drop(known);
        tell.send_replace(());
    }
}

impl Events {
    /// What is known of an operation.
    pub(super) fn of(&self, id: &str) -> Option<Operation> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// How an operation ended; nothing where that is not going to be told.
    pub(super) async fn end_of(&self, id: &str) -> Option<Operation> {
        let mut news = self.news.clone();
        loop {
            news.mark_unchanged();
            match self.of(id) {
                Some(operation) if operation.status_code != OperationStatus::Running => return Some(operation),
                _ => news.changed().await.ok()?,
            }
        }
    }
}
