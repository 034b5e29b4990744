//! What can go wrong between podclaw and the daemon.

use std::time::Duration;

use super::socket::SocketError;

/// The result of a request to the daemon.
pub type Result<T> = std::result::Result<T, Error>;

/// A request that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no usable socket.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The daemon answers, but counts us among the strangers.
    #[error("the daemon at {socket} does not trust this user")]
    Untrusted {
        /// The socket's path.
        socket: String,
    },
    /// Something answers at the socket, but it is not an Incus.
    #[error("what answers at {socket} is {what}, not Incus")]
    NotIncus {
        /// The socket's path.
        socket: String,
        /// What it is instead.
        what: String,
    },
    /// The daemon cannot do what podclaw needs.
    #[error("{server} lacks the API extensions that podclaw needs: {}", missing.join(", "))]
    MissingExtensions {
        /// The daemon, with its version.
        server: String,
        /// The extensions that it does not have.
        missing: Vec<String>,
    },
    /// The daemon refused, or tried and failed.
    #[error("cannot {action} {object}: {message}")]
    Refused {
        /// What was asked for, such as `create`.
        action: &'static str,
        /// The object it was asked of.
        object: String,
        /// The daemon's reason, as far as it can be told apart.
        kind: Refusal,
        /// The daemon's own words, escaped.
        message: String,
    },
    /// The connection broke.
    #[error("cannot {action} {object}: the connection to the daemon broke: {reason}")]
    Broken {
        /// What was asked for.
        action: &'static str,
        /// The object it was asked of.
        object: String,
        /// How it broke.
        reason: String,
    },
    /// The daemon did not answer in time.
    #[error("cannot {action} {object}: no answer from the daemon for {} s", after.as_secs())]
    TimedOut {
        /// What was asked for.
        action: &'static str,
        /// The object it was asked of.
        object: String,
        /// How long was waited.
        after: Duration,
    },
    /// The answer is larger than podclaw is willing to hold.
    #[error("cannot {action} {object}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        action: &'static str,
        /// The object it was asked of.
        object: String,
        /// The most that would have been read.
        limit: u64,
    },
    /// The answer is not what the API promises.
    #[error("cannot {action} {object}: the daemon's answer makes no sense: {reason}")]
    Malformed {
        /// What was asked for.
        action: &'static str,
        /// The object it was asked of.
        object: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operation ended, but the daemon forgot how before it was asked: look at the object.
    #[error("cannot {action} {object}: the daemon no longer knows how its operation ended")]
    Gone {
        /// What was asked for.
        action: &'static str,
        /// The object it was asked of.
        object: String,
    },
    /// What was to be sent could not be read.
    #[error("cannot {action} {object}: reading what was to be sent failed: {reason}")]
    Source {
        /// What was asked for.
        action: &'static str,
        /// The object it was asked of.
        object: String,
        /// Why.
        reason: String,
    },
    /// A command in a guest took longer than it was given; it was killed.
    #[error("the command {command} in {object} did not end within {} s", after.as_secs())]
    Overran {
        /// The command's program.
        command: String,
        /// The instance.
        object: String,
        /// How long it was given.
        after: Duration,
    },
    /// The name cannot be part of a request.
    #[error("{object} has a name that cannot be asked for")]
    Unaddressable {
        /// The object.
        object: String,
    },
    /// Whoever started the job cancelled it.
    #[error("cancelled")]
    Cancelled,
}

/// Why the daemon refused, as far as its status code and its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The object, or one that it needs, is not there.
    NotFound,
    /// An object of that name is there already.
    AlreadyExists,
    /// The project's restrictions, or the user's rights, do not allow it.
    Forbidden,
    /// The pool or the daemon's disk is full.
    NoSpace,
    /// Other objects still use it.
    InUse,
    /// The daemon lost track of a command that it was to run. The command may have run, or not.
    Lost,
    /// The daemon does something else with it, or it started meanwhile.
    Busy,
    /// The request itself is wrong.
    Invalid,
    /// Somebody else changed it since it was read.
    Changed,
    /// The object is of a type that has no such thing.
    Unsupported,
    /// Somebody cancelled the operation, but not this job.
    Cancelled,
    /// Anything else.
    Failed,
}

