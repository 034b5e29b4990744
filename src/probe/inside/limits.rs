//! Driving the guest into its limits, a little beyond what it may have, and back at once.

use std::fs::{self, File};
use std::io;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate};

use super::{Finding, errno, random};
use crate::probe::plan::LimitsPlan;

/// The argument that makes the runner take memory until it is stopped.
pub const MEMORY_ARGUMENT: &str = "__probe-memory";

const MEBIBYTE: u64 = 1 << 20;
/// How long the guest stays at its limit.
const HELD: Duration = Duration::from_secs(1);
/// How many processes beyond the limit are tried.
const BEYOND: u64 = 64;

/// A limit that is not lower than what there is limits nothing that can be shown without taking all there is from the host.
fn too_much(tried: String, spare: &str) -> Finding {
    Finding::could_not_tell(tried, format!("it was not tried: the host can spare {spare} and no more"))
}

/// Threads are counted as processes are.
pub(super) fn processes(limits: &LimitsPlan) -> Finding {
    let Some(limit) = limits.processes else {
        return Finding::not_contained("its configuration", "there is no limit of processes");
    };
    let tried = format!("{} threads, of which {limit} are allowed", limit.saturating_add(BEYOND));
    if limit.saturating_add(BEYOND) > limits.spare.processes {
        return too_much(tried, &format!("{} processes", limits.spare.processes));
    }
    let mut threads = Vec::new();
    let end = Arc::new((Mutex::new(false), Condvar::new()));
    let mut refused = None;
    for _ in 0..limit + BEYOND {
        let waits = Arc::clone(&end);
        let started = thread::Builder::new().stack_size(64 << 10).spawn(move || {
            let (ended, bell) = &*waits;
            let guard = ended.lock();
            // A poisoned lock ends the wait as well.
            if let Ok(guard) = guard {
                drop(bell.wait_while(guard, |ended| !*ended));
            }
        });
        match started {
            Ok(started) => threads.push(started),
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let count = threads.len();
    // So long that the host sees it, and asks others meanwhile.
    thread::sleep(HELD);
    if let Ok(mut ended) = end.0.lock() {
        *ended = true;
    }
    end.1.notify_all();
    for thread in threads {
        let _ = thread.join();
    }
    match refused {
        Some(error) => {
            Finding::contained(tried, format!("{count} were made, the next one was refused: {}", errno(&error)))
        }
        None => Finding::not_contained(tried, "all were made"),
    }
}

/// A process of its own takes the memory, since it is killed for that.
pub(super) fn memory(limits: &LimitsPlan) -> Finding {
    let Some(limit) = limits.memory else {
        return Finding::not_contained("its configuration", "there is no limit of memory");
    };
    let wanted = limit.saturating_add(limit / 4);
    let tried = format!("to take {} MiB, of which {} are allowed", wanted / MEBIBYTE, limit / MEBIBYTE);
    if wanted > limits.spare.memory {
        return too_much(tried, &format!("{} MiB", limits.spare.memory / MEBIBYTE));
    }
    // The file is gone, but the program is not.
    let spawned = Command::new("/proc/self/exe")
        .args([MEMORY_ARGUMENT, &wanted.to_string()])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match spawned {
        Ok(status) if status.success() => Finding::not_contained(tried, "it got it"),
        Ok(status) => Finding::contained(tried, format!("it was ended: {status}")),
        Err(error) => Finding::could_not_tell(tried, errno(&error)),
    }
}

/// Takes memory and writes to it, until there is as much as was asked for.
#[must_use]
pub fn take_memory(bytes: u64) -> u8 {
    // This process is the one to be killed, and no other of the guest's.
    if fs::write("/proc/self/oom_score_adj", "1000").is_err() {
        return 1;
    }
    let mut taken = Vec::new();
    for number in 0..bytes / MEBIBYTE {
        let mut piece = Vec::new();
        let length = usize::try_from(MEBIBYTE).unwrap_or(1 << 20);
        if piece.try_reserve_exact(length).is_err() {
            return 2;
        }
        // Each page is written, and not with zeros, of which there is one for all.
        piece.resize(length, number.to_le_bytes()[0] | 1);
        taken.push(piece);
    }
    u8::from(std::hint::black_box(&taken).is_empty())
}

pub(super) fn disk(limits: &LimitsPlan) -> Finding {
    let Some(limit) = limits.disk else {
        return Finding::not_contained("its configuration", "there is no limit of disk space");
    };
    let wanted = limit.saturating_add(256 * MEBIBYTE);
    let tried = format!("files of {} MiB, of which {} are allowed", wanted / MEBIBYTE, limit / MEBIBYTE);
    if wanted > limits.spare.disk {
        return too_much(tried, &format!("{} MiB", limits.spare.disk / MEBIBYTE));
    }
    match fill(wanted) {
        Ok(None) => Finding::not_contained(tried, "all of it was there to be had"),
        // The limit of the guest is one thing; that the pool is full is another: then all guests have no space left.
        Ok(Some(error)) if error.kind() == io::ErrorKind::QuotaExceeded => Finding::contained(tried, errno(&error)),
        Ok(Some(error)) => Finding::could_not_tell(
            tried,
            format!("{}: it may be the pool that is full, and not the guest", errno(&error)),
        ),
        Err(error) => Finding::could_not_tell(tried, errno(&error)),
    }
}

/// What ended the attempt to have a file of that size.
fn fill(wanted: u64) -> io::Result<Option<io::Error>> {
    const PIECE: u64 = 64 * MEBIBYTE;
    let path = format!("/.podclaw-probe-{:016x}", u64::from_ne_bytes(random()?));
    let file = File::options().write(true).create_new(true).open(&path)?;
    // It goes with this process, whatever happens.
    fs::remove_file(&path)?;
    let mut at = 0;
    while at < wanted {
        if let Err(error) = fallocate(&file, FallocateFlags::empty(), at, PIECE) {
            return Ok(Some(error.into()));
        }
        at += PIECE;
    }
    Ok(None)
}
