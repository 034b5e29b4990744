//! Files of guests, and their console.

use podclaw::incus::{Error, FileMode, Owner, Refusal, StateChange};
use tokio::io::AsyncReadExt as _;

use super::{connect, forget_peak, peak, quiet};
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] =
    tests![files_go_in_and_out, a_console_is_remembered, a_large_file_goes_in_in_little_memory, a_full_disk_is_named];

const MODE: FileMode = FileMode(0o640);
const OWNER: Owner = Owner { uid: 1000, gid: 1001 };

fn files_go_in_and_out(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let (on, job) = ("g", quiet());
        client.make_directory(&project, on, "/root/a b", FileMode(0o700), OWNER).await.unwrap();
        client.make_directory(&project, on, "/root/a b", FileMode(0o700), OWNER).await.unwrap();
        let path = "/root/a b/ä?&#%.txt";
        client.push_file(&project, on, path, MODE, OWNER, 5, &b"hello"[..], &job).await.unwrap();
        client.push_file(&project, on, path, MODE, OWNER, 2, &b"hi"[..], &job).await.unwrap();
        assert_eq!(client.pull_file(&project, on, path, 10).await.unwrap().as_deref(), Some(&b"hi"[..]));
        let seen = lab.incus(&["exec", "g", "--", "stat", "-c", "%a %u %g %s", path]).run().ok();
        assert_eq!(seen, "640 1000 1001 2\n");
        client.push_file(&project, on, "/root/none", MODE, OWNER, 0, tokio::io::empty(), &job).await.unwrap();
        assert_eq!(client.pull_file(&project, on, "/root/none", 0).await.unwrap(), Some(Vec::new()));

        let large = client.pull_file(&project, on, path, 1).await.unwrap_err();
        assert!(matches!(large, Error::TooLarge { limit: 1, .. }), "{large}");
        for no_file in ["/root", "/sbin/init"] {
            let error = client.pull_file(&project, on, no_file, 1000).await.unwrap_err();
            assert!(error.to_string().contains("not a regular file"), "{error}");
        }
        assert_eq!(client.pull_file(&project, on, "/no", 10).await.unwrap(), None);
        let nobody = client.pull_file(&project, "none", "/no", 10).await.unwrap_err();
        assert_eq!(nobody.refusal(), Some(Refusal::NotFound), "{nobody}");
        let no_room = client.push_file(&project, on, "/no/a", MODE, OWNER, 1, &b"a"[..], &job).await.unwrap_err();
        assert_eq!(no_room.refusal(), Some(Refusal::NotFound), "{no_room}");
        // Refused long before all of it is sent.
        let zeros = tokio::io::repeat(0).take(1 << 30);
        let early = client.push_file(&project, "none", "/a", MODE, OWNER, 1 << 30, zeros, &job).await.unwrap_err();
        assert_eq!(early.refusal(), Some(Refusal::NotFound), "{early}");
        let short = client.push_file(&project, on, "/root/s", MODE, OWNER, 10, &b"short"[..], &job).await.unwrap_err();
        assert!(matches!(short, Error::Source { .. }), "{short}");
    });
}

fn a_console_is_remembered(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let mut end = Vec::new();
        while end.is_empty() {
            end = client.console_log(&project, "g", 4).await.unwrap();
        }
        assert!(end.len() <= 4, "{end:?}");
        client.change_state(&project, "g", StateChange::Kill, &quiet()).await.unwrap();
        let log = client.console_log(&project, "g", 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&log).contains("udhcpc"), "{:?}", podclaw::text::tail(&log, 20));
        assert_eq!(client.console_log(&project, "g", 4).await.unwrap(), log[log.len() - 4..]);
        let nobody = client.console_log(&project, "none", 20).await.unwrap_err();
        assert_eq!(nobody.refusal(), Some(Refusal::NotFound), "{nobody}");
    });
}

fn a_large_file_goes_in_in_little_memory(daemon: &Daemon) {
    const SIZE: u64 = 850_000_000;
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let zeros = tokio::io::repeat(0).take(SIZE);
        let before = forget_peak();
        client.push_file(&project, "g", "/root/large", MODE, OWNER, SIZE, zeros, &quiet()).await.unwrap();
        let grown = peak() - before;
        assert!(grown < 50, "{grown} MiB more than the {before} MiB of the tests before");
    });
    assert_eq!(lab.incus(&["exec", "g", "--", "stat", "-c", "%s", "/root/large"]).run().ok(), format!("{SIZE}\n"));
}

fn a_full_disk_is_named(daemon: &Daemon) {
    const SIZE: u64 = 200 << 20;
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    lab.incus(&["config", "device", "override", "g", "root", "size=50MiB"]).run().ok();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let zeros = tokio::io::repeat(0).take(SIZE);
        let full =
            client.push_file(&project, "g", "/root/large", MODE, OWNER, SIZE, zeros, &quiet()).await.unwrap_err();
        assert_eq!(full.refusal(), Some(Refusal::NoSpace), "{full}");
    });
}
