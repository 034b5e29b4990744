//! Starts a private Incus daemon for the tests, and sees to it that nothing of it is left.
//!
//! - A few *workers*, threads of the test process, take tests from one queue. Each has a daemon of its own, which starts
//!   with its first test.
//! - A worker owns a *slot*: a number, a directory, a range of addresses, and a prefix for the names of labs.
//! - A *guardian*, this same program in a process of its own, holds the slot. It removes everything in it as soon as the
//!   test process is gone, however that ended, and what a run left whose guardian was killed too before it starts.
//! - What is the whole machine's, several workers share, and other runs do; a test that can't bear that runs alone.

mod address;
pub(crate) mod cache;
mod cleanup;
mod daemon;
mod gateway;
mod guardian;
mod interrupt;
mod lab;
mod lan;
mod once;
mod order;
mod packages;
mod process;
mod relay;
mod runner;
mod shared;
mod slot;
pub(crate) mod tiny;

pub(crate) use daemon::Daemon;
pub(crate) use gateway::Gateway;
pub(crate) use lab::Lab;
pub(crate) use lan::Lan;
pub(crate) use once::once;
pub(crate) use packages::packages;
pub(crate) use relay::Relay;
pub(crate) use runner::{Test, block_on, main, tests};
