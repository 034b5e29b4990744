//! Putting a distribution's root file system into an image: what mmdebstrap made, entry by entry.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::Path;

use tar::EntryType;

use super::error::{Error, Result};
use super::tarball::{Entry, Tarball};
use super::untar;

/// Guests have an isolated id map of 65536 ids, and the gateway's own ids end at 61999: what belongs to a higher id is
/// nobody's, and above the map it could not even be unpacked.
const FIRST_FOREIGN_ID: u64 = 60_000;

/// What a copy does besides copying.
pub(super) struct Recipe<'a> {
    /// What is put in front of every path, such as `rootfs/`.
    pub(super) prefix: &'a str,
    /// What is left out, because it says something about the host or is written anew: `etc/hostname`, or all that is in
    /// `etc/x/`.
    pub(super) without: &'a [&'a str],
    /// Whether programs lose the right to run as their owner, which nobody in a container may use anyway.
    pub(super) drop_setuid: bool,
    /// The file that the image is written to, for errors.
    pub(super) image: &'a Path,
}

/// The packages of the root file system, name to version.
pub(super) type Packages = BTreeMap<String, String>;

/// Copies the root file system into `image` and returns its packages.
pub(super) fn copy(system: impl Read, image: &mut Tarball<impl Write>, recipe: &Recipe<'_>) -> Result<Packages> {
    let mut refused = None;
    let mut status = String::new();
    let copied = untar::each(system, |entry, contents| {
        let Some(entry) = place(entry, recipe).map_err(|error| {
            let text = error.to_string();
            refused = Some(error);
            io::Error::other(text)
        })?
        else {
            return Ok(());
        };
        if entry.path.strip_prefix(recipe.prefix.as_bytes()) == Some(b"var/lib/dpkg/status") {
            contents.read_to_string(&mut status)?;
            return image.add(&entry, status.as_bytes());
        }
        image.add(&entry, contents)
    });
    if let Some(error) = refused {
        return Err(error);
    }
    copied.map_err(|error| Error::file("write", recipe.image, error))?;
    Ok(packages(&status))
}

/// The entry as it is in the image, or nothing if the image has no use for it.
fn place(mut entry: Entry, recipe: &Recipe<'_>) -> Result<Option<Entry>> {
    let path = relative(&entry.path);
    let refuse = |reason: String| {
        let name = crate::text::excerpt(&String::from_utf8_lossy(&entry.path), 200);
        Err(Error::Entry { name, reason })
    };
    if path.split(|b| *b == b'/').any(|part| part == b"..") {
        return refuse("its path leads out of the root file system".into());
    }
    // An unprivileged guest cannot make device nodes, and gets its own /dev anyway.
    if path.starts_with(b"dev/") && path != b"dev/"
        || matches!(entry.kind, EntryType::Block | EntryType::Char)
        || recipe
            .without
            .iter()
            .any(|name| path.starts_with(name.as_bytes()) && (path.len() == name.len()) != name.ends_with('/'))
    {
        return Ok(None);
    }
    let owner = entry.uid.max(entry.gid);
    if owner >= FIRST_FOREIGN_ID {
        return refuse(format!("it belongs to id {owner}, and in a guest only ids below {FIRST_FOREIGN_ID} exist"));
    }
    if recipe.drop_setuid && entry.kind == EntryType::Regular {
        entry.mode &= 0o1777;
    }
    if entry.kind == EntryType::Link {
        entry.link = prefixed(recipe.prefix, relative(&entry.link));
    }
    entry.path = prefixed(recipe.prefix, relative(&entry.path));
    // The root directory itself has no name of its own in a layer.
    Ok(Some(entry).filter(|entry| !entry.path.is_empty()))
}

/// `./etc/` is `etc/`, and `./` is nothing.
fn relative(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b".").filter(|rest| rest.is_empty() || rest.starts_with(b"/")).unwrap_or(path);
    let start = path.iter().position(|b| *b != b'/').unwrap_or(path.len());
    &path[start..]
}

fn prefixed(prefix: &str, path: &[u8]) -> Vec<u8> {
    [prefix.as_bytes(), path].concat()
}

