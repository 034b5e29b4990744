//! Bringing this very program into a guest, to be the runner there.

use crate::incus::{FileMode, Job, Owner};
use crate::lab::Lab;
use crate::probe::{FILE, OWN, Program};
use crate::progress::Progress;

/// Brings the program into a guest that runs, into the first of these directories that takes it; where to, or why none did.
/// Its name is another one each time, which nobody in the guest can know before.
pub(super) async fn bring(
    lab: &Lab,
    program: Program,
    guest: &str,
    directories: [&str; 2],
    job: &Job,
) -> Result<String, String> {
    let mut failure = String::new();
    for directory in directories {
        let path = format!("{directory}/{FILE}{:016x}", random());
        let file = tokio::fs::File::open(OWN).await.map_err(|error| error.to_string())?;
        let (mode, root) = (FileMode(0o700), Owner::default());
        let quiet = Job::new(Progress::silent(), job.cancel.clone());
        match lab.client.push_file(&lab.project, guest, &path, mode, root, program.size, file, &quiet).await {
            Ok(()) => return Ok(path),
            Err(error) => failure = error.to_string(),
        }
    }
    Err(failure)
}

/// A number that nobody knows beforehand.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    // The kernel always has random numbers by the time that a daemon runs.
    let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    u64::from_ne_bytes(bytes)
}
