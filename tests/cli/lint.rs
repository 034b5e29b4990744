//! `podclaw lint` as a user meets it: what it says, in which format, and with which exit code.

use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Output, PODCLAW, Program, podclaw};

const GOOD: &str = "description: good\nconfig:\n  limits.cpu: \"2\"\n";
const BAD: &str = "description: bad\nconfig:\n  security.nesting: yes\n";

/// A directory with files of these names and texts.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    directory
}

/// Runs `podclaw lint` in a directory.
fn lint<S: AsRef<std::ffi::OsStr>>(directory: &Path, args: &[S]) -> Output {
    podclaw(&["lint"]).args(args).cwd(directory).run()
}

#[test]
fn exit_codes_are_the_same_in_every_format() {
    let all = directory(&[("good.yaml", GOOD), ("bad.yaml", BAD), ("empty.yaml", "")]);
    for format in ["human", "json", "sarif", "github", "junit"] {
        for (args, code) in [
            (&["good.yaml"][..], 0),
            (&["good.yaml", "bad.yaml"], 1),
            (&["bad.yaml", "empty.yaml"], 3),
            (&["missing.yaml"], 3),
            (&["--stak", "good.yaml"], 2),
        ] {
            let said = podclaw(&["lint", "--format", format]).args(args).cwd(all.path()).run().exits(code);
            assert_eq!(said.stdout.is_empty(), code == 2, "{said}");
            assert_eq!(said.stderr.is_empty(), code != 2, "{said}");
        }
    }
}

#[test]
fn a_lab_file_that_is_named_is_one_whatever_it_is_called() {
    let good = "name: two\nnetwork:\n  subnet: 10.9.0.1/24\n";
    let dir = directory(&[("two.yaml", good)]);
    let two = ["--lab-file", "two.yaml"];
    assert_eq!(lint(dir.path(), &two).exits(0).stderr, "");
    let said = lint(dir.path(), &["--lab-file", "two.yaml", "two.yaml", "--format", "json"]).exits(0);
    assert_eq!(said.json()["files"], 1, "{said}");
    // Nobody says what it is.
    assert_ne!(lint(dir.path(), &["two.yaml"]).exits(1).stdout, "");
}

#[test]
fn what_cannot_be_judged_is_never_passed() {
    let dir = directory(&[("empty.yaml", ""), ("binary.yaml", "a: b\n"), ("nothing/here/x", "")]);
    fs::write(dir.path().join("binary.yaml"), b"a: \xff\xfe\n").expect("a file");
    fs::remove_file(dir.path().join("nothing/here/x")).expect("it was there");
    std::os::unix::fs::symlink("nowhere", dir.path().join("dangling.yaml")).expect("a link");
    std::os::unix::fs::symlink("loop.yaml", dir.path().join("loop.yaml")).expect("a link");
    for (path, reason) in [
        ("empty.yaml", "it is empty"),
        ("binary.yaml", "it is not UTF-8 text"),
        ("nothing", "there is no file in it to judge"),
        ("dangling.yaml", "No such file or directory"),
        ("loop.yaml", "Too many levels of symbolic links"),
        ("missing.yaml", "No such file or directory"),
        ("/dev/zero", "it is not a regular file"),
        ("bad/\u{1b}[2J", "No such file or directory"),
    ] {
        let said = lint(dir.path(), &[path]).exits(3);
        assert!(said.stdout.contains("error: cannot judge ") && said.stdout.contains(reason), "{said}");
        assert!(!said.stdout.contains('\u{1b}'), "{said}");
        assert_eq!(lint(dir.path(), &["--format", "json", path]).exits(3).json()["failures"][0]["name"], path);
    }
    // Nothing is there that is judged without being named.
    let said = lint::<&str>(dir.path(), &[]).exits(2);
    assert!(said.stderr.contains("help: name files or directories"), "{said}");
}

