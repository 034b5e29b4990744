//! What every command needs: output, the lab in effect, the daemon, and word of Ctrl-C.

use std::path::{Path, PathBuf};
use std::sync::Once;

use clap::CommandFactory as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::args::{CACHE_DIR, Cli, Global};
use super::failure::Failure;
use crate::incus::{Client, Job, find_socket};
use crate::lab::{AtRest, Lab, LabFile, LabLock, Settings, Work};
use crate::ui::{Hints, Ui};

/// Where a lab file is looked for when none is named.
const LAB_FILES: [&str; 2] = ["podclaw.yaml", "/etc/podclaw/podclaw.yaml"];
/// Where the lock is when there is no lab file at all.
const LOCK_WITHOUT_LAB_FILE: &str = "/etc/podclaw/podclaw.lock";

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) ui: Ui,
    lab_file: Option<PathBuf>,
    lab_name: Option<crate::names::LabName>,
    socket: Option<PathBuf>,
    cache_dir: Option<PathBuf>,
    cancel: CancellationToken,
    listening: Once,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Self {
        let ui = Ui::new(global.format, global.color, global.quiet, hints(global));
        if global.verbose {
            log_to_stderr();
        }
        Self {
            ui,
            lab_file: global.lab_file.clone(),
            lab_name: global.lab.clone(),
            socket: global.socket.clone(),
            cache_dir: global.cache_dir.clone(),
            cancel: CancellationToken::new(),
            listening: Once::new(),
        }
    }

    /// The lab's settings, from the lab file in effect or built in.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let found = self.lab_file()?;
        let file = match &found {
            Some(path) => LabFile::read(path).map_err(crate::lab::Error::from)?,
            None => LabFile::default(),
        };
        let lock = found.map_or_else(|| LOCK_WITHOUT_LAB_FILE.into(), |path| path.with_file_name("podclaw.lock"));
        Ok(file.settle(self.lab_name.clone(), lock, self.cache_dir()))
    }

    /// The lab file in effect, if there is one.
    pub(crate) fn lab_file(&self) -> Result<Option<PathBuf>, Failure> {
        let found = match &self.lab_file {
            Some(path) => Some(path.clone()),
            None => LAB_FILES.iter().map(PathBuf::from).find(|path| path.exists()),
        };
        if let (None, Some(path)) = (&self.lab_file, &found) {
            refuse_foreign("the lab file", path, &format!("--lab-file {}", path.display()))?;
        }
        Ok(found)
    }

    /// The lab file that was named.
    pub(crate) fn named_lab_file(&self) -> Option<&Path> {
        self.lab_file.as_deref()
    }

    /// The lab on the daemon.
    pub(crate) async fn lab(&self) -> Result<Lab, Failure> {
        self.connect(self.settings()?).await
    }

    /// The same, for commands that change something: the lab must be there, and Ctrl-C is an error from here on.
    pub(crate) async fn lab_to_change(&self) -> Result<Lab, Failure> {
        self.unless_cancelled(async {
            let lab = self.lab().await?;
            lab.must_exist().await?;
            Ok(lab)
        })
        .await
    }

    /// The lab, for a command that changes its objects, once no other podclaw does.
    pub(crate) async fn lock(&self, work: Work) -> Result<LabLock, Failure> {
        let lock = self.lock_of(self.unless_cancelled(self.lab()).await?, work).await?;
        // Whoever had it may have put another lab file into effect since this one was read.
        Ok(lock.settled(self.settings()?)?)
    }

    /// The same for a lab that is known already.
    pub(crate) async fn lock_of(&self, lab: Lab, work: Work) -> Result<LabLock, Failure> {
        self.take(async |directory, job| lab.lock(directory, work, job).await).await
    }

    /// The lab, for a command that judges it: nobody changes it until what is returned beside it is dropped.
    pub(crate) async fn lab_at_rest(&self) -> Result<(Lab, AtRest), Failure> {
        let lab = self.unless_cancelled(self.lab()).await?;
        let rest = self.take(async |directory, job| lab.at_rest(directory, job).await).await?;
        Ok((lab.settled(self.settings()?)?, rest))
    }

    async fn take<T>(&self, take: impl AsyncFnOnce(&Path, &Job) -> crate::lab::Result<T>) -> Result<T, Failure> {
        let (progress, watch) = self.ui.watch();
        let job = Job::new(progress, self.cancel());
        let taken = take(&self.runtime_dir(), &job).await;
        drop(job);
        watch.finish().await;
        Ok(taken?)
    }

    /// The lab of these settings on the daemon.
    pub(crate) async fn connect(&self, settings: Settings) -> Result<Lab, Failure> {
        Ok(Lab::new(self.client().await?, settings)?)
    }

    /// The socket that was named.
    pub(crate) fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    async fn client(&self) -> Result<Client, Failure> {
        let path =
            find_socket(self.socket.as_deref(), |name| std::env::var(name).ok()).map_err(crate::incus::Error::from)?;
        Ok(Client::connect(&path).await?)
    }

    /// A token that the first Ctrl-C or SIGTERM cancels. Until it is asked for, Ctrl-C ends the process at once.
    pub(crate) fn cancel(&self) -> CancellationToken {
        self.listening.call_once(|| {
            let (ui, token) = (self.ui.clone(), self.cancel.clone());
            // Listens from here on, and not when the task gets its turn. Where it can't, Ctrl-C ends the process.
            let Ok(mut signals) = Signals::new() else { return };
            tokio::spawn(async move {
                signals.next().await;
                ui.note("\ninterrupted: cleaning up (once more stops at once)");
                token.cancel();
            });
        });
        self.cancel.clone()
    }

    /// Does `work`, unless Ctrl-C comes first: for what leaves nothing behind when it is dropped.
    ///
    /// # Errors
    /// Those of the work, or that it was cancelled.
    pub(crate) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let cancel = self.cancel();
        tokio::select! {
            done = work => done,
            () = cancel.cancelled() => Err(crate::lab::Error::Cancelled.into()),
        }
    }

    /// Ends at the second Ctrl-C, for users who can't wait for the clean-up.
    pub(crate) async fn interrupted_twice(&self) {
        self.cancel.cancelled().await;
        match Signals::new() {
            Ok(mut signals) => signals.next().await,
            Err(_) => std::future::pending().await,
        }
    }

    fn cache_dir(&self) -> PathBuf {
        if let Some(dir) = &self.cache_dir {
            return dir.clone();
        }
        if rustix::process::geteuid().is_root() {
            return "/var/cache/podclaw".into();
        }
        absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(|| Path::new("/var/tmp").into())
            .join("podclaw")
    }

    /// Where the locks of labs are. Root's is root's alone, whatever root's environment says of a user's.
    pub(crate) fn runtime_dir(&self) -> PathBuf {
        absolute("PODCLAW_RUNTIME_DIR").unwrap_or_else(|| {
            if rustix::process::geteuid().is_root() {
                return "/run/podclaw".into();
            }
            absolute("XDG_RUNTIME_DIR").map_or_else(|| self.cache_dir().join("run"), |own| own.join("podclaw"))
        })
    }
}

