//! DNS over TLS, with the forwarder that `scripts/encrypted-dns` sets up, and a server of the tests' own.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::packet::{self, A};
use super::wire::{Asker, Upstream};
use super::{THERE, init};
use crate::common::{Program, Running};
use crate::harness::{Daemon, Lab, Lan};

const NAME: &str = "dns.example.test";

pub(super) fn questions_leave_encrypted(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let lan = Lan::new(&lab);
    let outside = Outside::new(&lab, &lan);
    let server = outside.serve_tls(lab.dir());

    let before = outside.packets("encrypted");
    let listen = free_address();
    init(&lab, &format!("  dns:\n    upstream: {listen}\n"));
    let asker = Asker::new(&lab);
    let forwarder = forwarder(&lab, &listen, &format!("{}@{NAME}", outside.address));
    assert_eq!(asker.ask("secret.test", A), THERE, "{}", forwarder.stderr());
    assert_eq!(server.asked(), ["secret.test"]);
    assert!(outside.packets("encrypted") > before && outside.packets("plain") == 0, "{}", outside.counters());
    drop(forwarder);

    // Somebody else's certificate: rather no answer than one in plain text.
    let deceived = self::forwarder(&lab, &listen, &format!("{}@other.example.test", outside.address));
    assert_ne!(asker.try_to_ask(0, "betrayed.test", A, 3), Some(THERE));
    assert_eq!(server.asked(), [""; 0], "{}", deceived.stderr());
    assert_eq!(outside.packets("plain"), 0, "{}", outside.counters());
    drop(deceived);

    // Without the forwarder the same questions are seen there, so that they would have been seen before.
    let plain = Upstream::at(Some(&outside.namespace), &format!("{}:53", outside.address));
    init(&lab, &format!("  dns:\n    upstream: {}\n", plain.address()));
    assert_eq!(asker.ask("open.test", A), THERE);
    assert_eq!(plain.asked(), ["open.test"]);
    assert!(outside.packets("plain") > 0, "{}", outside.counters());
}

/// The public internet, where packets are counted.
struct Outside {
    namespace: String,
    address: String,
}

impl Outside {
    fn new(lab: &Lab, lan: &Lan) -> Self {
        let address = lan.public().split(':').next().expect("an address").to_owned();
        let outside = Self { namespace: format!("{}lan", lab.name()), address };
        let count = "table ip seen {
            counter plain { }
            counter encrypted { }
            chain arriving {
                type filter hook prerouting priority 0;
                udp dport 53 counter name plain
                tcp dport 53 counter name plain
                tcp dport 853 counter name encrypted
            }
        }";
        outside.run("nft").args(&["-f", "-"]).stdin(count).run().ok();
        outside
    }

    fn run(&self, program: &str) -> Program {
        Program::new("ip").args(&["netns", "exec", &self.namespace, program])
    }

    fn counters(&self) -> String {
        self.run("nft").args(&["list", "counters"]).run().ok()
    }

    fn packets(&self, counter: &str) -> u64 {
        let counters = self.counters();
        let after = counters.split_once(&format!("counter {counter} ")).expect("the counter is there").1;
        let packets = after.split_whitespace().skip_while(|word| *word != "packets").nth(1);
        packets.expect("a number").parse().expect("a number")
    }

    /// A server with a certificate of its own, which it writes to that directory.
    fn serve_tls(&self, dir: &Path) -> Server {
        let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        let subject = [format!("/CN={NAME}"), format!("subjectAltName=DNS:{NAME}")];
        let make = Program::new("openssl").args(&make).args(&["-subj", &subject[0], "-addext", &subject[1]]);
        make.args(&["-keyout", "key.pem", "-out", "certificate.pem"]).cwd(dir).run().ok();
        let accept = format!("{}:853", self.address);
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.namespace, "openssl", "s_server", "-quiet", "-accept", &accept])
            .args(["-cert", "certificate.pem", "-key", "key.pem"])
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let (mut to, mut from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let log = Arc::<Mutex<Vec<String>>>::default();
        let in_thread = log.clone();
        // What comes out of it was decrypted; over TCP each question has its length before it.
        thread::spawn(move || {
            let mut length = [0; 2];
            while from.read_exact(&mut length).is_ok() {
                let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
                let Ok(()) = from.read_exact(&mut question) else { return };
                let Some((name, ..)) = packet::asked(&question) else { return };
                in_thread.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                let reply = packet::reply(&question).unwrap_or_default();
                let length = u16::try_from(reply.len()).unwrap_or(0).to_be_bytes();
                if to.write_all(&[&length[..], &reply].concat()).and_then(|()| to.flush()).is_err() {
                    return;
                }
            }
        });
        // Or the forwarder would take it for dead, and not ask it again for a long time.
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((&*self.address, 853)).is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Server { child, log }
    }
}

/// It ends when this is dropped.
struct Server {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn asked(&self) -> Vec<String> {
        let mut names = std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner));
        names.dedup();
        names
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// stubby, told what the script tells it.
fn forwarder(lab: &Lab, listen: &str, server: &str) -> Running {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/encrypted-dns");
    let ca = lab.dir().join("certificate.pem");
    let config = Program::new(script).args(&["--config", "--listen", listen, "--ca"]).arg(ca).arg(server).run().ok();
    let file = lab.dir().join("stubby.yml");
    fs::write(&file, config).expect("a file");
    let (stubby, libraries) = stubby();
    let program = lab.daemon().program(stubby).env("LD_LIBRARY_PATH", libraries);
    program.arg("-l").arg("-C").arg(file).start()
}

/// stubby and where its libraries are, from the distribution's packages. They are not installed: the package would start
/// it on the machine, with servers of its own choice.
fn stubby() -> (PathBuf, PathBuf) {
    let tree = crate::harness::packages("stubby");
    // They are in the directory of the machine's architecture.
    let mut entries = fs::read_dir(tree.join("usr/lib")).expect("a directory").flatten().map(|entry| entry.path());
    let libraries = entries.find(|path| path.is_dir() && path.to_string_lossy().ends_with("-linux-gnu"));
    (tree.join("usr/bin/stubby"), libraries.expect("the libraries of the package"))
}

fn free_address() -> String {
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("there is one").to_string()
}