#[test]
fn an_unreadable_file_is_never_passed() {
    let dir = directory(&[("secret.yaml", GOOD)]);
    fs::set_permissions(dir.path().join("secret.yaml"), fs::Permissions::from_mode(0o000)).expect("a mode");
    // Root reads everything: somebody else has to try.
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        let binary = dir.path().join("podclaw");
        fs::copy(PODCLAW, &binary).expect("a copy that everybody can reach");
        let args = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        let said = Program::new("setpriv").args(&args).arg(&binary).args(&["lint", "secret.yaml"]).cwd(dir.path());
        let said = said.run().exits(3);
        assert!(said.stdout.contains("Permission denied"), "{said}");
    } else {
        let said = lint(dir.path(), &["secret.yaml"]).exits(3);
        assert!(said.stdout.contains("Permission denied"), "{said}");
    }
}

#[test]
fn a_pipe_that_nobody_writes_into_does_not_hang() {
    let dir = directory(&[("a.yaml", GOOD)]);
    let fifo = dir.path().join("pipe.yaml");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).expect("a pipe");
    for path in ["pipe.yaml", "."] {
        let said = lint(dir.path(), &[path]).exits(3);
        assert!(said.stdout.contains("pipe.yaml: it is not a regular file"), "{said}");
    }
}

#[test]
fn symbolic_links_are_not_followed() {
    let dir = directory(&[("tree/a.yaml", GOOD), ("other/b.yaml", GOOD)]);
    std::os::unix::fs::symlink("../other/b.yaml", dir.path().join("tree/b.yaml")).expect("a link");
    std::os::unix::fs::symlink("../other", dir.path().join("tree/other")).expect("a link");
    let said = lint(dir.path(), &["tree", "--format", "json"]).exits(1).json();
    let findings = said["findings"].as_array().expect("a list");
    let links: Vec<_> = findings.iter().filter(|finding| finding["rule"] == "symbolic-link").collect();
    let files: Vec<_> = links.iter().map(|finding| &finding["location"]["file"]).collect();
    assert_eq!(files, ["tree/b.yaml", "tree/other"]);
    assert_eq!(said["files"], 1);
    // Whoever names a link means what it points at.
    let _ = lint(dir.path(), &["tree/b.yaml"]).exits(0);
}

