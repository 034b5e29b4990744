use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

const MODE: rustix::fs::Mode = rustix::fs::Mode::RUSR;

async fn take(directory: &Path, lab: &str, work: Work, patience: Duration) -> Result<File> {
    let lab = lab.parse().unwrap();
    let place = Place { directory, socket: Path::new("/nonexistent/unix.socket"), lab: &lab };
    place.take(work, patience, &Job::quiet()).await
}

async fn at_once(directory: &Path, lab: &str, work: Work) -> Result<File> {
    take(directory, lab, work, Duration::ZERO).await
}

/// What is free, or is as soon as a child that another test starts has let go of what it was born with.
async fn free(directory: &Path, lab: &str, work: Work) -> Result<File> {
    take(directory, lab, work, Duration::from_mins(1)).await
}

#[tokio::test]
async fn one_at_a_time_changes_a_lab_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let first = free(at, "one", Work::RefreshNames).await.unwrap();
    for work in Work::ALL {
        let error = at_once(at, "one", work).await.unwrap_err();
        let own =
            format!("another podclaw (pid {}: init --refresh-names) is working on the lab one", std::process::id());
        assert!(error.to_string().starts_with(&own), "{error}");
        assert!(error.help().unwrap().ends_with(&format!("`kill {}`", std::process::id())));
    }
    free(at, "two", Work::Init).await.expect("another lab is free");
    drop(first);
    free(at, "one", Work::Init).await.expect("it is free again");
}

#[tokio::test]
async fn many_judge_while_nobody_changes() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let one = free(at, "one", Work::Launch).await.unwrap();
    let other = at_once(at, "one", Work::Launch).await.expect("launches do not keep out each other");
    drop(one);
    let error = at_once(at, "one", Work::Wipe).await.unwrap_err();
    let own = format!("another podclaw (pid {}: looking at it before a launch) is working on", std::process::id());
    assert!(error.to_string().starts_with(&own), "{error}");
    drop(other);
    free(at, "one", Work::Wipe).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_gets_it_or_can_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let held = free(at, "one", Work::Init).await.unwrap();
    let lab: LabName = "one".parse().unwrap();
    let place = Place { directory: at, socket: Path::new("/nonexistent/unix.socket"), lab: &lab };
    let job = Job::quiet();
    job.cancel.cancel();
    assert!(matches!(place.take(Work::Init, Duration::from_hours(1), &job).await, Err(Error::Cancelled)));
    let waits = take(at, "one", Work::Init, Duration::from_hours(1));
    let (taken, ()) = tokio::join!(waits, async {
        tokio::task::yield_now().await;
        drop(held);
    });
    taken.unwrap();
}

/// What stands in the file may be of somebody who was killed, or had the lock before, and says nothing of who has it now.
#[tokio::test]
async fn nobody_is_named_wrongly() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let own = std::process::id();
    for (held_by, doing) in [(Work::Init, ""), (Work::Launch, ": looking at it before a launch")] {
        let held = free(at, "one", held_by).await.unwrap();
        for text in ["1 init\n", "1 \u{1b}[2J\n", "-1 init\n", "0 init", ""] {
            held.set_len(0).unwrap();
            std::os::unix::fs::FileExt::write_all_at(&held, text.as_bytes(), 0).unwrap();
            let error = at_once(at, "one", Work::Init).await.unwrap_err();
            let named = format!("another podclaw (pid {own}{doing}) is working on");
            assert!(error.to_string().starts_with(&named), "{text:?}: {error}");
        }
    }
}

/// Of several, none is to be killed for the others.
#[tokio::test]
async fn several_are_all_named() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let _own = free(at, "one", Work::Launch).await.unwrap();
    let file = std::fs::read_dir(at).unwrap().next().unwrap().unwrap().path();
    let mut other = std::process::Command::new("flock");
    let mut other = other
        .arg("--shared")
        .arg(&file)
        .arg("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Once it answers, it has the lock.
    let mut pipe = other.stdin.take().unwrap();
    std::io::Write::write_all(&mut pipe, b"a").unwrap();
    std::io::Read::read_exact(&mut other.stdout.take().unwrap(), &mut [0]).unwrap();
    let error = at_once(at, "one", Work::Init).await.unwrap_err();
    drop(pipe);
    other.wait().unwrap();
    let mut pids = [std::process::id(), other.id()];
    pids.sort_unstable();
    let said = format!("another podclaw (one of the pids {}, {}: looking at it", pids[0], pids[1]);
    assert!(error.to_string().starts_with(&said), "{error}");
    assert!(!error.help().unwrap().contains("`kill"), "{error:?}");
}

#[tokio::test]
async fn what_others_could_have_put_there_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let lab: LabName = "one".parse().unwrap();
    let file = Place { directory: directory.path(), socket: Path::new("/nonexistent/unix.socket"), lab: &lab }.name();
    std::fs::write(at("target"), "untouched").unwrap();
    std::fs::set_permissions(at("target"), PermissionsExt::from_mode(0o600)).unwrap();
    for name in ["others", "link-inside", "pipe", "open", "directory"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    std::fs::set_permissions(at("others"), PermissionsExt::from_mode(0o777)).unwrap();
    symlink("others", at("link")).unwrap();
    symlink(at("target"), at("link-inside").join(&file)).unwrap();
    std::fs::write(at("open").join(&file), "").unwrap();
    std::fs::set_permissions(at("open").join(&file), PermissionsExt::from_mode(0o644)).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe").join(&file), rustix::fs::FileType::Fifo, MODE, 0).unwrap();
    std::fs::create_dir(at("directory").join(&file)).unwrap();
    for (name, why) in [
        ("others", "others can write to it"),
        ("link", "it is a symbolic link"),
        ("link-inside", "it is a symbolic link"),
        ("pipe", "it is not a regular file"),
        ("open", "others can open it"),
        ("directory", "Is a directory"),
        ("target", "File exists"),
    ] {
        let error = at_once(&at(name), "one", Work::Init).await.expect_err(name);
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    assert_eq!(std::fs::read_to_string(at("target")).unwrap(), "untouched");
    // It makes what is not there, for nobody else.
    at_once(&at("a/b"), "one", Work::Init).await.unwrap();
    assert_eq!(std::fs::metadata(at("a/b")).unwrap().permissions().mode() & 0o777, 0o700);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(at("a/b"), Some(65534), None).unwrap();
        let error = at_once(&at("a/b"), "one", Work::Init).await.unwrap_err();
        assert!(error.to_string().contains("belongs to somebody else"), "{error}");
    }
}

#[test]
fn a_file_that_was_removed_is_not_the_lock_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let file = file::open(directory.path(), "a").unwrap();
    assert!(file::is_still(&file, directory.path(), "a").unwrap());
    std::fs::remove_file(directory.path().join("a")).unwrap();
    assert!(!file::is_still(&file, directory.path(), "a").unwrap());
    file::open(directory.path(), "a").unwrap();
    assert!(!file::is_still(&file, directory.path(), "a").unwrap(), "another one");
}