fn absolute(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Ctrl-C and SIGTERM, which mean the same here.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// A file that nobody named, but that lies where podclaw looks: a lab file can name a disk to take or packages to run as root,
/// and waivers hide what an audit finds. So it is only taken from root and from the user. `option` is how it can be named.
pub(super) fn refuse_foreign(what: &str, path: &Path, option: &str) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;

    let found = std::fs::metadata(path)?;
    let trusted = found.uid() == 0 || found.uid() == rustix::process::geteuid().as_raw();
    if trusted && found.mode() & 0o002 == 0 {
        return Ok(());
    }
    Err(Failure::could_not(
        anyhow::anyhow!("{what} {} belongs to somebody else, or everybody can change it", path.display()),
        Some(format!("if it is meant, name it: {option}")),
    ))
}

/// What of this command line has to stand in another one that is about the same lab.
fn hints(global: &Global) -> Hints {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let options = [
        ("--lab", global.lab.as_ref().map(ToString::to_string)),
        ("--lab-file", path(&global.lab_file)),
        ("--socket", path(&global.socket)),
        // One from the environment stays there.
        ("--cache-dir", path(&global.cache_dir).filter(|_| std::env::var_os(CACHE_DIR).is_none())),
    ];
    let given: Vec<_> = options.into_iter().filter_map(|(option, value)| Some((option, value?))).collect();
    if given.is_empty() {
        return Hints::default();
    }
    Hints::new(given, Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect())
}

/// podclaw logs each request to the daemon; what the libraries below it log is of no use to its users.
fn log_to_stderr() {
    // A second initialisation can only happen in tests, and there the first one serves.
    let _ = tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .with_ansi(Ui::colours_errors())
                .with_writer(std::io::stderr)
                .with_target(false),
        )
        .with(Targets::new().with_target("podclaw", tracing::Level::DEBUG))
        .try_init();
}
