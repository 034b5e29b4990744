//! What a machine is, as its files say: pure functions over a root directory, which change nothing.
//!
//! Whatever is read may be hostile, endless or missing: reads are bounded, links are followed only where the
//! distribution makes them, and what was not seen is an [`Unseen`] and never an empty answer.

pub mod accounts;
pub mod addresses;
pub mod daemon_socket;
pub mod firewall;
pub mod flush;
pub mod interfaces;
pub mod kernel;
pub mod loops;
pub mod machine;
pub mod memory;
pub mod monitors;
pub mod mounts;
pub mod packages;
pub mod processes;
pub mod programs;
pub mod residue;
mod root;
pub mod search;
pub mod secrets;
pub mod sockets;
pub mod space;
pub mod sshd;
pub mod time;

pub use mounts::Mount;
pub use root::{Meta, Root, Seen, Unseen, What};
