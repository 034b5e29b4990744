//! podclaw in a guest: the runner of the probes. No command for people, so it is not one of those that are listed.
//!
//! It is decided before anything else is set up: in a guest that is short of everything, less can fail.

use std::ffi::OsString;

use super::failure::{COULD_NOT, DONE};
use crate::probe::RUNNER_ARGUMENT;
use crate::probe::inside::{self, MEMORY_ARGUMENT};

/// Does what the arguments ask for, if they are the runner's.
pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    let first = arguments.next()?;
    if first == MEMORY_ARGUMENT {
        let bytes = arguments.next()?.to_str()?.parse().ok()?;
        return Some(inside::take_memory(bytes));
    }
    if first != RUNNER_ARGUMENT {
        return None;
    }
    Some(match inside::run(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => DONE,
        Err(error) => {
            // Where nobody listens any more, nothing can be said.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{error}\n").as_bytes());
            COULD_NOT
        }
    })
}
