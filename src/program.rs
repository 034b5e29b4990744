//! Running programs of the system that say something and end: with nothing of the caller's environment, from where the
//! system has them, and cut off, with all that they started, when they take too long or say too much.

mod running;

use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

#[cfg(test)]
pub(crate) use running::tests::ends;
pub use running::{KillOnDrop, Running};

/// Where programs of the system are; never where a variable says.
const PLACES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
/// The most that is read of what a program says, on each of its two outputs.
const LARGEST: u64 = 8 << 20;
/// How long a program that was killed may take to end. In the kernel's hands it may take for ever.
const LAST: Duration = Duration::from_secs(1);

/// What a program that ended said.
#[derive(Debug)]
pub struct Said {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub out: Vec<u8>,
    /// What it wrote to its standard error.
    pub err: Vec<u8>,
}

/// Why a program said nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It can't be started.
    #[error("it can't be started: {0}")]
    Start(io::Error),
    /// It took too long, and was killed.
    #[error("it did not end within {} s", .0.as_secs_f64())]
    TooLong(Duration),
    /// It said too much, and was killed.
    #[error("it says too much")]
    TooMuch,
    /// What it says can't be read, or its end can't be waited for.
    #[error(transparent)]
    Io(io::Error),
}

/// The program of that name.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    PLACES.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists())
}

/// Runs a program to its end, but not for longer than that. It is in `running` meanwhile, for somebody else to kill.
///
/// # Errors
/// Why there is nothing that it said. Whether it ended well is for the caller to judge.
pub fn run(
    program: &Path,
    arguments: &[&str],
    input: Vec<u8>,
    longest: Duration,
    running: &Running,
) -> Result<Said, Failed> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("LC_ALL", "C").env("PATH", PLACES.join(":")).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What it starts is to end with it, and Ctrl-C in a terminal is for podclaw alone.
    let mut child = command.process_group(0).spawn().map_err(Failed::Start)?;
    running.started(&child);
    let heard = listen(&mut child, input, longest);
    if heard.is_err() {
        running.kill();
    }
    match (heard, reap(child, running)) {
        (Ok((out, err)), Ok(status)) => Ok(Said { status, out, err }),
        (Err(error), _) => Err(error),
        (_, Err(error)) => Err(Failed::Io(error)),
    }
}

/// Tells a program its input, takes all that it says, and waits until it has ended; it is not reaped.
fn listen(child: &mut Child, input: Vec<u8>, longest: Duration) -> Result<(Vec<u8>, Vec<u8>), Failed> {
    let deadline = Instant::now() + longest;
    let left = || deadline.saturating_duration_since(Instant::now());
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read what it is told fails, and says why.
        std::thread::spawn(move || stdin.write_all(&input));
    }
    let out = child.stdout.take().map(follow);
    let err = child.stderr.take().map(follow);
    let all = |heard: Option<mpsc::Receiver<io::Result<Vec<u8>>>>| match heard.map(|heard| heard.recv_timeout(left())) {
        None => Ok(Vec::new()),
        Some(Ok(Ok(bytes))) if bytes.len() as u64 > LARGEST => Err(Failed::TooMuch),
        Some(Ok(read)) => read.map_err(Failed::Io),
        Some(Err(_)) => Err(Failed::TooLong(longest)),
    };
    let said = (all(out)?, all(err)?);
    if running::ends_before(child, deadline).map_err(Failed::Io)? { Ok(said) } else { Err(Failed::TooLong(longest)) }
}

/// Reads to the end in a thread of its own: that may never come, where a process that left the group has the pipe.
fn follow(stream: impl Read + Send + 'static) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (say, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stream.take(LARGEST + 1).read_to_end(&mut bytes);
        // Nobody listens any more when it took too long.
        let _ = say.send(read.map(|_| bytes));
    });
    heard
}

/// Takes note of the end of a program that has ended or was killed.
fn reap(mut child: Child, running: &Running) -> io::Result<ExitStatus> {
    let why = match running::ends_before(&child, Instant::now() + LAST) {
        Ok(true) => return running.reap(&mut child),
        Ok(false) => io::ErrorKind::TimedOut.into(),
        Err(error) => error,
    };
    // The thread that does wait for it costs little, and the caller is not held up.
    std::thread::spawn(move || child.wait());
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, input: &str, longest: Duration) -> Result<Said, Failed> {
        run(Path::new("/bin/sh"), &["-c", script], input.into(), longest, &Running::default())
    }

    const AMPLE: Duration = Duration::from_mins(2);

    #[test]
    fn what_a_program_says_is_given() {
        let said = sh("cat; echo err >&2; env; pwd; exit 3", "in ", AMPLE).unwrap();
        assert_eq!((said.status.code(), &*said.err), (Some(3), &b"err\n"[..]));
        let out = String::from_utf8(said.out).unwrap();
        assert!(out.starts_with("in ") && out.ends_with("/\n") && !out.contains("CARGO"), "{out}");
        // More on the second output than a pipe holds, before the first one ends.
        assert_eq!(sh("head -c 1000000 /dev/zero >&2; echo a", "", AMPLE).unwrap().err.len(), 1_000_000);
        let unread = "x".repeat(1_000_000);
        assert_eq!(sh("echo a", &unread, AMPLE).unwrap().out, b"a\n");
        assert!(matches!(sh("cat /dev/zero", "", AMPLE), Err(Failed::TooMuch)));
        assert!(matches!(sh("cat /dev/zero >&2", "", AMPLE), Err(Failed::TooMuch)));
        let none = run(Path::new("/nonexistent"), &[], Vec::new(), AMPLE, &Running::default());
        assert!(matches!(none, Err(Failed::Start(_))));
        assert_eq!(find("sh").unwrap().file_name().unwrap(), "sh");
        assert_eq!(find("none-of-that-name"), None);
    }

    #[test]
    fn what_hangs_ends_with_all_that_it_started() {
        // With its outputs open, and with them closed: in either way it has not ended.
        for ways in ["", "exec >&- 2>&-;"] {
            ends(|pids| {
                let script = format!("{ways} sleep 1000 & echo $$ $! > {}; wait", pids.display());
                let ended = sh(&script, "", Duration::from_secs(2));
                assert!(matches!(ended, Err(Failed::TooLong(_))), "{ended:?}");
            });
        }
    }
}
