use std::time::Duration;

use super::*;

fn shell(directory: &Path, script: &str) -> Command {
    Command {
        what: "try a thing",
        program: "sh",
        package: "dash",
        args: vec!["-c".into(), script.into()],
        env: vec![("PODCLAW_TEST", "1".into())],
        directory: directory.into(),
        log: directory.join("log"),
    }
}

fn text(out: &mut ChildStdout) -> Result<String> {
    let mut text = String::new();
    out.read_to_string(&mut text).map_err(|error| Error::file("read", Path::new("stdout"), error))?;
    Ok(text)
}

/// Namespaces need root, which the tests of images have to have anyway.
fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: not root");
    }
    is_root
}

#[tokio::test]
async fn gives_output_messages_and_failures() {
    if !is_root() {
        return;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (progress, mut updates) = Progress::channel();
    let job = Job::new(progress, tokio_util::sync::CancellationToken::new());
    let out = run(shell(directory.path(), "echo said >&2; echo $PODCLAW_TEST; exec 2>&-"), &job, text).await;
    assert_eq!(out.expect("an output"), "1\n");
    assert_eq!(std::fs::read_to_string(directory.path().join("log")).expect("a log"), "said\n");
    let update = updates.recv().await.expect("an update");
    assert_eq!(update.event, crate::progress::Event::Status("said".into()));

    let failed = run(shell(directory.path(), "printf 'why\\033[2J\\n' >&2; exit 3"), &job, text).await;
    let shown = failed.expect_err("a failure").to_string();
    assert_eq!(shown, "cannot try a thing: sh ended with exit status: 3\nwhy\\u{1b}[2J");
    let full = run(shell(directory.path(), "echo 'x: No space left on device' >&2; exit 1"), &job, text).await;
    assert!(matches!(full, Err(Error::NoSpace { .. })), "{full:?}");
    let missing = Command { program: "podclaw-no-such-program", ..shell(directory.path(), "") };
    let missing = run(missing, &job, text).await.expect_err("no program");
    assert!(missing.to_string().contains("podclaw-no-such-program"), "{missing}");
}

#[tokio::test]
async fn cancelling_ends_everything_that_was_started() {
    if !is_root() {
        return;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let job = Job::quiet();
    // The grandchild leaves its process group and mounts something; only the namespaces catch it.
    let script = "mkdir m; mount -t tmpfs none m; setsid sh -c 'while :; do date +%N > beat; done' & \
                  while [ ! -s beat ]; do :; done; echo ready; wait";
    let (ready, is_ready) = oneshot::channel();
    let running = run(shell(directory.path(), script), &job, move |out| {
        let mut first = [0; 5];
        out.read_exact(&mut first).map_err(|error| Error::file("read", Path::new("stdout"), error))?;
        let _ = ready.send(());
        text(out)
    });
    let cancel = async {
        is_ready.await.expect("the script starts");
        job.cancel.cancel();
    };
    let (ended, ()) = tokio::join!(running, cancel);
    assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
    let beat = directory.path().join("beat");
    let last = std::fs::read(&beat).expect("a beat");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(std::fs::read(&beat).expect("a beat"), last, "the grandchild still writes");
    // A mount that had stayed would make this fail.
    std::fs::remove_dir(directory.path().join("m")).expect("an empty directory");
}
