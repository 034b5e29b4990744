//! A socket that leads to the daemon's, and counts the requests that pass.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The relay. It ends with this process.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Its socket.
    pub(crate) socket: PathBuf,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Listens at `socket` for whoever wants to talk to the one at `to`.
    ///
    /// # Panics
    /// When it cannot listen there.
    pub(crate) fn start(socket: &Path, to: &Path) -> Self {
        let listener = UnixListener::bind(socket).expect("the relay can listen");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (to, sink) = (to.to_owned(), Arc::clone(&seen));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(daemon) = UnixStream::connect(&to) else { continue };
                let (Ok(from), Ok(back)) = (client.try_clone(), daemon.try_clone()) else { continue };
                let sink = Arc::clone(&sink);
                thread::spawn(move || pass(from, daemon, &sink));
                thread::spawn(move || give_back(back, client));
            }
        });
        Self { socket: socket.to_owned(), seen }
    }

    /// The requests since the last time, as `GET /1.0/images`.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// From the client to the daemon. Either of them may hang up at any time.
fn pass(mut client: UnixStream, mut daemon: UnixStream, seen: &Mutex<Vec<String>>) {
    let mut requests = Requests::default();
    let mut buffer = [0; 1 << 16];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        seen.lock().unwrap_or_else(PoisonError::into_inner).extend(requests.feed(&buffer[..read]));
        if daemon.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = daemon.shutdown(Shutdown::Write);
}

fn give_back(mut daemon: UnixStream, mut client: UnixStream) {
    let _ = io::copy(&mut daemon, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

/// Where in a connection's requests it is.
#[derive(Debug, Default)]
struct Requests {
    head: Vec<u8>,
    body: usize,
    /// It is no HTTP any more, but a websocket.
    upgraded: bool,
}

impl Requests {
    /// Takes what the client sent, and gives the requests that it began.
    ///
    /// # Panics
    /// When a body's length is not known beforehand: neither client sends such in what is measured.
    fn feed(&mut self, mut bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        while !bytes.is_empty() && !self.upgraded {
            let of_body = self.body.min(bytes.len());
            self.body -= of_body;
            bytes = &bytes[of_body..];
            let Some((first, rest)) = bytes.split_first() else { break };
            self.head.push(*first);
            bytes = rest;
            if self.head.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&std::mem::take(&mut self.head)).into_owned();
                let header = |name: &str| {
                    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
                    fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
                };
                assert!(header("transfer-encoding").is_none(), "cannot count after: {head}");
                self.body = header("content-length").map_or(0, |length| length.parse().expect("a length is a number"));
                self.upgraded = header("upgrade").is_some();
                found.push(head.split(" HTTP/").next().unwrap_or_default().to_owned());
            }
        }
        found
    }
}
