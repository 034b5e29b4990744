//! The AppArmor profiles that a daemon loaded into the kernel. Their names hold the daemon's directory, so they are its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Unloads the profiles of every daemon in `dir`, where the kernel has AppArmor.
pub(crate) fn unload(dir: &Path) {
    if !Path::new("/sys/kernel/security/apparmor/profiles").exists() {
        return;
    }
    for daemon in fs::read_dir(dir).into_iter().flatten().flatten() {
        let profiles = daemon.path().join("security/apparmor/profiles");
        for profile in fs::read_dir(profiles).into_iter().flatten().flatten() {
            // One that was never loaded, or is unloaded already, is fine.
            let mut command = Command::new("apparmor_parser");
            let _ = command.arg("--remove").arg(profile.path()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}
