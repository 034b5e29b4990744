//! Commands in guests.

use std::io;
use std::time::Duration;

use podclaw::incus::{Captured, Client, Command, Error, ProjectName, Refusal, Session, Terminal};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::connect;
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] = tests![
    a_command_is_captured,
    a_command_that_takes_too_long_is_killed,
    a_file_is_followed_until_nobody_listens,
    a_terminal_has_a_size_and_signals,
    a_command_that_ended_long_ago_still_has_a_code,
];

const PATIENCE: Duration = Duration::from_mins(1);

async fn run(client: &Client, project: &ProjectName, argv: &[&str], stdin: &[u8]) -> Captured {
    client.capture(project, "g", &Command::new(argv.to_vec()), stdin, 1 << 20, PATIENCE).await.unwrap()
}

/// Waits until a program of that name runs in the guest, or until none does.
async fn until_running(client: &Client, project: &ProjectName, name: &str, runs: bool) {
    while (run(client, project, &["pidof", name], b"").await.code == 0) != runs {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn a_command_is_captured(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let said = run(&client, &project, &["sh", "-c", "cat; echo oops >&2; exit 7"], b"hello").await;
        assert_eq!((said.code, &said.stdout[..], &said.stderr[..]), (7, &b"hello"[..], &b"oops\n"[..]));
        let said = run(&client, &project, &["wc", "-c"], &vec![b'x'; 10_000_000]).await;
        assert_eq!(said.stdout, b"10000000\n");
        // It ends without reading what it is sent.
        assert_eq!(run(&client, &project, &["true"], &vec![b'x'; 5_000_000]).await.code, 0);

        let endless = Command::new(["sh", "-c", "yes | head -c 20000000"]);
        let said = client.capture(&project, "g", &endless, b"", 10, PATIENCE).await.unwrap();
        assert_eq!((said.code, &said.stdout[..]), (0, &b"y\ny\ny\ny\ny\n"[..]));

        let other = Command::new(["sh", "-c", "id -u; id -g; echo $X"]).as_user(1000, 1001).env("X", "a b");
        let said = client.capture(&project, "g", &other, b"", 100, PATIENCE).await.unwrap();
        assert_eq!(said.stdout, b"1000\n1001\na b\n");

        let none = client.capture(&project, "g", &Command::new(["none"]), b"", 1, PATIENCE).await.unwrap_err();
        assert_eq!(none.refusal(), Some(Refusal::NotFound), "{none}");
        let nobody = client.capture(&project, "none", &Command::new(["true"]), b"", 1, PATIENCE).await.unwrap_err();
        assert_eq!(nobody.refusal(), Some(Refusal::NotFound), "{nobody}");
    });
}

fn a_command_that_takes_too_long_is_killed(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let sleep = Command::new(["sleep", "1000"]);
        let error = client.capture(&project, "g", &sleep, b"", 1, Duration::from_millis(500)).await.unwrap_err();
        assert!(matches!(error, Error::Overran { .. }), "{error}");
        until_running(&client, &project, "sleep", false).await;
    });
}

fn a_file_is_followed_until_nobody_listens(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        run(&client, &project, &["sh", "-c", "echo one >/root/log"], b"").await;
        let follow = Command::new(["tail", "-n", "+1", "-F", "/root/log"]);
        let session = client.exec(&project, "g", &follow, None).await.unwrap();
        let Session { stdout, process, .. } = session;
        let mut lines = BufReader::new(stdout).lines();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("one"));
        run(&client, &project, &["sh", "-c", "echo two >>/root/log"], b"").await;
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("two"));
        until_running(&client, &project, "tail", true).await;
        drop(process);
        until_running(&client, &project, "tail", false).await;
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
}

fn a_terminal_has_a_size_and_signals(daemon: &Daemon) {
    const SCRIPT: &str = "trap 'echo signalled; exit 9' USR1; stty size; read word; stty size; echo got $word; \
                          while :; do sleep 0.1; done";
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let size = Terminal { width: 81, height: 25 };
        let session = client.exec(&project, "g", &Command::new(["sh", "-c", SCRIPT]), Some(size)).await.unwrap();
        let Session { mut stdin, stdout, mut stderr, mut process } = session;
        let mut lines = BufReader::new(stdout).lines();
        let mut until = async |wanted: &str| {
            while lines.next_line().await.unwrap().expect("it goes on").trim_end() != wanted {}
        };
        until("25 81").await;
        process.resize(Terminal { width: 101, height: 31 });
        // The daemon does not say when it has done so; the command sees it at the latest with what it reads after.
        tokio::time::sleep(Duration::from_millis(300)).await;
        stdin.send(b"word\n").await.unwrap();
        until("31 101").await;
        until("got word").await;
        process.signal(10);
        until("signalled").await;
        assert_eq!(lines.next_line().await.unwrap(), None);
        assert_eq!(stderr.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(process.wait().await.unwrap(), 9);
        assert_eq!(process.wait().await.unwrap(), 9);
        // What is on its way may still be taken.
        while stdin.send(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(stdin.send(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
}

fn a_command_that_ended_long_ago_still_has_a_code(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let session = client.exec(&project, "g", &Command::new(["sh", "-c", "exit 3"]), None).await.unwrap();
        let Session { mut stdout, mut process, .. } = session;
        assert_eq!(stdout.read(&mut [0]).await.unwrap(), 0);
        // The daemon forgets how an operation ended after five seconds.
        tokio::time::sleep(Duration::from_secs(7)).await;
        assert_eq!(process.wait().await.unwrap(), 3);
    });
}
