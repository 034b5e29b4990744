//! Reading tar archives entry by entry, without unpacking them.
//!
//! The `tar` crate splits extended headers at newlines, which file capabilities may contain, so those are read here.

use std::io::{self, Read};

use tar::EntryType;

use super::tarball::Entry;

/// An extended header holds names and attributes; what is larger is no such thing.
const LARGEST_HEADER: u64 = 1 << 20;

/// Calls `visit` with each entry and its contents; stops at the first error.
pub(super) fn each<R: Read>(
    archive: R,
    mut visit: impl FnMut(Entry, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    let mut pending = Pending::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::XHeader => pending.extended(&read(&mut entry)?)?,
            EntryType::GNULongName => pending.path = Some(name(read(&mut entry)?)),
            EntryType::GNULongLink => pending.link = Some(name(read(&mut entry)?)),
            EntryType::XGlobalHeader => {}
            kind => {
                let header = entry.header();
                let size = header.entry_size()?;
                let found = Entry {
                    path: pending.path.take().unwrap_or_else(|| header.path_bytes().into_owned()),
                    link: pending.link.take().or_else(|| header.link_name_bytes().map(Into::into)).unwrap_or_default(),
                    kind,
                    mode: header.mode()? & 0o7777,
                    uid: header.uid()?,
                    gid: header.gid()?,
                    mtime: header.mtime()?,
                    size,
                    xattrs: std::mem::take(&mut pending.xattrs),
                };
                visit(found, &mut entry)?;
            }
        }
    }
    Ok(())
}

/// What the headers before an entry say about it.
#[derive(Default)]
struct Pending {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    xattrs: Vec<(String, Vec<u8>)>,
}

impl Pending {
    /// Reads `LENGTH KEY=VALUE\n` records.
    fn extended(&mut self, mut records: &[u8]) -> io::Result<()> {
        while !records.is_empty() {
            let (key, value, rest) =
                record(records).ok_or_else(|| malformed("it has an extended header that is cut"))?;
            records = rest;
            match key {
                "path" => self.path = Some(value.into()),
                "linkpath" => self.link = Some(value.into()),
                // Those that would change what else the entry is: none of the archives that podclaw reads needs them.
                "size" | "uid" | "gid" => return Err(malformed("it has sizes or owners in an extended header")),
                _ if key.starts_with("GNU.sparse.") => return Err(malformed("it has sparse files")),
                _ => {
                    if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                        self.xattrs.push((name.into(), value.into()));
                    }
                }
            }
        }
        Ok(())
    }
}

fn record(records: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let space = records.iter().position(|b| *b == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|b| *b == b'=')?;
    Some((std::str::from_utf8(&record[..equals]).ok()?, &record[equals + 1..], &records[length..]))
}

fn read(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(LARGEST_HEADER + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_HEADER {
        return Err(malformed("it has an extended header that is too large"));
    }
    Ok(bytes)
}

fn name(mut bytes: Vec<u8>) -> Vec<u8> {
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

fn malformed(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(extended: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(EntryType::XHeader);
        header.set_size(extended.len() as u64);
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, extended).expect("a header");
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, io::empty()).expect("a file");
        builder.into_inner().expect("an archive")
    }

    #[test]
    fn refuses_extended_headers_that_make_no_sense() {
        for bad in [
            "x",
            "5 a=",
            "99 a=b\n",
            "6 ab\n\n",
            "0 a=b\n",
            "2 a=b\n",
            "10 size=1\n\n",
            "8 uid=1\n",
            "18 GNU.sparse.a=1\n\n",
        ] {
            assert!(each(&archive(bad.as_bytes())[..], |_, _| Ok(())).is_err(), "{bad:?}");
        }
        let mut paths = Vec::new();
        let good = archive(b"9 path=x\n13 mtime=1.5\n");
        each(&good[..], |entry, _| {
            paths.push(entry.path);
            Ok(())
        })
        .expect("a good one");
        assert_eq!(paths, [b"x".to_vec()]);
    }
}
