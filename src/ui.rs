//! All output of podclaw: results on standard output, everything else on standard error.

mod hints;
mod progress;
mod summary;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::probe::Verdict;
use crate::progress::Progress;
use crate::text;

pub use hints::Hints;
pub use progress::Watch;
pub use summary::SummaryBox;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: tables, boxes, colour on a terminal.
    #[default]
    Human,
    /// For programs: one JSON document with a `version`.
    Json,
    /// Of lint and audit only: SARIF 2.1.0, as code scanning takes it.
    Sarif,
    /// Of lint and audit only: annotations of GitHub Actions.
    Github,
    /// Of lint and audit only: `JUnit` XML, as most CI services take it.
    Junit,
}

impl Format {
    /// Whether only reports of findings are written in it.
    #[must_use]
    pub fn is_for_findings(self) -> bool {
        matches!(self, Self::Sarif | Self::Github | Self::Junit)
    }
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const CAUTION: Style = AnsiColor::Yellow.on_default();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const STRONG: Style = Style::new().bold();

/// Where output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, for results.
    Out,
    /// Standard error, for everything else.
    Err,
}

impl Stream {
    /// Whether a terminal shows it: one that obeys escape sequences.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Out => std::io::stdout().is_terminal(),
            Self::Err => std::io::stderr().is_terminal(),
        }
    }
}

/// The one way out for text.
#[derive(Debug, Clone)]
pub struct Ui {
    format: Format,
    quiet: bool,
    live: bool,
    hints: Arc<Hints>,
    lost: Arc<OnceLock<String>>,
}

impl Ui {
    /// Output after the user's wishes. `--color` beats `NO_COLOR` and the terminal, as `anstream` judges them.
    #[must_use]
    pub fn new(format: Format, color: Color, quiet: bool, hints: Hints) -> Self {
        match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
        let live = std::io::stderr().is_terminal() && color != Color::Never && !quiet;
        Self { format, quiet, live, hints: Arc::new(hints), lost: Arc::default() }
    }

    /// Whether results are to be JSON.
    #[must_use]
    pub fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// How results are to be written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether only results, warnings and errors are wanted.
    #[must_use]
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// How wide the terminal is that shows the results; `None` where none does.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        if !Stream::Out.is_terminal() {
            return None;
        }
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
    }

    /// Writes text for people as a result. A reader that has gone away, as in `podclaw list | head -1`, is no error; that
    /// anything else was in the way is remembered.
    pub fn say(&self, text: impl AsRef<str>) {
        match writeln!(anstream::stdout().lock(), "{}", text.as_ref()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                let _ = self.lost.set(error.to_string());
            }
            _ => {}
        }
    }

    /// Why results did not get to where they were to be written, such as a disk that is full: nothing was answered then.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    /// Whether standard error is coloured: on a terminal, or where the user wants it.
    #[must_use]
    pub fn colours_errors() -> bool {
        anstream::AutoStream::choice(&std::io::stderr()) != ColorChoice::Never
    }

    /// The text, with commands that are about the same lab as this one.
    #[must_use]
    pub fn hint<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        self.hints.complete(text)
    }

    /// The mark of a verdict, and its colour.
    #[must_use]
    pub fn mark(&self, verdict: Verdict) -> (&'static str, Style) {
        match verdict {
            Verdict::Contained => ("✓", GOOD),
            Verdict::NotContained => ("✗", BAD),
            Verdict::CouldNotTell => ("?", CAUTION),
        }
    }

    /// Writes bytes as they are and at once. The caller sees to it that no terminal gets what it must not obey.
    ///
    /// # Errors
    /// What the system says, [`std::io::ErrorKind::BrokenPipe`] where nobody reads any more.
    pub fn write_bytes(&self, stream: Stream, bytes: &[u8]) -> std::io::Result<()> {
        fn write(mut to: impl Write, bytes: &[u8]) -> std::io::Result<()> {
            to.write_all(bytes)?;
            to.flush()
        }
        match stream {
            Stream::Out => write(std::io::stdout().lock(), bytes),
            Stream::Err => write(std::io::stderr().lock(), bytes),
        }
    }

    /// Writes a result for programs: `body` with `"version": 1` before it.
    pub fn say_json<T: Serialize>(&self, body: &T) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Versioned<'a> {
            version: u8,
            #[serde(flatten)]
            body: &'a serde_json::Value,
        }
        let body = serde_json::to_value(body)?;
        self.say_plain_json(&Versioned { version: 1, body: &body })
    }

    /// Writes a result for programs, in a format that has a version of its own. What a terminal would obey is escaped.
    pub fn say_plain_json<T: Serialize>(&self, body: &T) -> anyhow::Result<()> {
        let shown = text::escape_json(&serde_json::to_string_pretty(body)?);
        self.say(shown);
        Ok(())
    }

    /// Writes a table without borders. Cells that come from outside must be escaped by the caller's [`text::excerpt`].
    pub fn table(&self, header: &[&str], rows: Vec<Vec<String>>) {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::TableStyle::new());
        table.set_header(header.iter().map(|cell| cell.to_uppercase()));
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.to_string().lines() {
            self.say(line.trim_end());
        }
    }

    /// Writes a message beside the results, on standard error; `--quiet` silences it.
    pub fn note(&self, message: impl AsRef<str>) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr().lock(), "{}", self.hint(message.as_ref()));
        }
    }

    /// Warns, on standard error, quiet or not.
    pub fn warn(&self, message: impl AsRef<str>) {
        let _ = writeln!(
            anstream::stderr().lock(),
            "{CAUTION}warning{CAUTION:#}: {}",
            text::escape(&self.hint(message.as_ref()))
        );
    }

    /// Reports why a command failed and what to do next.
    pub fn error(&self, message: &str, help: Option<&str>) {
        let mut stderr = anstream::stderr().lock();
        let _ = writeln!(stderr, "{BAD}error{BAD:#}: {}", text::escape(message));
        if let Some(help) = help {
            let _ = writeln!(stderr, "{HINT}help{HINT:#}: {}", text::escape(&self.hint(help)));
        }
    }

    /// Asks for `expected` to be typed. Without a terminal there is nobody to ask, and the answer is no.
    pub fn asks_for(&self, question: &str, expected: &str) -> std::io::Result<bool> {
        if !std::io::stdin().is_terminal() {
            return Ok(false);
        }
        let mut stderr = anstream::stderr().lock();
        write!(stderr, "{question} ")?;
        stderr.flush()?;
        drop(stderr);
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok(answer.trim() == expected)
    }

    /// Starts to show a job's progress on standard error, until the returned watch is finished.
    #[must_use]
    pub fn watch(&self) -> (Progress, Watch) {
        if self.quiet {
            return (Progress::silent(), Watch::nothing());
        }
        let (progress, receiver) = Progress::channel();
        (progress, Watch::start(receiver, self.live))
    }
}
