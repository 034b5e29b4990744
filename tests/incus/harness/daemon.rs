//! A private Incus daemon: its own directory, database and socket. The machine's own one is never touched.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};

use super::guardian::Guardian;
use super::slot::{MARK, Slot};
use super::{interrupt, process};
use crate::common::{Output, Program};

/// Where distributions keep the daemon.
const PLACES: [&str; 3] = ["/usr/libexec/incus/incusd", "/usr/lib/incus/incusd", "/opt/incus/bin/incusd"];

/// The guardians of all workers.
static GUARDIANS: Mutex<Vec<Guardian>> = Mutex::new(Vec::new());
static DAEMONS: AtomicU16 = AtomicU16::new(0);

thread_local! {
    /// This worker's own.
    static OWN: OnceCell<&'static Daemon> = const { OnceCell::new() };
}

/// A running daemon, unless a test has killed it.
#[derive(Debug)]
pub(crate) struct Daemon {
    slot: Slot,
    dir: PathBuf,
    process: Mutex<Option<Child>>,
}

impl Daemon {
    /// The one of this worker, in a slot of its own: all tests that it runs share it. Nobody kills it: see
    /// [`Daemon::another`].
    pub(crate) fn own() -> &'static Self {
        OWN.with(|own| {
            *own.get_or_init(|| {
                let slot = {
                    // Held meanwhile: whoever removes all waits for one that is just starting.
                    let mut guardians = GUARDIANS.lock().unwrap_or_else(PoisonError::into_inner);
                    guardians.push(Guardian::start());
                    guardians[guardians.len() - 1].slot
                };
                Box::leak(Box::new(Self::new(slot)))
            })
        })
    }

    /// A second one, for a test that kills it.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.slot)
    }

    fn new(slot: Slot) -> Self {
        let dir = slot.dir().join(format!("d{}", DAEMONS.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(dir.join("client")).expect("the daemon's directory can be made");
        fs::create_dir_all(slot.dir().join("tmp")).expect("a directory for temporary files can be made");
        in_memory(&dir.join("database"));
        let daemon = Self { slot, dir, process: Mutex::new(None) };
        daemon.start();
        daemon
    }

    /// Its `INCUS_DIR`.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("unix.socket")
    }

    /// The slot that it is in.
    pub(crate) fn slot(&self) -> Slot {
        self.slot
    }

    /// Starts it after [`Daemon::kill`], and waits until it and its networks are ready.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start(&self) {
        self.start_once();
        // It puts off a network for a minute if a link of the machine goes away meanwhile, as another daemon's may.
        for _ in 0..5 {
            let networks = self.get("/1.0/networks?recursion=1");
            let mut managed = networks.as_array().into_iter().flatten().filter(|network| network["managed"] == true);
            if managed.all(|network| network["status"] == "Created") {
                return;
            }
            self.end(Signal::TERM);
            self.start_once();
        }
        panic!("its networks do not start");
    }

    fn start_once(&self) {
        let program = PLACES.iter().find(|place| Path::new(place).exists());
        let program = program.expect("Incus is installed: run `make test`, or scripts/host-setup --tests");
        // `setsid` gives it a session of its own and is then replaced by it, so that the process id is the daemon's.
        let mut command = Command::new("setsid");
        command.args([program, "--logfile"]).arg(self.log()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(fs::File::create(self.dir.join("stderr.log")).expect("a log can be made"));
        command.env_clear().envs(self.environment());
        *self.process() = Some(command.spawn().expect("the daemon starts"));
        let ready = self.program(program).args(&["waitready", "--timeout", "60"]);
        ready.timeout(Duration::from_secs(70)).run().ok();
    }

    /// Kills it with SIGKILL. Its guests run on.
    pub(crate) fn kill(&self) {
        self.end(Signal::KILL);
    }

    /// Stops it in good order and starts it again. Its guests run on.
    pub(crate) fn restart(&self) {
        self.end(Signal::TERM);
        self.start();
    }

    /// The `incus` command line on this daemon, for looking at it in another way than podclaw's.
    pub(crate) fn incus<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Program {
        let program = self.program("incus").args(args);
        let is = |place: usize, words: &[&str]| {
            args.get(place).is_some_and(|word| words.iter().any(|it| std::ffi::OsStr::new(it) == word.as_ref()))
        };
        if is(0, &["network"]) && is(1, &["set", "unset", "edit"]) { program.again_if(passes) } else { program }
    }

    /// What a path of the REST API answers, through `incus query`.
    ///
    /// # Panics
    /// When it answers with an error.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> serde_json::Value {
        let answer = self.incus(&["query", path]).run().exits(0);
        // Incus says `null` by saying nothing.
        if answer.stdout.is_empty() { serde_json::Value::Null } else { answer.json() }
    }

    /// Any program, marked as part of the run, so that the guardian ends it if nobody else does.
    pub(crate) fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Program {
        interrupt::hold();
        self.environment().into_iter().fold(Program::new(program), |program, (key, value)| program.env(key, value))
    }

    /// Its log's last lines.
    pub(crate) fn log_tail(&self, lines: usize) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        podclaw::text::tail(&log, lines)
    }

    /// The ends of the logs of all daemons of this worker.
    pub(crate) fn logs() -> String {
        let Some(own) = OWN.with(|own| own.get().copied()) else { return String::new() };
        let dirs = (0..DAEMONS.load(Ordering::Relaxed)).map(|number| own.slot.dir().join(format!("d{number}")));
        let logs = dirs.filter_map(|dir| Some((fs::read(dir.join("incusd.log")).ok()?, dir)));
        let shown =
            |(log, dir): (Vec<u8>, PathBuf)| format!("--- {}\n{}\n", dir.display(), podclaw::text::tail(&log, 12));
        logs.map(shown).collect::<Vec<_>>().concat()
    }

    /// Removes all daemons and all that is in them, if there are any. False if something is left.
    pub(crate) fn remove_all() -> bool {
        // Held until they are: after Ctrl-C the work ends too, as its daemon is gone, and must not end this program before.
        let mut guardians = GUARDIANS.lock().unwrap_or_else(PoisonError::into_inner);
        Guardian::finish(guardians.drain(..).collect())
    }

    fn log(&self) -> PathBuf {
        self.dir.join("incusd.log")
    }

    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("PATH", std::env::var_os("PATH").unwrap_or_default().into()),
            ("INCUS_DIR", self.dir.clone()),
            ("INCUS_CONF", self.dir.join("client")),
            ("TMPDIR", self.slot.dir().join("tmp")),
            ("HOME", self.slot.dir().join("tmp")),
            ("PODCLAW_RUNTIME_DIR", self.dir.join("run")),
            (MARK, self.slot.dir()),
        ]
    }

    /// Whether one of its helpers runs, as `forkstart`.
    pub(crate) fn runs(&self, helper: &str) -> bool {
        process::helps(&self.dir, helper)
    }

    /// Sends it a signal that does not end it.
    pub(crate) fn signal(&self, signal: Signal) {
        let process = self.process();
        send(process.as_ref().expect("the daemon runs"), signal);
    }

    fn end(&self, signal: Signal) {
        let Some(mut child) = self.process().take() else { return };
        send(&child, signal);
        child.wait().expect("the daemon can be waited for");
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a daemon's database into memory. On disk it waits for that after each change, and on a machine that writes images as
/// well that can take long.
fn in_memory(database: &Path) {
    fs::create_dir(database).expect("a directory can be made");
    let mount = Program::new("mount").args(&["-t", "tmpfs", "-o", "size=512m,mode=0700", "podclaw-test"]);
    mount.arg(database).run().ok();
}

fn send(daemon: &Child, signal: Signal) {
    let pid = Pid::from_raw(daemon.id().try_into().expect("a process id")).expect("a process id");
    kill_process(pid, signal).expect("the daemon runs");
}

/// Whether Incus could not change a network, and may be able to the next time: it looks at all links of the machine, and one
/// went away meanwhile, which may be another daemon's; or the bridge's old dnsmasq had not ended yet.
pub(super) fn passes(output: &Output) -> bool {
    ["does not exist", "No such device", "Address already in use"].iter().any(|reason| output.stderr.contains(reason))
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Its guests, mounts and networks are the guardian's; the shared one is never dropped.
        let end = |mut child: Child| -> io::Result<()> {
            child.kill()?;
            child.wait().map(drop)
        };
        if let Some(child) = self.process().take() {
            let _ = end(child);
        }
    }
}
