//! Writing tar archives of which the bytes depend on nothing but what is put in.

use std::io::{self, Read, Write};

use tar::{EntryType, Header};

/// What every time in an image is cut down to, in seconds since 1970, so that two builds give the same bytes.
/// Older times, which packages bring along, stay.
pub(super) const EPOCH: u64 = 1_700_000_000;

/// The room for a name in a tar header.
const NAME_FIELD: usize = 100;

/// Everything about an entry but its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Without a slash in front; directories end in one.
    pub(super) path: Vec<u8>,
    /// What a symbolic link says, or the path in the archive that a hard link is the same file as.
    pub(super) link: Vec<u8>,
    pub(super) kind: EntryType,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) mtime: u64,
    pub(super) size: u64,
    /// Extended attributes, such as file capabilities.
    pub(super) xattrs: Vec<(String, Vec<u8>)>,
}

impl Entry {
    /// An entry of root's, with the time that every image has.
    pub(super) fn new(path: impl Into<Vec<u8>>, kind: EntryType, mode: u32) -> Self {
        let (path, link, xattrs) = (path.into(), Vec::new(), Vec::new());
        Self { path, link, kind, mode, uid: 0, gid: 0, mtime: EPOCH, size: 0, xattrs }
    }
}

/// Writes a tar archive.
pub(super) struct Tarball<W: Write> {
    tar: tar::Builder<W>,
}

impl<W: Write> Tarball<W> {
    pub(super) fn new(out: W) -> Self {
        Self { tar: tar::Builder::new(out) }
    }

    /// Adds an entry; `contents` must be as long as the entry says.
    pub(super) fn add(&mut self, entry: &Entry, contents: impl Read) -> io::Result<()> {
        // Names that do not fit go into an extended header, as attributes do: one way for all readers, where GNU's own
        // entries for long names next to extended headers would be a second.
        let mut extended: Vec<(String, &[u8])> = Vec::new();
        for (key, value) in [("path", &entry.path), ("linkpath", &entry.link)] {
            if value.len() > NAME_FIELD {
                extended.push((key.into(), value));
            }
        }
        for (name, value) in &entry.xattrs {
            extended.push((format!("SCHILY.xattr.{name}"), value));
        }
        self.tar.append_pax_extensions(extended.iter().map(|(key, value)| (key.as_str(), *value)))?;

        let mut header = Header::new_ustar();
        header.set_entry_type(entry.kind);
        header.set_mode(entry.mode);
        header.set_uid(entry.uid);
        header.set_gid(entry.gid);
        header.set_mtime(entry.mtime.min(EPOCH));
        header.set_size(entry.size);
        let fields = header.as_old_mut();
        fill(&mut fields.name, &entry.path);
        fill(&mut fields.linkname, &entry.link);
        header.set_cksum();

        let mut counted = Counted { inner: contents.take(entry.size), read: 0 };
        self.tar.append(&header, &mut counted)?;
        if counted.read != entry.size {
            let name = String::from_utf8_lossy(&entry.path);
            return Err(io::Error::other(format!("{name} ended after {} of {} bytes", counted.read, entry.size)));
        }
        Ok(())
    }

    /// Adds a file of root's.
    pub(super) fn file(&mut self, path: &str, contents: &[u8]) -> io::Result<()> {
        let entry = Entry { size: contents.len() as u64, ..Entry::new(path, EntryType::Regular, 0o644) };
        self.add(&entry, contents)
    }

    /// Adds a directory of root's that everybody can read.
    pub(super) fn directory(&mut self, path: &str) -> io::Result<()> {
        self.add(&Entry::new(format!("{path}/"), EntryType::Directory, 0o755), io::empty())
    }

    /// Adds a symbolic link.
    pub(super) fn symlink(&mut self, path: &str, target: &str) -> io::Result<()> {
        let entry = Entry { link: target.into(), ..Entry::new(path, EntryType::Symlink, 0o777) };
        self.add(&entry, io::empty())
    }

    /// Ends the archive and returns what it was written to.
    pub(super) fn finish(self) -> io::Result<W> {
        let mut out = self.tar.into_inner()?;
        out.flush()?;
        Ok(out)
    }
}

struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

fn fill(field: &mut [u8; NAME_FIELD], value: &[u8]) {
    let length = value.len().min(NAME_FIELD);
    field[..length].copy_from_slice(&value[..length]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::untar;

    #[test]
    fn long_names_and_attributes_survive() {
        let long = "d/".repeat(80) + "file";
        let entry = Entry {
            size: 2,
            uid: 7,
            xattrs: vec![("security.capability".into(), b"\x01\n\0=\n".to_vec())],
            ..Entry::new(long.as_str(), EntryType::Regular, 0o4755)
        };
        let link = Entry { link: long.clone().into(), ..Entry::new("hard", EntryType::Link, 0o644) };
        let write = || {
            let mut tarball = Tarball::new(Vec::new());
            tarball.add(&entry, &b"hi"[..]).expect("a file");
            tarball.add(&link, io::empty()).expect("a link");
            tarball.symlink("soft", "hard").expect("a link");
            tarball.directory("dir").expect("a directory");
            tarball.finish().expect("the end")
        };
        let bytes = write();
        assert_eq!(bytes, write(), "the same contents give the same bytes");
        let mut found = Vec::new();
        untar::each(&bytes[..], |entry, contents| {
            let mut text = String::new();
            contents.read_to_string(&mut text)?;
            found.push((entry, text));
            Ok(())
        })
        .expect("reading back");
        assert_eq!(found[0], (entry, "hi".into()));
        assert_eq!(found[1].0, link);
        assert_eq!((found[2].0.link.as_slice(), found[3].0.path.as_slice()), (&b"hard"[..], &b"dir/"[..]));
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let entry = Entry { size: 3, ..Entry::new("f", EntryType::Regular, 0o644) };
        let error = Tarball::new(Vec::new()).add(&entry, &b"hi"[..]).expect_err("too short");
        assert_eq!(error.to_string(), "f ended after 2 of 3 bytes");
    }
}
