//! Following the report of the stages, until there is something to probe.
//!
//! What follows is podclaw itself, and not a shell of the guest with the programs that its PATH leads to.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::cloud_init::{ENDED, EVENTS, MAX_EVENT_BYTES};
use crate::probe::plan::LARGEST_PLAN;

/// The line that is said first: what is sent before it would come back, or be cut off.
pub const FOLLOWS: &str = "# follows";
/// The line that begins what is no report. No report begins so.
pub const NO_REPORT: &str = "# ended";

/// Where cloud-init says how it went, and how much of that is told, in bytes.
const RESULT: &str = "/run/cloud-init/result.json";
const MOST_WORDS: u64 = 4096;
/// How long a report may trail behind the end of what runs the stages.
const GRACE: Duration = Duration::from_secs(5);
/// How often the report is looked at. That is a look at the end of one file, and costs nothing.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 40_000_000 };

/// Where the stages, and what runs them, say how far they are.
struct Places<'p> {
    events: &'p Path,
    ended: &'p Path,
    result: &'p Path,
    grace: Duration,
}

/// Says what is reported, from a line on, until the input has a line. Gives that; nothing where there is no report, which
/// is said, or no input any more.
///
/// # Errors
/// Where the report can't be read, or nobody reads what is said of it.
pub fn follow(input: impl AsFd, output: impl Write, first: usize) -> io::Result<Option<Vec<u8>>> {
    make_raw(&input);
    let (events, ended, result) = (Path::new(EVENTS), Path::new(ENDED), Path::new(RESULT));
    follow_in(&Places { events, ended, result, grace: GRACE }, input, output, first)
}

/// A terminal hands on what it is given as it is, from now on. Where there is none, that is so anyway.
fn make_raw(terminal: impl AsFd) {
    if let Ok(mut settings) = tcgetattr(&terminal) {
        settings.make_raw();
        // A terminal that does not do as it is told shows by what comes of it.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &settings);
    }
}

fn follow_in(
    places: &Places<'_>,
    input: impl AsFd,
    mut output: impl Write,
    first: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut report = Report { first: first.max(1), ..Report::default() };
    let (mut told, mut ended) = (Vec::new(), None);
    writeln!(output, "{FOLLOWS}")?;
    loop {
        report.pass_on(places.events, &mut output)?;
        output.flush()?;
        if ended.is_none() && places.is_at_an_end() {
            ended = Some(Instant::now());
        }
        // A report that has its end is all there is to be said: who speaks next may be the probes.
        if !report.has_end && ended.is_some_and(|since| since.elapsed() >= places.grace) {
            writeln!(output, "{NO_REPORT}")?;
            if let Ok(result) = File::open(places.result) {
                io::copy(&mut result.take(MOST_WORDS), &mut output)?;
            }
            output.flush()?;
            return Ok(None);
        }
        if !is_ready(&input)? {
            continue;
        }
        let mut piece = [0; 4096];
        // Not through a buffer, of which it is not seen whether there is something in it.
        let length = rustix::io::read(&input, &mut piece)?;
        told.extend_from_slice(&piece[..length]);
        if let Some(end) = told.iter().position(|byte| *byte == b'\n') {
            told.truncate(end);
            return Ok(Some(told));
        }
        if length == 0 || told.len() as u64 > LARGEST_PLAN {
            return Ok(None);
        }
    }
}

impl Places<'_> {
    /// Whether nobody runs the stages any more.
    fn is_at_an_end(&self) -> bool {
        let has_said = |path: &Path| path.metadata().is_ok_and(|it| it.len() > 0);
        self.ended.exists() || has_said(self.result)
    }
}

