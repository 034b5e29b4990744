//! Tests of the shell: the runner with stages of the test's own, and what the stages share.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::*;

fn bash(args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new("bash")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn settings(gateway: GatewaySource) -> Settings {
    Settings::new("guest".parse().unwrap(), gateway)
}

fn archive() -> GatewaySource {
    GatewaySource::Archive { id: format!("sha256:{}", "a".repeat(64)).parse().unwrap() }
}

#[test]
fn the_shell_has_no_syntax_errors() {
    let templates = Templates::builtin();
    let scripts = Stage::ALL.map(|stage| templates.script(stage));
    for script in scripts.into_iter().chain([&*templates.runner, &*templates.library]) {
        let output = bash(&["-n"], script);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_shell_is_strict() {
    let templates = Templates::builtin();
    assert!(templates.runner.contains("\nset -euo pipefail\n"));
    assert!(templates.library.contains("\nset -Eeuo pipefail\n"));
    for stage in Stage::ALL {
        let script = templates.script(stage);
        let first = script.lines().find(|line| !line.starts_with('#')).unwrap();
        assert_eq!(first, "source /usr/local/lib/podclaw/lib.sh", "{}", stage.name());
    }
}

/// Runs the real runner in a directory of its own, with stages that the test wrote.
fn run(stages: impl Fn(Stage) -> &'static str) -> (bool, Vec<StageEvent>, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &str| home.path().join(path);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    std::fs::create_dir_all(at("lib/stages")).unwrap();
    std::fs::write(at("settings"), settings(archive()).file()).unwrap();
    let replace = |script: &str| {
        script
            .replace("/usr/local/lib/podclaw", &text(&at("lib")))
            .replace(LOG_DIR, &text(&at("log")))
            .replace("/run/podclaw", &text(&at("run")))
            .replace(SETTINGS, &text(&at("settings")))
    };
    let templates = Templates::builtin();
    std::fs::write(at("lib/lib.sh"), replace(&templates.library)).unwrap();
    for stage in Stage::ALL {
        let script = format!("#!/bin/bash\nsource {}\n{}\n", text(&at("lib/lib.sh")), stages(stage));
        // The runner executes the file; bash writes it, so that no writer of this process is left when it does.
        let write = format!("cat >{0}; chmod 755 {0}", text(&at("lib/stages").join(stage.file_stem())));
        assert!(bash(&["-c", &write], &script).status.success());
    }
    let output = bash(&["-c", &replace(&templates.runner)], "");
    let events = std::fs::read(at("log/events.jsonl")).unwrap();
    let events = events.split_inclusive(|b| *b == b'\n').map(|line| parse_event(line).unwrap()).collect();
    let logs = Stage::ALL.map(|stage| std::fs::read_to_string(at("log").join(stage.file_stem() + ".log")));
    (output.status.success(), events, logs.into_iter().flatten().collect())
}

fn outcomes(events: &[StageEvent]) -> Vec<Outcome> {
    let end = |event: &StageEvent| match event {
        StageEvent::End { outcome, .. } => Some(outcome.clone()),
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

#[test]
fn the_runner_runs_all() {
    let (ok, events, logs) = run(|stage| if stage == Stage::Apparmor { "skip nothing to do" } else { "say hello" });
    assert!(ok);
    assert_eq!(events.len(), 15);
    assert!(matches!(events[0], StageEvent::Begin { stage: Stage::Packages, .. }));
    assert!(matches!(events[14], StageEvent::Finish { failed: None, .. }));
    let mut expected = vec![Outcome::Done; 7];
    expected[1] = Outcome::Skipped { reason: "nothing to do".into() };
    assert_eq!(outcomes(&events), expected);
    assert_eq!(logs[0], "hello\n");
}

#[test]
fn the_runner_stops_at_a_failure() {
    for (script, code, reason) in [
        (r#"fail 'a "quoted" \ word'"#, 1, r#"a "quoted" \ word"#),
        ("printf x; fail $'two\\nlines \\e[2J\\u00e9'", 1, "two lines ?[2J?"),
        ("false", 1, "line 3: false: exit code 1"),
        ("x=$(fail inner)", 1, "inner"),
        ("fail inner | cat", 1, "inner"),
        ("report skipped 'it lies'; exit 7", 7, "it lies"),
        ("echo $undefined", 1, ""),
        ("kill -9 $$", 137, ""),
    ] {
        let (ok, events, logs) = run(|stage| if stage == Stage::User { script } else { ":" });
        assert!(!ok, "{script}");
        assert_eq!(logs.len(), 3, "{script}");
        let failed = Outcome::Failed { code, reason: reason.into() };
        assert_eq!(outcomes(&events), [Outcome::Done, Outcome::Done, failed], "{script}");
        assert!(matches!(events.last(), Some(StageEvent::Finish { failed: Some(Stage::User), .. })), "{script}");
    }
}

fn read_settings(text: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("settings");
    std::fs::write(&path, text).unwrap();
    let library = Templates::builtin().library.replace(SETTINGS, path.to_str().unwrap());
    bash(&["-c", &format!("{library}\nread_settings\necho $GATEWAY_IMAGE $LAST_STAGE")], "")
}

#[test]
fn the_guest_reads_its_settings() {
    let output = read_settings(&settings(archive()).file());
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{} 7\n", "a".repeat(64)));
    let reference = format!("r.example:5000/a/b@sha256:{}", "a".repeat(64));
    let output = read_settings(&settings(GatewaySource::Registry(reference.parse().unwrap())).file());
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{reference} 7\n"));
}

#[test]
fn the_guest_refuses_settings_that_could_be_obeyed() {
    let good = settings(archive()).file();
    for bad in [
        good.replace("GATEWAY_PORT=18789", "GATEWAY_PORT=1$(id)"),
        good.replace("GATEWAY_PORT=18789", "GATEWAY_PORT="),
        good.replace("GATEWAY_PORT=18789\n", ""),
        good.replace("LAST_STAGE=7", "LAST_STAGE=8"),
        good.replace(&"a".repeat(64), "latest"),
        good.clone() + "PATH=/tmp\n",
        good.clone() + "LAST_STAGE\n",
    ] {
        assert_ne!(bad, good);
        let output = read_settings(&bad);
        assert!(!output.status.success() && output.stdout.is_empty() || bad.ends_with("=\n"), "{bad}");
    }
}
