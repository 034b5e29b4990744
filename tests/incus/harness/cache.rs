//! Where what takes long to make is kept between runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The directory: `PODCLAW_TEST_CACHE`, else `podclaw-test` in the user's or the machine's cache.
pub(crate) fn dir() -> PathBuf {
    let own = std::env::var_os("PODCLAW_TEST_CACHE").map(PathBuf::from);
    let user = || std::env::var_os("XDG_CACHE_HOME").map(|dir| Path::new(&dir).join("podclaw-test"));
    let dir = own.or_else(user).unwrap_or_else(|| "/var/cache/podclaw-test".into());
    fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));
    dir
}

/// The file of that name; if it is not there, `make` makes it in an empty directory, at the path that it is given.
/// Runs that want the same file wait for each other, and one that is killed leaves nothing half made.
pub(crate) fn file(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let path = dir().join(name);
    let lock = File::create(dir().join(format!("{name}.lock"))).expect("a lock can be made");
    lock.lock().expect("it can be locked");
    if !path.exists() {
        let scratch = dir().join(format!("{name}.new"));
        // One that was killed may have left it.
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir(&scratch).expect("a scratch directory can be made");
        let new = scratch.join(name);
        make(&new);
        fs::rename(&new, &path).unwrap_or_else(|error| panic!("{name} was not made: {error}"));
        fs::remove_dir_all(&scratch).expect("the scratch directory can be removed");
    }
    path
}
