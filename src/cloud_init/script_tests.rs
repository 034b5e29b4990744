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
    for script in scripts.into_iter().chain([&*templates.runner, &*templates.library, &*templates.seal]) {
        let output = bash(&["-n"], script);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_shell_is_strict() {
    let templates = Templates::builtin();
    assert!(templates.runner.contains("\nset -euo pipefail\n"));
    assert!(templates.library.contains("\nset -Eeuo pipefail\n"));
    let scripts = Stage::ALL.map(|stage| templates.script(stage));
    for script in scripts.into_iter().chain([&*templates.seal]) {
        let first = script.lines().find(|line| !line.starts_with('#')).unwrap();
        assert_eq!(first, "source /usr/local/lib/podclaw/lib.sh", "{script}");
    }
}

#[test]
fn the_shell_and_the_program_mean_the_same() {
    let templates = Templates::builtin();
    let said = bash(&["-c", &format!("{}\necho $ARCHIVE $TOKEN_FILE $UNIT $SERVICE_USER", templates.library)], "");
    let said = String::from_utf8_lossy(&said.stdout);
    let meant = [GATEWAY_ARCHIVE, TOKEN_FILE, SERVICE_UNIT, SERVICE_USER];
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), meant);
    let names = Stage::ALL.map(Stage::name).join(" ");
    assert!(templates.runner.contains(&format!("\nreadonly names=({names})\n")), "{names}");
    assert!(templates.runner.contains(&format!("\nreadonly config={}\n", Stage::Config.number())));
    assert!(templates.files["podclaw-stages.service"].contains(&format!("\nExecStart={RUNNER}\n")));
    assert!(
        templates
            .seal
            .contains(&STAGES_UNIT.replace("/usr/local/share/podclaw/", "systemctl enable --quiet \"$SHARE/"))
    );
}

/// Runs the real runner in a directory of its own, with stages that the test wrote.
fn run(stages: impl Fn(Stage) -> &'static str) -> (bool, Vec<StageEvent>, Vec<String>) {
    run_after("", stages)
}

/// The same after some shell.
fn run_after(before: &str, stages: impl Fn(Stage) -> &'static str) -> (bool, Vec<StageEvent>, Vec<String>) {
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
            .replace("/var/lib/podclaw", &text(&at("state")))
            .replace("systemd-notify --ready", &format!("touch {}", text(&at("run/ready"))))
            .replace(SETTINGS, &text(&at("settings")))
    };
    let templates = Templates::builtin();
    std::fs::write(at("lib/lib.sh"), replace(&templates.library)).unwrap();
    for stage in Stage::ALL {
        let script = format!("#!/bin/bash\nsource {}\n{}\n", text(&at("lib/lib.sh")), replace(stages(stage)));
        // The runner executes the file; bash writes it, so that no writer of this process is left when it does.
        let write = format!("cat >{0}; chmod 755 {0}", text(&at("lib/stages").join(stage.file_stem())));
        assert!(bash(&["-c", &write], &script).status.success());
    }
    let output = bash(&["-c", &format!("{before}\n{}", replace(&templates.runner))], "");
    assert!(at("run/ended").exists(), "the runner does not say that it has ended");
    assert_eq!(at("state/staged").exists(), output.status.success());
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

#[test]
fn the_gateway_may_start_after_its_configuration() {
    let look = |_| "[[ -e /run/podclaw/ready ]] && say ready; [[ -e $RESTART ]] && say again; say ${NOTIFY_SOCKET:-}; touch $RESTART";
    for (before, ready) in [("export NOTIFY_SOCKET=/nothing", true), ("", false)] {
        let (ok, _, logs) = run_after(before, look);
        assert!(ok && logs.len() == 7);
        for (number, log) in (1..).zip(&logs) {
            let mut expected = String::new();
            if ready && number > 5 {
                expected.push_str("ready\n");
            }
            // What stages 1 to 5 changed is no reason to start a gateway again that has not started yet.
            if number > 1 && !(ready && number == 6) {
                expected.push_str("again\n");
            }
            assert_eq!(log, &(expected + "\n"), "stage {number}");
        }
    }
}

#[test]
fn only_the_guest_of_a_bake_is_sealed() {
    let templates = Templates::builtin();
    // Never more of it than this: it would seal the machine that runs the test.
    let (start, _) = templates.seal.split_once("\n\n").unwrap();
    for (boot, sealed) in [(Boot::Cold, false), (Boot::Bake, true), (Boot::Baked, false)] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("settings");
        std::fs::write(&path, settings(archive()).with_boot(boot).file()).unwrap();
        let library = templates.library.replace(SETTINGS, path.to_str().unwrap());
        let start = start.replace("source /usr/local/lib/podclaw/lib.sh", &library);
        assert_ne!(start.lines().count(), 0);
        let output = bash(&["-c", &(start + "\necho on")], "");
        assert_eq!(output.status.success(), sealed, "{boot:?}");
        assert_eq!(output.stdout, if sealed { &b"on\n"[..] } else { b"" }, "{boot:?}");
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
        good.replace("BOOT=cold", "BOOT=warm"),
        good.replace("BOOT=cold\n", ""),
        good.replace(&"a".repeat(64), "latest"),
        good.clone() + "PATH=/tmp\n",
        good.clone() + "LAST_STAGE\n",
    ] {
        assert_ne!(bad, good);
        let output = read_settings(&bad);
        assert!(!output.status.success() && output.stdout.is_empty(), "{bad}");
    }
}
