//! Commands that run another command: which, and with what.

use super::call::Call;
use super::text::{UNKNOWN, Word};

/// What a command runs.
#[derive(Debug)]
pub(super) enum Inside {
    /// Nothing.
    Nothing,
    /// It cannot be told what, and why.
    Unclear(String),
    /// A command.
    Command(Vec<Word>),
    /// Several.
    Commands(Vec<Vec<Word>>),
    /// Shell in a word.
    Code(Word),
}

/// A command whose options come first, and then the command that it runs.
struct Wrapper {
    name: &'static str,
    /// Options that take the next word.
    valued: &'static [&'static str],
    /// Options that take nothing, or their value after `=`.
    flags: &'static [&'static str],
    /// How many words stand between the options and the command.
    skipped: usize,
}

const fn wrapper(
    name: &'static str,
    valued: &'static [&'static str],
    flags: &'static [&'static str],
    skipped: usize,
) -> Wrapper {
    Wrapper { name, valued, flags, skipped }
}

const WRAPPERS: [Wrapper; 17] = [
    wrapper(
        "sudo",
        &["-u", "--user", "-D", "--chdir"],
        &[
            "-H",
            "-n",
            "-E",
            "-S",
            "-b",
            "-A",
            "-k",
            "-P",
            "--set-home",
            "--non-interactive",
            "--login",
            "-i",
            "--preserve-env",
            "--user",
        ],
        0,
    ),
    wrapper("doas", &["-u"], &["-n"], 0),
    wrapper("nohup", &[], &[], 0),
    wrapper(
        "timeout",
        &["-k", "--kill-after", "-s", "--signal"],
        &["--preserve-status", "--foreground", "-v", "--verbose", "--kill-after", "--signal"],
        1,
    ),
    wrapper("nice", &["-n", "--adjustment"], &["--adjustment"], 0),
    wrapper("ionice", &["-c", "-n", "--class", "--classdata"], &["-t", "-c2", "-c3"], 0),
    wrapper("chrt", &[], &["-b", "-i", "-o", "-f", "-r"], 1),
    wrapper("taskset", &[], &["-c", "--cpu-list"], 1),
    wrapper("stdbuf", &["-i", "-o", "-e"], &["-oL", "-eL", "-o0", "-e0", "-i0", "--output", "--error", "--input"], 0),
    wrapper("setsid", &[], &["-f", "-w", "-c", "--fork", "--wait"], 0),
    wrapper("time", &["-f"], &["-p", "-v"], 0),
    wrapper("command", &[], &["-p"], 0),
    wrapper("exec", &["-a"], &["-c", "-l"], 0),
    wrapper("eatmydata", &[], &[], 0),
    wrapper("unbuffer", &[], &["-p"], 0),
    wrapper(
        "xargs",
        &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "--delimiter", "--arg-file"],
        &[
            "-0",
            "-r",
            "-t",
            "-x",
            "--null",
            "--no-run-if-empty",
            "--verbose",
            "--max-args",
            "--max-procs",
            "--delimiter",
        ],
        0,
    ),
    wrapper(
        "env",
        &["-u", "--unset", "-C", "--chdir"],
        &["-i", "-", "-0", "--ignore-environment", "--unset", "--chdir"],
        0,
    ),
];

pub(super) fn inside(call: &Call) -> Inside {
    match call.name.as_str() {
        "command" if says_only(call) => Inside::Nothing,
        "env" if call.short('S', "uC") || call.long("--split-string") => {
            Inside::Unclear("`env -S` splits a text into a command".into())
        }
        "find" => find(call),
        "flock" => flock(call),
        "runuser" | "su" => user(call),
        "podman" if call.args.first().is_some_and(|word| word.is("unshare")) => {
            let at = 1 + call.args[1..].iter().take_while(|word| word.is("--rootless-netns")).count();
            Inside::Command(call.args[at..].to_vec())
        }
        "coproc" | "if" | "while" => Inside::Nothing,
        name => match WRAPPERS.iter().find(|wrapper| wrapper.name == name) {
            Some(wrapper) => wrapped(wrapper, call),
            None => Inside::Nothing,
        },
    }
}

/// `command -v NAME`: only what stands before the name counts.
fn says_only(call: &Call) -> bool {
    let options = call.args.iter().take_while(|word| word.values.iter().all(|value| value.starts_with('-')));
    options.flat_map(|word| &word.values).any(|value| matches!(value.as_str(), "-v" | "-V" | "-pv" | "-pV"))
}

