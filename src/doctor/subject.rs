//! Everything that the checks look at, gathered once and before any of them judges.

use std::path::PathBuf;

use super::daemon::Daemon;
use crate::host::accounts::{Group, homes};
use crate::host::interfaces::Interface;
use crate::host::processes::Process;
use crate::host::programs::Programs;
use crate::host::space::Space;
use crate::host::{Mount, Root, Seen, accounts, interfaces, mounts, processes};

/// What the lab is to be, as far as the machine must bear it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The lab's pool.
    pub pool: String,
    /// The lab's bridge.
    pub bridge: String,
    /// The storage driver of the pool.
    pub driver: String,
    /// How large the pool's file may grow; nothing where it is a device.
    pub pool_size: Option<u64>,
    /// The memory of one guest.
    pub guest_memory: Option<u64>,
    /// The API extensions that podclaw needs.
    pub extensions: &'static [&'static str],
    /// Where images are built.
    pub cache: PathBuf,
    /// Where the daemon keeps its pools.
    pub incus_dir: PathBuf,
}

/// Why there is no word from a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoDaemon {
    /// What went wrong.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether there may be a daemon all the same.
    pub may_be_there: bool,
}

/// What the checks look at.
#[derive(Debug)]
pub struct Subject {
    /// The machine's files.
    pub root: Root,
    /// What programs of the system say.
    pub programs: Programs,
    /// What the daemon says.
    pub daemon: Result<Daemon, NoDaemon>,
    /// What the lab is to be.
    pub wanted: Wanted,
    /// `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
    /// The room where images are built, and where pools are.
    pub space: Rooms,
    /// Now, in seconds since 1970.
    pub now: i64,
    pub(super) mounts: Seen<Vec<Mount>>,
    pub(super) processes: Seen<Vec<Process>>,
    pub(super) interfaces: Seen<Vec<Interface>>,
    pub(super) groups: Seen<Vec<Group>>,
    pub(super) homes: Seen<Vec<PathBuf>>,
}

/// The room in two places.
#[derive(Debug, Clone)]
pub struct Rooms {
    /// Where images are built.
    pub cache: Seen<Space>,
    /// Where the daemon keeps its pools.
    pub incus: Seen<Space>,
}

impl Subject {
    /// Looks at the machine. This waits for files and programs: not for the threads that answer others.
    #[must_use]
    pub fn look(
        root: Root,
        programs: Programs,
        space: Rooms,
        daemon: Result<Daemon, NoDaemon>,
        wanted: Wanted,
        agent: Option<PathBuf>,
        now: i64,
    ) -> Self {
        Self {
            mounts: mounts::mounts(&root),
            processes: processes::processes(&root),
            interfaces: interfaces::interfaces(&root),
            groups: accounts::groups(&root),
            homes: homes(&root),
            root,
            programs,
            daemon,
            wanted,
            agent,
            space,
            now,
        }
    }
}
