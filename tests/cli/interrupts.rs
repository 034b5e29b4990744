//! Ctrl-C while nothing has been made yet, with a daemon that never answers: a real one can't be made to be so slow.

use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::common::podclaw;

const LAB: [&str; 2] = ["--lab", "podclaw"];
/// A podclaw that does not connect at all must not hang the test.
const WITHIN: Duration = Duration::from_mins(2);

#[test]
fn ctrl_c_before_anything_is_made_is_an_error_with_words() {
    for args in [
        &["init"][..],
        &["image", "build"],
        &["image", "delete", "--all"],
        &["launch", "a"],
        &["delete", "a"],
        &["wipe", "--yes", "podclaw"],
    ] {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("unix.socket");
        let daemon = UnixListener::bind(&path).expect("a socket");
        let (connected, connection) = mpsc::channel();
        let listener = daemon.try_clone().expect("the same socket");
        thread::spawn(move || connected.send(listener.accept()));
        let running = podclaw(args).args(&LAB).arg("--socket").arg(&path).start();
        // podclaw connects only after it has begun to listen for signals.
        let _silent = connection.recv_timeout(WITHIN).expect("podclaw connects").expect("a connection");
        running.signal(Signal::INT);
        let said = running.wait().exits(3);
        assert_eq!(said.stdout, "");
        assert!(said.stderr.ends_with("\nerror: cancelled\n"), "{said}");
    }
}