#[test]
fn deep_and_endless_things_are_found() {
    let deep = format!("a: {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    let many = "- a\n".repeat(60_000);
    let dir = directory(&[("deep.yaml", &deep), ("many.yaml", &many)]);
    for file in ["deep.yaml", "many.yaml"] {
        let said = lint(dir.path(), &["--format", "json", file]).exits(1).json();
        assert_eq!(said["findings"][0]["rule"], "yaml-syntax", "{said}");
    }
    let mut path = dir.path().join("tree");
    for _ in 0..20 {
        path.push("d");
    }
    fs::create_dir_all(&path).expect("directories");
    fs::write(path.join("a.yaml"), GOOD).expect("a file");
    let said = lint(dir.path(), &["tree"]).exits(3);
    assert!(said.stdout.contains("nested deeper than"), "{said}");
}

#[test]
fn a_gibibyte_takes_no_memory() {
    let bad = "config:\n".to_owned() + &"  a\u{202e}: b\n".repeat(99);
    let files: Vec<_> = (0..40).map(|n| format!("{n}.yaml")).collect();
    let files: Vec<_> = files.iter().map(|name| (name.as_str(), bad.as_str())).collect();
    let dir = directory(&files);
    for name in ["huge.yaml", "huge.sh", "huge"] {
        fs::File::create(dir.path().join(name)).expect("a file").set_len(1 << 30).expect("a length");
    }
    let mut command = Command::new(PODCLAW);
    command.args(["lint", "--format", "json", "."]).env_clear().current_dir(dir.path());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    // Once it writes, it has judged everything; and more than a pipe holds keeps it from ending.
    let mut said = vec![0];
    stdout.read_exact(&mut said).expect("a byte");
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a status");
    stdout.read_to_end(&mut said).expect("the rest");
    assert_eq!(child.wait().expect("an end").code(), Some(3));
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak").trim();
    let kibibytes: u64 = peak.trim_end_matches(" kB").parse().expect("a number");
    assert!(kibibytes < 64 * 1024, "{peak}");
    let said: serde_json::Value = serde_json::from_slice(&said).expect("JSON");
    assert_eq!(said["failures"].as_array().expect("a list").len(), 3);
    assert!(said["failures"][0]["reason"].as_str().expect("a text").contains("more than 1048576 bytes"));
}

#[test]
fn standard_input() {
    let run = |args: &[&str], text: &str| podclaw(&["lint", "-"]).args(args).stdin(text).run();
    let _ = run(&[], GOOD).exits(0);
    let said = run(&[], BAD).exits(1);
    assert!(said.stdout.contains("--> -:3:21"), "{said}");
    let said = run(&["--stdin-name", "profiles/b.yaml"], BAD).exits(1);
    assert!(said.stdout.contains("--> profiles/b.yaml:3:21"), "{said}");
    // The name decides what it is: as a Quadlet this is no YAML to complain about.
    let said = run(&["--stdin-name", "evil.container", "--format", "json"], BAD);
    let rules = said.json()["findings"].to_string();
    assert!(!rules.contains("yaml-"), "{said}");
    let said = run(&["--stdin-name", "evil.exe"], BAD).exits(1);
    assert!(said.stdout.contains("error[unknown-file]"), "{said}");
    let _ = run(&[], "").exits(3);
    let _ = run(&[], &"x".repeat(2 << 20)).exits(3);
    let said = run(&["--fix"], BAD).exits(2);
    assert!(said.stderr.contains("--fix cannot change standard input"), "{said}");
}

#[test]
fn a_name_that_is_not_utf8_is_judged_and_shown() {
    let dir = tempfile::tempdir().expect("a directory");
    let name = std::ffi::OsStr::from_bytes(b"a\xff\x1b[2J.yaml");
    fs::write(dir.path().join(name), BAD).expect("a file");
    for format in ["human", "json", "sarif", "github", "junit"] {
        let said = podclaw(&["lint", "--format", format, "."]).cwd(dir.path()).run().exits(1);
        assert!(
            !said.stdout.contains('\u{1b}') && said.stdout.contains('\u{fffd}') | said.stdout.contains("%EF%BF%BD")
        );
    }
    let said = podclaw(&["lint", "--fix", "."]).cwd(dir.path()).run().exits(1);
    assert!(said.stderr.contains("not mended"), "{said}");
}

#[test]
fn every_format_can_be_parsed() {
    let dir = directory(&[("bad.yaml", BAD), ("empty.yaml", "")]);
    let run = |format: &str| podclaw(&["lint", "--format", format, "."]).cwd(dir.path()).run().exits(3);
    let json = run("json").json();
    assert_eq!((&json["version"], &json["summary"]["errors"]), (&1.into(), &1.into()));
    assert_eq!(json["findings"][0]["location"]["file"], "./bad.yaml");
    let sarif = run("sarif").json();
    assert_eq!((&sarif["version"], sarif.get("runs").is_some()), (&"2.1.0".into(), true));
    assert!(quick_junit::Report::deserialize_from_str(&run("junit").stdout).is_ok());
    let github = run("github").stdout;
    assert!(github.starts_with("::error file=./bad.yaml,line=3,"), "{github}");
}

#[test]
fn other_commands_refuse_the_formats_of_lint() {
    for format in ["sarif", "github", "junit"] {
        let said = podclaw(&["list", "--format", format]).run().exits(2);
        assert!(said.stderr.contains("help: ") && said.stdout.is_empty(), "{said}");
    }
}

#[test]
fn colour_is_for_terminals_or_when_asked_for() {
    let dir = directory(&[("bad.yaml", BAD)]);
    let run = |args: &[&str], env: &str| {
        podclaw(&["lint", "."]).args(args).env(env, "1").cwd(dir.path()).run().exits(1).stdout.contains('\u{1b}')
    };
    assert!(!run(&[], "X"));
    assert!(run(&["--color", "always"], "X"));
    assert!(run(&["--color", "always"], "NO_COLOR"));
    assert!(!run(&["--color", "never"], "CLICOLOR_FORCE"));
    assert!(run(&[], "CLICOLOR_FORCE"));
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let text = "description: \"\u{1b}]0;evil\u{7}\u{202e}\u{9b}2J\"\n";
    let dir = directory(&[("a.yaml", text)]);
    for format in ["human", "json", "sarif", "github", "junit"] {
        let said = podclaw(&["lint", "--format", format, "."]).cwd(dir.path()).run().exits(1).stdout;
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']), "{format}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bad = "config:\n".to_owned() + &"  a\u{202e}: b\n".repeat(99);
    let files: Vec<_> = (0..30).map(|n| format!("{n}.yaml")).collect();
    let dir = directory(&files.iter().map(|name| (name.as_str(), bad.as_str())).collect::<Vec<_>>());
    for format in ["human", "json", "github", "junit"] {
        let script = format!("\"$0\" lint --format {format} . | head -1; echo \"${{PIPESTATUS[0]}}\"");
        let said = Program::new("bash").args(&["-c", &script, PODCLAW]).cwd(dir.path()).run().exits(0);
        assert_eq!((said.stderr.as_str(), said.stdout.lines().last()), ("", Some("1")), "{said}");
    }
}

#[test]
fn thousands_of_findings_stay_readable() {
    let bad = "config:\n".to_owned() + &"  a\u{202e}: b\n".repeat(99);
    let files: Vec<_> = (0..21).map(|n| format!("{n}.yaml")).collect();
    let dir = directory(&files.iter().map(|name| (name.as_str(), bad.as_str())).collect::<Vec<_>>());
    let said = lint(dir.path(), &["."]).exits(1).stdout;
    assert!(said.contains("21 files: 2079 errors") && said.contains("and 1079 more: "), "{said}");
    assert!(said.lines().count() < 5000);
    assert_eq!(
        lint(dir.path(), &["--format", "json", "."]).exits(1).json()["findings"].as_array().map(Vec::len),
        Some(2079)
    );
}

#[test]
fn quiet_says_only_findings() {
    let dir = directory(&[("good.yaml", GOOD), ("bad.yaml", BAD)]);
    assert_eq!(lint(dir.path(), &["-q", "good.yaml"]).exits(0).stdout, "");
    let said = lint(dir.path(), &["-q", "bad.yaml"]).exits(1).stdout;
    assert!(said.starts_with("error[yaml-untyped]") && !said.contains("refused"), "{said}");
}

#[test]
fn a_dry_fix_shows_and_a_fix_mends() {
    let dir = directory(&[("bad.yaml", BAD), ("good.yaml", GOOD)]);
    let path = dir.path().join("bad.yaml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let said = lint(dir.path(), &[".", "--fix", "--dry-run"]).exits(1).stdout;
    assert!(said.contains("\n-  security.nesting: yes\n+  security.nesting: \"yes\"\n"), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("a file"), BAD);

    // What the mended file is, is judged: that is another question.
    let said = lint(dir.path(), &[".", "--fix", "--format", "json"]);
    assert!(said.stderr.contains("mended ./bad.yaml: quote the value as it is written"), "{said}");
    assert!(!said.stdout.contains("yaml-untyped"), "{said}");
    assert_eq!(fs::read_to_string(&path).expect("a file"), BAD.replace("yes", "\"yes\""));
    assert_eq!(path.metadata().expect("it is there").permissions().mode() & 0o7777, 0o640);
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 2);
    let said = lint(dir.path(), &["--dry-run", "."]).exits(2);
    assert!(said.stderr.contains("--fix"), "{said}");
}

#[test]
fn a_fix_does_not_write_through_a_link() {
    let dir = directory(&[("a/bad.yaml", BAD)]);
    std::os::unix::fs::symlink("a/bad.yaml", dir.path().join("link.yaml")).expect("a link");
    let said = lint(dir.path(), &["link.yaml", "--fix"]).exits(1);
    assert!(said.stderr.contains("not mended: link.yaml: it is a symbolic link"), "{said}");
    assert_eq!(fs::read_to_string(dir.path().join("a/bad.yaml")).expect("a file"), BAD);
}

#[test]
fn without_a_path_the_data_of_the_lab_file_is_judged() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir_all(at("mine/profiles")).unwrap();
    std::fs::write(at("podclaw.yaml"), "data: mine\n").unwrap();
    std::fs::write(at("mine/profiles/guest.yaml"), "description: x\nconfig:\n  raw.lxc: \"a\"\n").unwrap();
    let said = podclaw(&["lint"]).cwd(directory.path()).run().exits(1);
    assert!(said.stdout.contains("mine/profiles/guest.yaml:3:12"), "{said}");
}
