//! Two podclaws and one lab: who waits, who does not, and what is said. With a daemon that says what it is and nothing
//! more, so that whoever is first stays at work.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::common::{Program, Running, podclaw};

const WITHIN: Duration = Duration::from_mins(2);

struct Daemon {
    dir: TempDir,
    /// A word for each question that it does not answer.
    asked: Receiver<()>,
}

impl Daemon {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let listener = UnixListener::bind(dir.path().join("unix.socket")).expect("a socket");
        let (ask, asked) = channel();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let ask = ask.clone();
                thread::spawn(move || serve(connection, &ask));
            }
        });
        let daemon = Self { dir, asked };
        daemon.name_lab("podclaw");
        daemon
    }

    fn name_lab(&self, name: &str) {
        std::fs::write(self.lab_file(), format!("name: {name}\n")).expect("a lab file");
    }

    fn lab_file(&self) -> PathBuf {
        self.dir.path().join("podclaw.yaml")
    }

    fn podclaw(&self, args: &[&str]) -> Program {
        let program = podclaw(args).arg("--socket").arg(self.dir.path().join("unix.socket"));
        let program = program.arg("--lab-file").arg(self.lab_file());
        program.env("PODCLAW_RUNTIME_DIR", self.dir.path().join("run"))
    }

    /// Starts one that comes to work, and stays at it.
    fn at_work(&self, args: &[&str]) -> Running {
        let running = self.podclaw(args).start();
        self.asked.recv_timeout(WITHIN).expect("podclaw comes to work");
        running
    }
}

/// One question a connection.
fn serve(mut connection: UnixStream, ask: &Sender<()>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(connection.read(&mut byte), Ok(1)) {
            return;
        }
        head.push(byte[0]);
    }
    if !head.starts_with(b"GET /1.0 ") {
        let _ = ask.send(());
        // Until the other side goes away.
        let _ = connection.read(&mut byte);
        return;
    }
    let body = serde_json::json!({
        "type": "sync", "status": "Success", "status_code": 200,
        "metadata": {
            "auth": "trusted", "api_extensions": podclaw::lab::NEEDED,
            "environment": { "server": "incus", "server_version": "6.0.4", "storage_supported_drivers": null },
        },
    });
    let body = body.to_string();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = connection.write_all(format!("{head}{body}").as_bytes());
}

#[test]
fn whoever_changes_the_lab_waits_for_whoever_does_and_goes_on_after_a_kill() {
    let daemon = Daemon::start();
    for (first, second) in [
        (&["init"][..], &["init", "--refresh-names"][..]),
        (&["init", "--refresh-names"], &["init", "--disrupt"]),
        (&["wipe", "--yes", "podclaw"], &["init"]),
        (&["init"], &["launch", "a"]),
        (&["launch", "a"], &["init"]),
    ] {
        let running = daemon.at_work(first);
        let mut waiting = daemon.podclaw(second).start();
        let (pid, what) = (running.pid(), first.join(" ").replace(" --yes podclaw", ""));
        let what = what.replace("launch a", "looking at it before a launch");
        waiting.wait_for(&format!("another podclaw (pid {pid}: {what}) is working on the lab podclaw: waiting"));
        assert!(daemon.asked.try_recv().is_err(), "{second:?} did not wait for {first:?}");
        running.signal(Signal::KILL);
        running.wait();
        daemon.asked.recv_timeout(WITHIN).expect("it goes on");
    }
}

#[test]
fn looking_waits_for_nobody_and_launches_do_not_wait_for_launches() {
    let daemon = Daemon::start();
    let _init = daemon.at_work(&["init"]);
    for args in
        [&["init", "--dry-run"][..], &["launch", "--dry-run"], &["wipe", "--dry-run"], &["list"], &["delete", "a"]]
    {
        daemon.at_work(args);
    }
    let daemon = Daemon::start();
    let _one = daemon.at_work(&["launch", "a"]);
    daemon.at_work(&["launch", "b"]);
}

#[test]
fn a_wipe_goes_on_whoever_has_the_lock() {
    let daemon = Daemon::start();
    let init = daemon.at_work(&["init"]);
    let mut wipe = daemon.at_work(&["wipe", "--quiet", "--yes", "podclaw"]);
    wipe.wait_for(&format!(
        "warning: another podclaw (pid {}: init) is working on the lab podclaw, and did not",
        init.pid()
    ));
    wipe.wait_for(&format!("it is wiped all the same (wait until it has ended; if it hangs, `kill {}`)", init.pid()));
    // Nor does it need a lock at all.
    std::fs::remove_dir_all(daemon.dir.path().join("run")).expect("it can be removed");
    std::fs::write(daemon.dir.path().join("run"), "").expect("it can be written");
    daemon.at_work(&["wipe", "--yes", "podclaw"]).wait_for("it is wiped all the same (podclaw needs a directory");
    let said = daemon.podclaw(&["init"]).run().exits(3);
    assert!(said.stderr.starts_with("error: the lab can't be locked with "), "{said}");
    assert!(said.stderr.contains("\nhelp: podclaw needs a directory that it can write to"), "{said}");
}

/// What was read before the wait may be older than what the other one put into effect.
#[test]
fn the_lab_file_is_read_again_after_the_wait() {
    let daemon = Daemon::start();
    for args in [&["init"][..], &["init", "--refresh-names"], &["launch", "a"]] {
        daemon.name_lab("podclaw");
        let running = daemon.at_work(&["init"]);
        let mut waiting = daemon.podclaw(args).start();
        waiting.wait_for(": waiting");
        daemon.name_lab("other");
        running.signal(Signal::KILL);
        let said = waiting.wait().exits(3);
        let expected =
            "error: the lab file named the lab podclaw when this began, and names other now\nhelp: run it again\n";
        assert!(said.stderr.ends_with(expected), "{said}");
    }
}

#[test]
fn ctrl_c_ends_the_wait() {
    let daemon = Daemon::start();
    let _init = daemon.at_work(&["init"]);
    let mut waiting = daemon.podclaw(&["init"]).start();
    waiting.wait_for(": waiting");
    waiting.signal(Signal::INT);
    assert!(waiting.wait().exits(3).stderr.ends_with("\nerror: cancelled\n"));
}