fn wrapped(wrapper: &Wrapper, call: &Call) -> Inside {
    let unclear = |word: &Word| {
        Inside::Unclear(format!(
            "cannot tell what `{}` runs: `{}` is no option of it that podclaw knows",
            wrapper.name,
            word.shown()
        ))
    };
    let mut at = 0;
    while let Some(word) = call.args.get(at) {
        let value = match word.values.as_slice() {
            [value] => value.as_str(),
            _ if word.any(|value| value.starts_with('-')) => return unclear(word),
            _ => break,
        };
        if value == "--" {
            at += 1;
            break;
        }
        if wrapper.name == "env" && is_assignment(value) {
            at += 1;
            continue;
        }
        if !value.starts_with('-') {
            break;
        }
        let name = value.split('=').next().unwrap_or_default();
        if wrapper.valued.contains(&value) {
            at += 2;
        } else if wrapper.flags.contains(&name) || has_short_value(wrapper, value) {
            at += 1;
        } else if is_cluster(wrapper, value) {
            let last: String = ['-', value.chars().last().unwrap_or('-')].iter().collect();
            at += 1;
            if wrapper.valued.contains(&last.as_str()) {
                at += 1;
            }
        } else {
            return unclear(word);
        }
    }
    if wrapper.name == "env" {
        while call.args.get(at).is_some_and(|word| word.values.iter().all(|value| is_assignment(value))) {
            at += 1;
        }
    }
    let mut words = call.args.get(at + wrapper.skipped..).unwrap_or_default().to_vec();
    if words.is_empty() {
        return if wrapper.name == "sudo" && (call.short('i', "ugD") || call.short('s', "ugD")) {
            Inside::Unclear("this starts a shell that reads what to do".into())
        } else {
            Inside::Nothing
        };
    }
    if wrapper.name == "xargs" {
        words.push(Word { values: vec![UNKNOWN.into()], many: true });
    }
    Inside::Command(words)
}

/// `-n5`, for an option `-n` that takes a value.
fn has_short_value(wrapper: &Wrapper, value: &str) -> bool {
    let Some((option, rest)) = value.split_at_checked(2) else { return false };
    !rest.is_empty() && !value.starts_with("--") && wrapper.valued.contains(&option)
}

/// Several letters in one word, all of which are known; only the last may take a value.
fn is_cluster(wrapper: &Wrapper, value: &str) -> bool {
    let letters: Vec<char> = value.chars().skip(1).collect();
    !value.starts_with("--")
        && letters.len() > 1
        && letters.iter().enumerate().all(|(at, letter)| {
            let option: String = ['-', *letter].iter().collect();
            wrapper.flags.contains(&option.as_str())
                || (at + 1 == letters.len() && wrapper.valued.contains(&option.as_str()))
        })
}

pub(super) fn is_assignment(value: &str) -> bool {
    value
        .split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

fn find(call: &Call) -> Inside {
    let mut commands = Vec::new();
    let mut args = call.args.iter();
    while let Some(word) = args.next() {
        if ["-exec", "-execdir", "-ok", "-okdir"].iter().any(|option| word.is(option)) {
            let words = args.by_ref().take_while(|word| !word.is(";") && !word.is("+"));
            let hole = |word: &Word| Word {
                values: word.values.iter().map(|value| value.replace("{}", &UNKNOWN.to_string())).collect(),
                many: word.many,
            };
            commands.push(words.map(hole).collect());
        } else if ["-fprint", "-fprintf", "-fprint0", "-fls"].iter().any(|option| word.is(option)) {
            return Inside::Unclear("`find` writes to a file here, which podclaw does not follow".into());
        }
    }
    if call.is_open() { Inside::Unclear("cannot tell what `find` does".into()) } else { Inside::Commands(commands) }
}

fn flock(call: &Call) -> Inside {
    let plain = call.plain(&["-w", "-E", "--timeout", "--wait", "--conflict-exit-code"]);
    match plain.as_slice() {
        [] | [_] => Inside::Nothing,
        [_, code, shell] if code.is("-c") => Inside::Code((*shell).clone()),
        [_, words @ ..] => match call.values_of("--command", Some('c')).first() {
            Some(code) => Inside::Code(Word::known(*code)),
            None => Inside::Command(words.iter().map(|word| (*word).clone()).collect()),
        },
    }
}

/// `runuser -u USER -- COMMAND`, `su - USER -c CODE`.
fn user(call: &Call) -> Inside {
    let shells = call.values_of("--shell", Some('s'));
    if shells.iter().any(|shell| !matches!(*shell, "/bin/sh" | "/bin/bash" | "/usr/bin/sh" | "/usr/bin/bash")) {
        return Inside::Unclear(format!("`{}` runs a shell of its own here", call.name));
    }
    let codes = call.values_of("--command", Some('c'));
    // Of several the last one counts, and which are words of a command is not told.
    if codes.len() > 1 && !call.has("--") {
        return Inside::Unclear(format!("`{}` gets more than one command here", call.name));
    }
    let before: Vec<_> = call.args.iter().take_while(|word| !word.is("--")).cloned().collect();
    let options = Call { args: before, ..call.clone() };
    if ["--group", "--supp-group"].iter().any(|option| options.long(option))
        || options.short('g', "ucs")
        || options.short('G', "ucs")
    {
        return Inside::Unclear(format!("`{}` runs something in another group here", call.name));
    }
    if let Some(code) = codes.first() {
        return Inside::Code(Word::known(*code));
    }
    if let Some(at) = call.args.iter().position(|word| word.is("-u") || word.is("--user")) {
        let rest = call.args.get(at + 2..).unwrap_or_default();
        let words = if rest.first().is_some_and(|word| word.is("--")) { &rest[1..] } else { rest };
        if words.first().is_some_and(|word| word.any(|value| value.starts_with('-'))) {
            return Inside::Unclear("write `runuser -u USER -- COMMAND`".into());
        }
        return Inside::Command(words.to_vec());
    }
    Inside::Unclear(format!("cannot tell what `{}` runs: write `runuser -u USER -- COMMAND`", call.name))
}