/// The installed packages that dpkg's status file lists.
fn packages(status: &str) -> Packages {
    let field = |stanza: &str, name: &str| {
        stanza.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.trim().to_owned()))
    };
    status
        .split("\n\n")
        .filter(|stanza| field(stanza, "Status").is_some_and(|status| status.ends_with(" installed")))
        .filter_map(|stanza| Some((field(stanza, "Package")?, field(stanza, "Version")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: a\nStatus: install ok installed\nVersion: 1-2\n\n\
                          Package: gone\nStatus: deinstall ok config-files\nVersion: 3\n\n\
                          Package: b\nStatus: install ok installed\nDescription: x\n Version: 9\nVersion: 2:4\n";

    fn system(extra: &[Entry]) -> Vec<u8> {
        let mut tarball = Tarball::new(Vec::new());
        let mut add = |entry: Entry, contents: &str| {
            let entry = Entry { size: contents.len() as u64, ..entry };
            tarball.add(&entry, contents.as_bytes()).expect("an entry");
        };
        add(Entry::new("./dev/", EntryType::Directory, 0o755), "");
        add(Entry::new("./dev/null", EntryType::Char, 0o666), "");
        add(Entry::new("./dev/fd", EntryType::Symlink, 0o777), "");
        add(Entry::new("./", EntryType::Directory, 0o755), "");
        add(Entry::new("./etc/hostname", EntryType::Regular, 0o644), "host");
        add(Entry::new("./etc/x", EntryType::Block, 0o644), "");
        add(Entry::new("./etc/apt/", EntryType::Directory, 0o755), "");
        add(Entry::new("./etc/apt/list", EntryType::Regular, 0o644), "deb");
        let caps = vec![("security.capability".into(), vec![1, 0, 0, 2])];
        add(Entry { xattrs: caps, mtime: EPOCH_AFTER, ..Entry::new("./bin/a", EntryType::Regular, 0o4755) }, "a");
        add(Entry { link: b"./bin/a".into(), ..Entry::new("./bin/b", EntryType::Link, 0o755) }, "");
        add(Entry { link: b"./a".into(), ..Entry::new("./bin/c", EntryType::Symlink, 0o777) }, "");
        add(Entry::new("./var/lib/dpkg/status", EntryType::Regular, 0o644), STATUS);
        for entry in extra {
            add(entry.clone(), "");
        }
        tarball.finish().expect("the end")
    }

    const EPOCH_AFTER: u64 = super::super::tarball::EPOCH + 1;

    fn copied(extra: &[Entry], prefix: &str) -> Result<(Packages, Vec<Entry>)> {
        let mut image = Tarball::new(Vec::new());
        let recipe = Recipe {
            prefix,
            without: &["etc/hostname", "etc/apt/"],
            drop_setuid: prefix.is_empty(),
            image: Path::new("image.tar"),
        };
        let found = copy(&system(extra)[..], &mut image, &recipe)?;
        let mut entries = Vec::new();
        let bytes = image.finish().expect("the end");
        untar::each(&bytes[..], |entry, _| {
            entries.push(entry);
            Ok(())
        })
        .expect("reading back");
        Ok((found, entries))
    }

    #[test]
    fn moves_everything_but_devices() {
        let (packages, entries) = copied(&[], "rootfs/").expect("a copy");
        let paths: Vec<_> = entries.iter().map(|entry| String::from_utf8_lossy(&entry.path)).collect();
        assert_eq!(
            paths,
            [
                "rootfs/dev/",
                "rootfs/",
                "rootfs/etc/apt/",
                "rootfs/bin/a",
                "rootfs/bin/b",
                "rootfs/bin/c",
                "rootfs/var/lib/dpkg/status"
            ]
        );
        assert_eq!(entries[3].xattrs, [("security.capability".into(), vec![1, 0, 0, 2])]);
        assert_eq!((entries[3].mtime, entries[3].mode), (super::super::tarball::EPOCH, 0o4755));
        assert_eq!((&entries[4].link[..], &entries[5].link[..]), (&b"rootfs/bin/a"[..], &b"./a"[..]));
        assert_eq!(packages.into_iter().collect::<Vec<_>>(), [("a".into(), "1-2".into()), ("b".into(), "2:4".into())]);
        let (_, entries) = copied(&[], "").expect("a copy");
        assert_eq!(entries.iter().find(|entry| entry.path == b"bin/a").map(|entry| entry.mode), Some(0o755));
        assert_eq!(entries.iter().filter(|entry| entry.path.is_empty()).count(), 0);
    }

    #[test]
    fn refuses_what_a_guest_cannot_have() {
        let file = |path: &str| Entry::new(path, EntryType::Regular, 0o644);
        let foreign = Entry { gid: 65_534, ..file("./srv/x\u{1b}") };
        let shown = copied(&[foreign], "").expect_err("a foreign id").to_string();
        assert!(shown.contains("srv/x\\u{1b}") && shown.contains("id 65534"), "{shown}");
        let shown = copied(&[file("./a/../../b")], "").expect_err("a way out").to_string();
        assert!(shown.contains("leads out"), "{shown}");
        assert!(copied(&[Entry { uid: 59_999, ..file("./ok..") }], "").is_ok());
    }
}
