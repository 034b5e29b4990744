//! A socket that passes everything on to the daemon's, and counts the requests that go through it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// The relay. Its threads end with the connections, and the one that takes them with the test program.
pub(crate) struct Relay {
    socket: PathBuf,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Listens at `socket` for connections to the daemon at `daemon`.
    pub(crate) fn start(socket: PathBuf, daemon: &Path) -> Self {
        let listener = UnixListener::bind(&socket).expect("the relay's socket can be made");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, daemon) = (Arc::clone(&requests), daemon.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(daemon) = UnixStream::connect(&daemon) else { return };
                let seen = Arc::clone(&seen);
                let back = (daemon.try_clone(), client.try_clone());
                thread::spawn(move || {
                    // However a connection ends, both sides learn of it.
                    let _ = count(&client, &daemon, &seen);
                    let _ = daemon.shutdown(Shutdown::Both);
                });
                if let (Ok(mut from), Ok(mut to)) = back {
                    thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { socket, requests }
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The first lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no thread panics with it").clone()
    }
}

/// Passes requests on, one after the other, until one of them makes something else of the connection.
fn count(mut from: &UnixStream, mut to: &UnixStream, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            from.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let text = String::from_utf8_lossy(&head).to_lowercase();
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        seen.lock().expect("no thread panics with it").push(line);
        assert_eq!(header("transfer-encoding:"), None, "podclaw says how long what it sends is");
        to.write_all(&head)?;
        if header("upgrade:").is_some() {
            return io::copy(&mut from, &mut to).map(drop);
        }
        let length = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
        io::copy(&mut from.take(length), &mut to)?;
    }
}
