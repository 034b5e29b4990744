//! Where the daemon keeps its things on this machine.

use std::path::{Path, PathBuf};

/// Where the daemon of this socket keeps its things.
#[must_use]
pub fn incus_dir(socket: &Path) -> PathBuf {
    let usual = || PathBuf::from("/var/lib/incus");
    let real = socket.canonicalize().unwrap_or_else(|_| socket.to_owned());
    match real.parent() {
        Some(parent) if parent != Path::new("/run/incus") => parent.to_owned(),
        _ => usual(),
    }
}
