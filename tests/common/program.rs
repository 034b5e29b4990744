//! A program to run: nothing of the tester's environment reaches it, and it cannot run for ever.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Running;

/// Long enough for anything that a test does not expect to take long, also on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A program that is about to run.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    cwd: PathBuf,
    stdin: Vec<u8>,
    timeout: Duration,
    again: fn(&Output) -> bool,
}

/// How often a program is run at most whose failures pass.
const TRIES: usize = 6;

impl Program {
    /// `program` with no arguments, in `/`, with nothing but `PATH`, a `HOME` of its own and a locale in its environment.
    #[must_use]
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            path: program.as_ref().into(),
            args: Vec::new(),
            env: vec![
                ("PATH".into(), path),
                ("HOME".into(), env!("CARGO_TARGET_TMPDIR").into()),
                ("LC_ALL".into(), "C.UTF-8".into()),
            ],
            cwd: "/".into(),
            stdin: Vec::new(),
            timeout: TIMEOUT,
            again: |_| false,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: &[S]) -> Self {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable; the last one of a name wins.
    #[must_use]
    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Sets the directory that it runs in.
    #[must_use]
    pub(crate) fn cwd(mut self, dir: impl AsRef<Path>) -> Self {
        self.cwd = dir.as_ref().into();
        self
    }

    /// What it reads from its standard input, which is empty otherwise.
    #[must_use]
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// How long it may run before it is killed, which fails the test.
    #[must_use]
    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Which failures pass by themselves: it is run again after one of them. The program must bear that.
    #[must_use]
    pub(crate) fn again_if(mut self, passes: fn(&Output) -> bool) -> Self {
        self.again = passes;
        self
    }

    /// Starts it, for tests that do something while it runs.
    ///
    /// # Panics
    /// When it cannot be started.
    pub(crate) fn start(self) -> Running {
        let mut command = Command::new(&self.path);
        command.args(&self.args).env_clear().envs(self.env.iter().map(|(k, v)| (k, v))).current_dir(&self.cwd);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = self.to_string();
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        Running::new(child, shown, self.stdin, self.timeout)
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started, or runs into its timeout.
    pub(crate) fn run(self) -> Output {
        for _ in 1..TRIES {
            let output = self.clone().start().wait();
            if output.code == 0 || !(self.again)(&output) {
                return output;
            }
        }
        self.start().wait()
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = Path::new(&self.path).file_name().unwrap_or(&self.path);
        write!(f, "`{}", name.to_string_lossy())?;
        for arg in &self.args {
            write!(f, " {}", arg.to_string_lossy())?;
        }
        write!(f, "`")
    }
}

/// What a program that has ended left behind.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// The program with its arguments, for messages.
    pub(crate) program: String,
    /// Its exit code, or minus the number of the signal that ended it.
    pub(crate) code: i32,
    /// What it wrote to standard output; invalid UTF-8 is replaced.
    pub(crate) stdout: String,
    /// What it wrote to standard error; invalid UTF-8 is replaced.
    pub(crate) stderr: String,
}

impl Output {
    /// Demands that it ended with exit code 0, and gives its standard output.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        self.exits(0).stdout
    }

    /// Demands an exit code.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    #[must_use]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert!(self.code == code, "expected exit code {code} of {self}");
        self
    }

    /// Its standard output as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    #[must_use]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON, {error}: {self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { program, code, stdout, stderr } = self;
        write!(f, "{program}, which ended with {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}
