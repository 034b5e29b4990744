//! What podclaw says of itself, and of arguments that it does not know.

use crate::common::{PODCLAW, Program, podclaw};

const COMMANDS: [&str; 17] = [
    "doctor",
    "lint",
    "rule",
    "init",
    "image",
    "launch",
    "list",
    "info",
    "logs",
    "shell",
    "exec",
    "forward",
    "prove",
    "delete",
    "wipe",
    "completions",
    "man",
];

#[test]
fn version() {
    assert_eq!(podclaw(&["--version"]).run().ok(), concat!("podclaw ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_names_every_command_and_each_has_help() {
    let help = podclaw(&["--help"]).run().ok();
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is missing from\n{help}");
        let own = podclaw(&[command, "--help"]).run().ok();
        assert!(own.contains(&format!("Usage: podclaw {command}")), "{own}");
    }
}

#[test]
fn nothing_to_do_is_a_usage_error_with_help() {
    let said = podclaw::<&str>(&[]).run().exits(2);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("Usage: podclaw"), "{said}");
}

#[test]
fn unknown_arguments_are_usage_errors() {
    for args in [
        &["prove", "--control", "nowhere"][..],
        &["lunch"],
        &["list", "--al"],
        &["launch", "a", "b"],
        &["exec", "demo"],
        &["--format", "xml", "list"],
        &["forward", "demo", "0"],
        &["logs", "demo", "--format", "json"],
    ] {
        let said = podclaw(args).run().exits(2);
        assert_eq!(said.stdout, "", "{said}");
        assert!(said.stderr.starts_with("error: "), "{said}");
    }
    let said = podclaw(&["lunch"]).run();
    assert!(said.stderr.contains("'launch'"), "no suggestion: {said}");
}

#[test]
fn bad_names_are_refused_before_anything_is_asked_of_a_daemon() {
    for name in ["1a", "a_b", "a.b", "-a-", "a-", "../a", "", "a b", "ä", &"a".repeat(64)] {
        for command in ["launch", "info", "delete", "logs", "shell"] {
            let said = podclaw(&[command, "--", name]).run().exits(2);
            assert!(said.stderr.contains("is not a valid guest name: "), "{said}");
        }
    }
    let long = "a".repeat(63);
    let said = podclaw(&["launch", &long, "-n", "2"]).run().exits(2);
    assert!(said.stderr.contains("help: take a shorter name"), "{said}");
}

#[test]
fn bad_numbers_and_times_are_refused() {
    for args in [["-n", "0"], ["-n", "501"], ["--timeout", "0s"], ["--timeout", "soon"], ["--timeout", "-5m"]] {
        let said = podclaw(&["launch", &format!("{}={}", args[0], args[1])]).run().exits(2);
        assert!(said.stderr.contains("invalid value"), "{said}");
    }
}

#[test]
fn a_result_that_is_written_nowhere_is_none() {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/guest.yaml");
    for args in [
        &["rule"][..],
        &["rule", "--format", "json"],
        &["man"],
        &["completions", "bash"],
        &["lint", profile],
        &["lint", profile, "--format", "json"],
        &["lint", profile, "--format", "sarif"],
        &["lint", profile, "--format", "github"],
        &["lint", profile, "--format", "junit"],
    ] {
        let full = "exec \"$0\" \"$@\" >/dev/full";
        let said = Program::new("sh").args(&["-c", full, PODCLAW]).args(args).run().exits(3);
        assert!(said.stderr.contains("No space left on device"), "{said}");
    }
}

#[test]
fn completions_for_each_shell() {
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef podclaw"), ("fish", "complete -c podclaw")] {
        let script = podclaw(&["completions", shell]).run().ok();
        assert!(script.contains(mark), "{shell}: {}", &script[..200]);
        assert!(script.contains("launch"), "{shell} does not know launch");
    }
}

#[test]
fn manual_pages() {
    assert!(podclaw(&["man"]).run().ok().contains(".TH podclaw 1"));
    let dir = tempfile::tempdir().expect("a directory");
    podclaw(&["man", "--directory"]).arg(dir.path()).run().ok();
    for command in COMMANDS {
        assert!(dir.path().join(format!("podclaw-{command}.1")).exists(), "no page for {command}");
    }
}

#[test]
fn the_runner_of_probes_is_no_command_and_needs_a_plan() {
    assert!(!podclaw(&["--help"]).run().ok().contains("__probe"));
    for plan in ["", "{}", "no JSON"] {
        let said = podclaw(&["__probe"]).stdin(plan).run().exits(3);
        assert_eq!(said.stdout, "", "{said}");
    }
}
