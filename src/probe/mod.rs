//! Containment, tried: what an attacker in a guest would try, with real packets and real system calls.
//!
//! A guest may be hostile, so its own word is worth little. What can be seen from the host is looked at there: the
//! kernel's view of the guest's processes ([`host`]), and the very packets that were sent in the guest, which are seen
//! entering the host, leaving it, or being taken in by it ([`host::Sniffer`]). What runs in the guest ([`inside`]) is
//! podclaw itself, brought along, with a number that is new each time; an answer that is missing, comes twice, or comes
//! late, is no answer.

mod aim;
mod catalogue;
pub mod host;
pub mod inside;
mod judge;
mod locks;
mod netlink;
mod outcome;
pub mod plan;
mod program;
mod reach;
mod shot;
mod target;

pub use aim::{Aims, Place, Sibling};
pub use catalogue::*;
pub use judge::{Evidence, all_seen, demanded, firewalls, judge};
pub use locks::{Lock, Locks};
pub use outcome::{Outcome, Verdict};
pub use program::{OWN, Program, Unusable};
pub use reach::{Reach, Way};
pub(crate) use target::SIBLINGS;

/// The argument that makes podclaw the runner of the probes in a guest.
pub const RUNNER_ARGUMENT: &str = "__probe";

/// The argument that makes podclaw follow the stages in a guest first. A number follows: that of the first line that is
/// wanted.
pub const FOLLOW_ARGUMENT: &str = "__follow";

/// How the runner's file in a guest is called; a number follows.
pub const FILE: &str = "podclaw-probe-";

/// What no probe can show. Said after every proof.
pub const NOT_SHOWN: [&str; 5] = [
    "bugs in the kernel and side channels between guests: a probe tries what is known to be tried",
    "what the guest does later: a probe sees one moment",
    "ways that were not tried: each probe is one attempt of many",
    "what leaves by a way that is allowed: the public internet where it is open, and DNS queries",
    "a guest whose root lies: of what only it can see there is only its word (docs/prove.md says which probes)",
];
