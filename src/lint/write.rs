//! Replaces a file by its mended text, whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::collect::LARGEST;
use crate::file;

/// Puts `after` in the place of a file whose text still is `before`. A symbolic link is refused, and owner and mode stay.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> io::Result<()> {
    let unchanged = || -> io::Result<()> {
        if file::read_no_link(path, LARGEST)? == before.as_bytes() {
            return Ok(());
        }
        Err(io::Error::other("it has changed since it was judged"))
    };
    unchanged()?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = path.symlink_metadata()?;
    if found.nlink() > 1 {
        return Err(io::Error::other("it has other names too (hard links), which would keep the old text"));
    }
    let mut new = tempfile::Builder::new().prefix(".podclaw-").tempfile_in(directory)?;
    new.write_all(after.as_bytes())?;
    own(new.as_file(), &found)?;
    new.as_file().sync_all()?;
    // Whoever edits the file right now must not lose what they wrote.
    unchanged()?;
    new.persist(path)?;
    File::open(directory)?.sync_all()
}

/// Gives the new file the owner and the mode of the old one.
fn own(new: &File, old: &std::fs::Metadata) -> io::Result<()> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        let owner = rustix::fs::Uid::from_raw(old.uid());
        rustix::fs::fchown(new, Some(owner), Some(rustix::fs::Gid::from_raw(old.gid())))?;
    }
    new.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_file_that_was_judged_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("a"), "old").unwrap();
        std::fs::set_permissions(at("a"), Permissions::from_mode(0o640)).unwrap();
        replace(&at("a"), "old", "new").unwrap();
        assert_eq!(std::fs::read_to_string(at("a")).unwrap(), "new");
        assert_eq!(at("a").metadata().unwrap().mode() & 0o7777, 0o640);

        assert_eq!(replace(&at("a"), "old", "newer").unwrap_err().to_string(), "it has changed since it was judged");
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        assert_eq!(replace(&at("link"), "new", "newer").unwrap_err().to_string(), "it is a symbolic link");
        std::fs::hard_link(at("a"), at("b")).unwrap();
        assert!(replace(&at("a"), "new", "newer").unwrap_err().to_string().contains("hard links"));
        assert_eq!(std::fs::read_to_string(at("a")).unwrap(), "new");
        // Nothing else is left there.
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
    }
}