/// Whether there is input, or its end; waits a moment for it.
fn is_ready(input: impl AsFd) -> io::Result<bool> {
    let mut ready = [PollFd::new(&input, PollFlags::IN)];
    match poll(&mut ready, Some(&TICK)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The report, as far as it was passed on.
#[derive(Debug, Default)]
struct Report {
    file: Option<BufReader<File>>,
    /// How much of the file was read, in bytes.
    read: u64,
    /// How many lines were seen, and which is the first that is passed on.
    lines: usize,
    first: usize,
    /// The beginning of a line whose end is not written yet.
    rest: Vec<u8>,
    /// Whether it says that there is no more.
    has_end: bool,
}

impl Report {
    /// Passes on what has come, whole line by line.
    fn pass_on(&mut self, events: &Path, output: &mut impl Write) -> io::Result<()> {
        if self.file.is_none() {
            self.file = File::open(events).ok().map(BufReader::new);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        // The stages are run anew, and so is their report.
        if file.get_ref().metadata()?.len() < self.read {
            file.seek(SeekFrom::Start(0))?;
            self.read = 0;
            self.rest.clear();
        }
        loop {
            // Whoever writes more than a line holds is not heard to the end.
            let room = (MAX_EVENT_BYTES + 1).saturating_sub(self.rest.len());
            let length = file.by_ref().take(room as u64).read_until(b'\n', &mut self.rest)?;
            self.read += length as u64;
            let is_whole = self.rest.ends_with(b"\n");
            if !is_whole && self.rest.len() <= MAX_EVENT_BYTES {
                return Ok(());
            }
            self.lines += usize::from(is_whole);
            self.has_end |= self.rest.windows(END.len()).any(|window| window == END);
            if self.lines + usize::from(!is_whole) >= self.first {
                output.write_all(&self.rest)?;
            }
            self.rest.clear();
        }
    }
}

/// What the last line of a report has in it.
const END: &[u8] = br#""event":"finish""#;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    const BEGIN: &str = "{\"version\":1,\"event\":\"begin\"}\n";
    const FINISH: &str = "{\"version\":1,\"event\":\"finish\"}\n";

    /// What is said where these files are, and the input ends after a while.
    fn said(files: &[(&str, &str)], first: usize, input: &[u8]) -> (String, Option<Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let at = |name: &str| dir.path().join(name);
        let (events, ended, result) = (at("events"), at("ended"), at("result"));
        let places = Places { events: &events, ended: &ended, result: &result, grace: Duration::ZERO };
        let (mut tell, told) = UnixStream::pair().unwrap();
        let mut output = Vec::new();
        let told = thread::scope(|scope| {
            let follows = scope.spawn(|| follow_in(&places, told, &mut output, first));
            thread::sleep(Duration::from_millis(300));
            let _ = tell.write_all(input);
            drop(tell);
            follows.join().unwrap().unwrap()
        });
        (String::from_utf8(output).unwrap(), told)
    }

    #[test]
    fn an_end_is_only_said_where_the_report_has_none() {
        let both = format!("{BEGIN}{FINISH}");
        let cases: [(&[(&str, &str)], String); 6] = [
            (&[], String::new()),
            (&[("events", BEGIN)], BEGIN.into()),
            (&[("events", BEGIN), ("ended", "")], format!("{BEGIN}{NO_REPORT}\n")),
            (&[("events", BEGIN), ("result", "why\n")], format!("{BEGIN}{NO_REPORT}\nwhy\n")),
            (&[("ended", "")], format!("{NO_REPORT}\n")),
            (&[("events", &both), ("result", "fine\n"), ("ended", "")], both.clone()),
        ];
        for (files, expected) in cases {
            assert_eq!(said(files, 1, b""), (format!("{FOLLOWS}\n{expected}"), None), "{files:?}");
        }
    }

    #[test]
    fn a_report_goes_on_where_it_was_left() {
        let report = format!("{BEGIN}{FINISH}{{\"half");
        for (first, expected) in [(1, format!("{BEGIN}{FINISH}")), (2, FINISH.into()), (3, String::new())] {
            assert_eq!(said(&[("events", &report)], first, b"").0, format!("{FOLLOWS}\n{expected}"));
        }
        // What has no end is passed on all the same, for somebody else to judge.
        let endless = "x".repeat(2 * MAX_EVENT_BYTES);
        assert_eq!(said(&[("events", &endless)], 1, b"").0.len(), FOLLOWS.len() + 1 + MAX_EVENT_BYTES + 1);
    }

    #[test]
    fn what_it_is_told_is_a_line() {
        let told = |input: &[u8]| said(&[("events", BEGIN)], 1, input).1;
        assert_eq!(told(b"a plan\nand more"), Some(b"a plan".to_vec()));
        assert_eq!(told(b"half a plan"), None);
        let long = vec![b'x'; usize::try_from(LARGEST_PLAN).unwrap() + 8192];
        assert_eq!(told(&long), None);
    }

    #[test]
    fn a_report_that_is_written_meanwhile_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let events = dir.path().join("events");
        let (mut report, mut output) = (Report { first: 1, ..Report::default() }, Vec::new());
        let mut pass_on = |text: &str| {
            fs::write(&events, text).unwrap();
            report.pass_on(&events, &mut output).unwrap();
            String::from_utf8(std::mem::take(&mut output)).unwrap()
        };
        assert_eq!(pass_on("one\ntw"), "one\n");
        assert_eq!(pass_on("one\ntwo\n"), "two\n");
        assert_eq!(pass_on("again\n"), "again\n");
    }
}