impl Refusal {
    /// Tells the reasons apart. `code` is the HTTP status that the daemon gave, if it gave one.
    pub(super) fn of(code: u16, message: &str) -> Self {
        let said = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if says(&["no space left on device", "disk quota exceeded", "quota reached"]) {
            return Self::NoSpace;
        }
        match code {
            404 => Self::NotFound,
            409 => Self::AlreadyExists,
            412 => Self::Changed,
            401 | 403 => Self::Forbidden,
            _ if says(&["already exists", "unique constraint failed"]) => Self::AlreadyExists,
            _ if says(&["forbidden", "not allowed in the project", "is not allowed in project"]) => Self::Forbidden,
            _ if says(&["failed to retrieve pid"]) => Self::Lost,
            _ if says(&["is busy running", "is running", "is currently running"]) => Self::Busy,
            _ if says(&["in use", "is currently used", "only empty projects"]) => Self::InUse,
            _ if says(&["not found", "doesn't exist", "couldn't be found"]) => Self::NotFound,
            400 if says(&["does not support"]) => Self::Unsupported,
            400 => Self::Invalid,
            _ => Self::Failed,
        }
    }
}

impl Error {
    /// What to do where the daemon does not answer in time.
    pub const NO_ANSWER: &str = "look whether the daemon runs, and at its log; a program that has connected to its socket and \
                                 says nothing holds up all others (`ss -xp` shows who is connected)";

    /// Why the daemon refused, where it is the daemon that did.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Socket(error) => return error.help(),
            Self::Untrusted { .. } => "run podclaw as root, or as a member of the group incus-admin",
            Self::NotIncus { .. } => "give the path of an Incus socket with --socket; podclaw drives Incus only",
            Self::MissingExtensions { .. } => "podclaw was tried with Incus 6.0.4; use that or a newer one",
            Self::Refused { kind: Refusal::NoSpace, .. } => {
                "free space in the lab's pool (`podclaw list`, `podclaw delete`), or make the pool larger"
            }
            Self::Broken { .. } => "look whether the daemon runs, and at its log",
            Self::TimedOut { .. } => Self::NO_ANSWER,
            Self::Gone { .. } => "run the command again: it continues from what is there",
            Self::Refused { kind: Refusal::Forbidden, .. } => {
                "`podclaw init --dry-run` shows what differs from what podclaw needs"
            }
            Self::Refused { kind: Refusal::Lost, .. } => "whether the command ran is not known: look, and run it again",
            Self::Refused { kind: Refusal::Busy | Refusal::Changed, .. } => "wait a little, and run the command again",
            Self::Refused { kind: Refusal::InUse, .. } => "`podclaw wipe --dry-run` shows what uses it",
            Self::Refused {
                kind:
                    Refusal::NotFound
                    | Refusal::AlreadyExists
                    | Refusal::Invalid
                    | Refusal::Unsupported
                    | Refusal::Cancelled
                    | Refusal::Failed,
                ..
            }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Source { .. }
            | Self::Overran { .. }
            | Self::Unaddressable { .. }
            | Self::Cancelled => return None,
        };
        Some(help.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_reasons_apart() {
        assert_eq!(Refusal::of(500, "write /x: No space left on device"), Refusal::NoSpace);
        assert_eq!(Refusal::of(404, "Instance not found"), Refusal::NotFound);
        assert_eq!(Refusal::of(400, "Instance \"a\" already exists"), Refusal::AlreadyExists);
        assert_eq!(Refusal::of(500, "UNIQUE constraint failed: projects.name"), Refusal::AlreadyExists);
        assert_eq!(Refusal::of(500, "Requested profile \"a\" doesn't exist"), Refusal::NotFound);
        assert_eq!(Refusal::of(400, "The storage pool is currently in use"), Refusal::InUse);
        assert_eq!(Refusal::of(400, "Failed to retrieve PID of executing child process"), Refusal::Lost);
        assert_eq!(Refusal::of(400, "Instance is busy running a \"start\" operation"), Refusal::Busy);
        assert_eq!(Refusal::of(500, "Privileged containers are forbidden"), Refusal::Forbidden);
        assert_eq!(Refusal::of(412, "Precondition failed: ETag doesn't match: a vs b"), Refusal::Changed);
        let unsupported = "Network driver \"bridge\" does not support load balancers";
        assert_eq!(Refusal::of(400, unsupported), Refusal::Unsupported);
        assert_eq!(Refusal::of(500, unsupported), Refusal::Failed);
        assert_eq!(Refusal::of(400, "Bad"), Refusal::Invalid);
        assert_eq!(Refusal::of(500, "Bad"), Refusal::Failed);
    }
}
