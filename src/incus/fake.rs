//! A daemon that misbehaves on purpose, in ways that a real one cannot be brought to. Only for faults.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::{Client, Limits};

/// What the fake does with a request.
pub(crate) enum Reply {
    /// Answers with this status and JSON.
    Json(u16, Value),
    /// Writes these bytes and closes.
    Raw(String),
    /// Writes these bytes, and then as many zeros as are taken.
    Endless(String),
    /// Writes these bytes, and then nothing more, and keeps the connection.
    Hang(String),
}

impl Reply {
    pub(crate) fn sync(metadata: impl Into<Value>) -> Self {
        Self::Json(200, json!({ "type": "sync", "status_code": 200, "metadata": metadata.into() }))
    }

    pub(crate) fn operation(status_code: u16, err: &str) -> Self {
        Self::sync(operation(status_code, err))
    }

    pub(crate) fn started() -> Self {
        Self::Json(202, json!({ "type": "async", "status_code": 100, "metadata": operation(103, "") }))
    }

    pub(crate) fn error(status: u16, code: u16, error: &str) -> Self {
        Self::Json(status, json!({ "type": "error", "error_code": code, "error": error, "metadata": null }))
    }

    pub(crate) fn server(kind: &str, auth: &str) -> Self {
        let environment = json!({ "server": kind, "server_version": "6.0.4", "storage_supported_drivers": null });
        Self::sync(json!({ "auth": auth, "api_extensions": ["a", "b"], "environment": environment }))
    }
}

fn operation(status_code: u16, err: &str) -> Value {
    json!({ "id": "op", "status_code": status_code, "err": err, "metadata": null, "may_cancel": true })
}

/// A running fake. It ends with its test's runtime.
pub(crate) struct Fake {
    pub(crate) socket: PathBuf,
    requests: Arc<Mutex<Vec<String>>>,
    _directory: TempDir,
}

impl Fake {
    /// A fake that answers each request as `answer` says. It is given the request's first line without the version,
    /// and how often that line came before.
    pub(crate) fn start(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("unix.socket");
        let listener = UnixListener::bind(&socket).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move {
                    // A client that goes away is what some of the tests are about.
                    let _ = serve(connection, &seen, &*answer).await;
                });
            }
        });
        Self { socket, requests, _directory: directory }
    }

    /// The same, for everything but the first question, which it answers as an Incus does.
    pub(crate) async fn incus(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> (Self, Client) {
        Self::incus_within(patient(), answer).await
    }

    /// The same, with a client of other limits.
    pub(crate) async fn incus_within(
        limits: Limits,
        answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> (Self, Client) {
        let fake = Self::start(move |request, nth| match request {
            "GET /1.0" => Reply::server("incus", "trusted"),
            _ => answer(request, nth),
        });
        let client = Client::connect_with(&fake.socket, limits).await.unwrap();
        (fake, client)
    }

    /// The requests that came, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Limits that no machine is too slow for.
pub(crate) fn patient() -> Limits {
    Limits { answer: 1 << 20, wait: Duration::ZERO, ..Limits::default() }
}

/// Limits that run out soon, for the tests of what happens then.
pub(crate) fn hasty() -> Limits {
    let short = Duration::from_millis(300);
    Limits { read: short, change: short, stall: short, cancel: short, ..patient() }
}

async fn serve(
    mut connection: UnixStream,
    seen: &Mutex<Vec<String>>,
    answer: &(dyn Fn(&str, usize) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let nth = {
        let mut seen = seen.lock().unwrap();
        seen.push(line.clone());
        seen.iter().filter(|other| **other == line).count() - 1
    };
    match answer(&line, nth) {
        Reply::Json(status, body) => {
            let body = body.to_string();
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            connection.write_all(format!("{head}{body}").as_bytes()).await
        }
        Reply::Raw(bytes) => connection.write_all(bytes.as_bytes()).await,
        Reply::Endless(bytes) => {
            connection.write_all(bytes.as_bytes()).await?;
            loop {
                connection.write_all(&[b'0'; 4096]).await?;
            }
        }
        Reply::Hang(bytes) => {
            connection.write_all(bytes.as_bytes()).await?;
            std::future::pending().await
        }
    }
}
