//! What podclaw says where it can't work: no daemon, no permission, a wrong lab file. Nothing is changed by any of it.

use std::fs;
use std::os::unix::net::UnixListener;

use crate::common::podclaw;

#[test]
fn no_daemon() {
    let dir = tempfile::tempdir().expect("a directory");
    let said = podclaw(&["list"]).env("INCUS_DIR", dir.path()).run().exits(3);
    assert_eq!(said.stdout, "");
    let socket = dir.path().join("unix.socket");
    assert!(
        said.stderr.starts_with(&format!("error: no Incus daemon found (looked for {})\n", socket.display())),
        "{said}"
    );
    assert!(said.stderr.contains("\nhelp: install Incus, and start it"), "{said}");
}

#[test]
fn a_socket_that_nobody_listens_at() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("unix.socket");
    drop(UnixListener::bind(&path).expect("a socket"));
    let said = podclaw(&["list", "--socket"]).arg(&path).run().exits(3);
    assert!(said.stderr.contains("is there, but no daemon answers at it"), "{said}");
    assert!(said.stderr.contains("help: the daemon stopped or crashed"), "{said}");
}

#[test]
fn the_named_socket_is_the_only_one_tried() {
    let said = podclaw(&["list", "--socket", "/nowhere/unix.socket"]).run().exits(3);
    assert!(said.stderr.contains("/nowhere/unix.socket"), "{said}");
}

/// Runs a command with a lab file of this text, and gives what it says on standard error, without the file's path.
fn refuses(lab_file: &str) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lab.yaml");
    fs::write(&path, lab_file).expect("a file");
    let said = podclaw(&["list", "--lab-file"]).arg(&path).run().exits(3);
    assert_eq!(said.stdout, "");
    said.stderr.replace(&path.display().to_string(), "LAB")
}

#[test]
fn a_wrong_lab_file_is_refused_at_its_line_and_column() {
    for (text, expected) in [
        (
            "name: t1\npool:\n  sise: 1GiB\n",
            "error: LAB:3:3: unknown field `sise`, expected one of driver, size, device\n",
        ),
        ("nmae: t1\n", "error: LAB:1:1: unknown field `nmae`, expected one of "),
        (
            "name: Upper\n",
            "error: LAB:1:7: \"Upper\" is not a valid lab name: it must start with a lower-case letter\n",
        ),
        ("limits:\n  memory: 5G\n", "error: LAB:2:11: \"5G\" is not a valid memory limit: "),
        ("network:\n  subnet: 8.8.8.1/24\n", "error: LAB:2:11: the subnet 8.8.8.1/24 is not a private network"),
        ("gateway:\n  registry:\n    reference: ghcr.io/openclaw/openclaw:latest\n", "error: LAB:3:16: "),
        ("base:\n  image-server:\n    url: https://example.org\n    protocol: simplestreams\n", "error: LAB:"),
        ("name: a\nname: b\n", "error: LAB:2:1: "),
        ("- a\n", "error: LAB:1:1: "),
        ("name: \"a\u{1b}[2J\"\n", "error: LAB:"),
    ] {
        let said = refuses(text);
        assert!(said.starts_with(expected), "{text:?} gave {said}");
        assert!(!said.contains('\u{1b}'), "an escape sequence got through: {said:?}");
    }
}

#[test]
fn a_lab_file_that_everybody_can_change_is_only_taken_when_named() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("podclaw.yaml");
    fs::write(&path, "name: Upper\n").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("a mode");
    let said = podclaw(&["list"]).cwd(dir.path()).run().exits(3);
    assert!(
        said.stderr.starts_with("error: the lab file podclaw.yaml belongs to somebody else, or everybody"),
        "{said}"
    );
    let said = podclaw(&["list", "--lab-file", "podclaw.yaml"]).cwd(dir.path()).run().exits(3);
    assert!(said.stderr.contains("is not a valid lab name"), "{said}");
}

#[test]
fn a_lab_file_that_is_not_there() {
    let said = podclaw(&["list", "--lab-file", "/nowhere/lab.yaml"]).run().exits(3);
    assert_eq!(
        said.stderr,
        "error: cannot read the lab file /nowhere/lab.yaml: No such file or directory (os error 2)\n"
    );
}

#[test]
fn a_lab_file_without_end_is_not_read() {
    let said = podclaw(&["list", "--lab-file", "/dev/zero"]).run().exits(3);
    assert_eq!(said.stderr, "error: cannot read the lab file /dev/zero: it is not a regular file\n");
}

#[test]
fn wipe_needs_the_right_name() {
    let dir = tempfile::tempdir().expect("a directory");
    // Nothing answers there: what is wrong with the name is said before anything is asked of a daemon.
    let wipe = ["wipe", "--lab", "podclaw", "--socket"];
    let said = podclaw(&wipe).arg(dir.path()).args(&["--yes", "other"]).run().exits(2);
    assert_eq!(
        said.stderr,
        format!(
            "error: --yes does not name the lab podclaw\n\
             help: to wipe it without being asked: podclaw --lab podclaw --socket {} wipe --yes podclaw\n",
            dir.path().display()
        )
    );
    let _ = podclaw(&wipe).arg(dir.path()).args(&["--yes", "podclaw"]).run().exits(3);
}
