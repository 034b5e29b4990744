//! podclaw in a guest: the runner of the probes. No command for people, so it is not one of those that are listed.
//!
//! It is decided before anything else is set up: in a guest that is short of everything, less can fail.

use std::ffi::OsString;

use super::failure::{COULD_NOT, DONE};
use crate::probe::inside::{self, MEMORY_ARGUMENT};
use crate::probe::{FOLLOW_ARGUMENT, RUNNER_ARGUMENT};

/// Does what the arguments ask for, if they are the runner's.
pub(super) fn run(mut arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    let first = arguments.next()?;
    let (input, output) = (std::io::stdin(), std::io::stdout());
    let ended = if first == MEMORY_ARGUMENT {
        let bytes = arguments.next()?.to_str()?.parse().ok()?;
        return Some(inside::take_memory(bytes));
    } else if first == RUNNER_ARGUMENT {
        inside::read_plan(input.lock()).and_then(|plan| {
            inside::remove_own();
            inside::run(&plan, output.lock())
        })
    } else if first == FOLLOW_ARGUMENT {
        let line = arguments.next()?.to_str()?.parse().ok()?;
        // Nothing of it stays in a guest that becomes an image.
        inside::remove_own();
        inside::follow(&input, output.lock(), line)
            .and_then(|plan| plan.map_or(Ok(()), |plan| inside::run(&plan, output.lock())))
    } else {
        return None;
    };
    Some(match ended {
        Ok(()) => DONE,
        Err(error) => {
            // Where nobody listens any more, nothing can be said.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{error}\n").as_bytes());
            COULD_NOT
        }
    })
}
