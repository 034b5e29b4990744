use std::fs;
use std::process::{Child, Command, Stdio};

use super::*;

const BEGIN: &str = "{\"version\":1,\"event\":\"begin\"}\n";
const FINISH: &str = "{\"version\":1,\"event\":\"finish\"}\n";

/// The shell, which finds these files, and whose input ends after a while.
fn follow(files: &[(&str, &str)]) -> (Child, Child, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let at = |name: &str| dir.path().join(name).into_os_string();
    let mut input = Command::new("sleep").arg("3").stdout(Stdio::piped()).spawn().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", FOLLOW, "follow"]).args([at("events"), "1".into(), at("result"), NO_REPORT.into()]);
    shell.args([RUNNER_ARGUMENT.into(), at("ended"), "0".into()]);
    shell.stdin(input.stdout.take().unwrap()).stdout(Stdio::piped()).stderr(Stdio::null());
    (shell.spawn().unwrap(), input, dir)
}

#[test]
fn an_end_is_only_said_where_the_report_has_none() {
    let (both, mark) = (format!("{BEGIN}{FINISH}"), format!("{NO_REPORT}\n"));
    let cases: [(&[(&str, &str)], String); 5] = [
        (&[("events", BEGIN)], BEGIN.into()),
        (&[("events", BEGIN), ("ended", "")], format!("{BEGIN}{mark}")),
        (&[("events", BEGIN), ("result", "why\n")], format!("{BEGIN}{mark}why\n")),
        (&[("ended", "")], mark),
        (&[("events", &both), ("result", "fine\n"), ("ended", "")], both.clone()),
    ];
    let running: Vec<_> = cases.iter().map(|(files, _)| follow(files)).collect();
    for ((files, expected), (shell, mut input, _dir)) in cases.iter().zip(running) {
        let said = String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap();
        input.wait().unwrap();
        // Two speak, and which is first is not said.
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(lines(&said), lines(expected), "{files:?}");
    }
}
