//! A socket that passes everything on to the daemon's, and counts the requests that go through it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The relay. Its threads end with the connections, and the one that takes them with the test program.
pub(crate) struct Relay {
    socket: PathBuf,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
    gate: Arc<Mutex<Option<Gate>>>,
}

/// What holds up one request.
struct Gate {
    line: String,
    arrived: Sender<()>,
    goes_on: Receiver<()>,
}

/// A request that is held up, or will be. It goes on when this is dropped.
pub(crate) struct Held {
    arrived: Receiver<()>,
    _goes_on: Sender<()>,
}

impl Held {
    /// Waits until the request is made.
    pub(crate) fn wait(&self) {
        self.arrived.recv_timeout(Duration::from_mins(3)).expect("the request is made");
    }
}

impl Relay {
    /// Listens at `socket` for connections to the daemon at `daemon`.
    pub(crate) fn start(socket: PathBuf, daemon: &Path) -> Self {
        let listener = UnixListener::bind(&socket).expect("the relay's socket can be made");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answered, connections) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let gate = Arc::<Mutex<Option<Gate>>>::default();
        let (seen, read, daemon) = (Arc::clone(&requests), Arc::clone(&answered), daemon.to_owned());
        let (closed, opened) = (Arc::clone(&gate), Arc::clone(&connections));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (seen, read, closed) = (Arc::clone(&seen), Arc::clone(&read), Arc::clone(&closed));
                let (daemon, opened) = (daemon.clone(), Arc::clone(&opened));
                thread::spawn(move || {
                    let Ok(first) = head(&client, &seen, &closed) else { return };
                    opened.fetch_add(1, Ordering::Relaxed);
                    let _ = pass_on(first, &client, &daemon, &seen, &read, &closed);
                });
            }
        });
        Self { socket, requests, connections, answered, gate }
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Holds up the next request whose first line begins so.
    pub(crate) fn hold(&self, line: &str) -> Held {
        let ((arrives, arrived), (goes, goes_on)) = (channel(), channel());
        let gate = Gate { line: line.to_owned(), arrived: arrives, goes_on };
        *self.gate.lock().expect("no thread panics with it") = Some(gate);
        Held { arrived, _goes_on: goes }
    }

    /// How many connections brought a request.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How much the daemon has answered so far, in bytes.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// The first lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no thread panics with it").clone()
    }
}

/// Passes on what comes from a client, from the head of its first request on, and what the daemon answers. The daemon is
/// connected to only now that there is something to say to it: until then it would take no other connection.
fn pass_on(
    first: Vec<u8>,
    client: &UnixStream,
    daemon: &Path,
    seen: &Mutex<Vec<String>>,
    read: &Arc<AtomicUsize>,
    gate: &Mutex<Option<Gate>>,
) -> io::Result<()> {
    let daemon = UnixStream::connect(daemon)?;
    let (from, mut to, read) = (daemon.try_clone()?, client.try_clone()?, Arc::clone(read));
    thread::spawn(move || {
        let _ = io::copy(&mut Counted { from, read: &read }, &mut to);
        // However a connection ends, both sides learn of it.
        let _ = to.shutdown(Shutdown::Both);
    });
    let passed = requests(first, client, &daemon, seen, gate);
    let _ = daemon.shutdown(Shutdown::Both);
    passed
}

/// What the daemon answers.
struct Counted<'c> {
    from: UnixStream,
    read: &'c AtomicUsize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        self.read.fetch_add(length, Ordering::Relaxed);
        Ok(length)
    }
}

/// Passes requests on, one after the other, until one of them makes something else of the connection.
fn requests(
    mut head: Vec<u8>,
    mut from: &UnixStream,
    mut to: &UnixStream,
    seen: &Mutex<Vec<String>>,
    gate: &Mutex<Option<Gate>>,
) -> io::Result<()> {
    loop {
        let text = String::from_utf8_lossy(&head).to_lowercase();
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        assert_eq!(header("transfer-encoding:"), None, "podclaw says how long what it sends is");
        to.write_all(&head)?;
        if header("upgrade:").is_some() {
            return io::copy(&mut from, &mut to).map(drop);
        }
        let length = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
        io::copy(&mut from.take(length), &mut to)?;
        head = self::head(from, seen, gate)?;
    }
}

/// Reads the head of a request, and holds it up if that is wanted.
fn head(mut from: &UnixStream, seen: &Mutex<Vec<String>>, gate: &Mutex<Option<Gate>>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    let held = gate.lock().expect("no thread panics with it").take_if(|gate| line.starts_with(&gate.line));
    seen.lock().expect("no thread panics with it").push(line);
    if let Some(gate) = held {
        let _ = gate.arrived.send(());
        // Ends when it is dropped.
        let _ = gate.goes_on.recv();
    }
    Ok(head)
}
