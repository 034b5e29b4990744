//! The client of the Incus REST API, over the daemon's Unix socket.
//!
//! Three things are settled by types here, so that no caller can forget them: which project a request is for
//! ([`Object`] and [`Collection`] cannot be made without one), how much of an answer is read ([`Limits`]), and how a
//! long job is watched and cancelled ([`Job`]).
//!
//! Whatever comes back may have been written by a guest: names of network interfaces, console logs, output of
//! commands. Errors escape the daemon's words; everything else must go through [`crate::text`] before it is shown.

mod asked;
mod client;
mod console;
mod details;
mod download;
mod error;
mod events;
mod exec;
mod file;
mod filter;
mod image;
mod instance;
mod interface;
mod job;
mod location;
mod operation;
mod request;
mod socket;
mod tagged;
mod timeline;
mod transport;
mod types;
mod upload;
mod verbs;
mod websocket;
mod wire;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod faults;

pub use client::{Client, Limits};
pub use details::Details;
pub use error::{Error, Refusal, Result};
pub use exec::{Captured, Command, Output, Process, Session, Stdin, Terminal};
pub use file::{FileMode, Owner};
pub use filter::Filter;
pub use image::{ImageSource, Upload};
pub use instance::StateChange;
pub use job::Job;
pub use location::{Collection, InvalidProjectName, Object, ProjectName};
pub use socket::{SocketError, find_socket};
pub use tagged::Tag;
pub use timeline::{Entry, Outcome, Timeline, Total, Wait, by_kind};
pub use types::*;
