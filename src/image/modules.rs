//! Which of the installed npm packages' files go into the gateway image, and where.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tar::EntryType;

use super::npm_lock::node_package;
use super::oci::LayerWriter;
use super::tarball::Entry;

/// Where the packages are in the image.
const HOME: &str = "opt/openclaw/node_modules";

/// A package that says so refuses to start: npm was told to run none of its scripts. What they would do to a fresh
/// install is to look for files of older versions, to fetch a native part that the lock file has anyway, and to remove
/// this mark.
const PENDING: &str = "openclaw/.openclaw-lifecycle-pending";

/// Packages that read their own descriptions and types while they run.
const UNTOUCHED: [&str; 2] = ["openclaw", "typescript"];

/// Files that only people and compilers read.
const UNREAD: [&str; 4] = [".map", ".d.ts", ".d.mts", ".d.cts"];

/// Changes when the choice of files does.
pub(super) const VERSION: u32 = 1;

/// Adds the packages in `modules` to a layer, with node in the path and the gateway in `/app`.
pub(super) fn add(layer: &mut LayerWriter, modules: &Path) -> io::Result<()> {
    layer.directory("opt/openclaw")?;
    let node = format!("{}/bin/node", node_package());
    // Every package's scripts name `node`, and find this one.
    file(layer, &modules.join(&node), "usr/local/bin/node", true)?;
    directory(layer, modules, "")?;
    layer.symlink("app", &format!("{HOME}/openclaw"))
}

/// Adds a directory and what is in it, sorted; `inside` is its path below `node_modules`, which is empty at the top.
fn directory(layer: &mut LayerWriter, modules: &Path, inside: &str) -> io::Result<()> {
    let mut place = String::from(HOME);
    if !inside.is_empty() {
        place = format!("{HOME}/{inside}");
    }
    layer.directory(&place)?;
    let mut entries = fs::read_dir(modules.join(inside))?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let path = match (inside, name.to_str()) {
            (_, None) => {
                return Err(io::Error::other(format!("{} has a name that is not text", entry.path().display())));
            }
            ("", Some(name)) => name.to_owned(),
            (_, Some(name)) => format!("{inside}/{name}"),
        };
        if !is_wanted(&path) {
            continue;
        }
        let kind = entry.file_type()?;
        let place = format!("{HOME}/{path}");
        if kind.is_dir() {
            directory(layer, modules, &path)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            layer.symlink(&place, &relative(target.as_os_str())?)?;
        } else if kind.is_file() {
            let executable = entry.metadata()?.permissions().mode() & 0o111 != 0;
            file(layer, &entry.path(), &place, executable)?;
        } else {
            return Err(io::Error::other(format!("{path} is neither a file nor a directory")));
        }
    }
    Ok(())
}

/// The modes that npm gives depend on the host, so only two are told apart.
fn file(layer: &mut LayerWriter, from: &Path, place: &str, executable: bool) -> io::Result<()> {
    let contents = fs::File::open(from)?;
    let size = contents.metadata()?.len();
    let mode = if executable { 0o755 } else { 0o644 };
    layer.add(&Entry { size, ..Entry::new(place, EntryType::Regular, mode) }, contents)
}

/// A link that leads to somewhere on the host would lead nowhere in the image.
fn relative(target: &OsStr) -> io::Result<String> {
    match std::str::from_utf8(target.as_bytes()) {
        Ok(text) if !text.starts_with('/') => Ok(text.into()),
        _ => Err(io::Error::other(format!("a link leads to {}", target.display()))),
    }
}

/// Whether the image has a use for a file or directory.
fn is_wanted(path: &str) -> bool {
    let node = node_package();
    if let Some(inside) = path.strip_prefix(&format!("{node}/")) {
        return matches!(inside, "LICENSE" | "package.json");
    }
    // The first is npm's own note of where it fetched things; the second leads to the node that is in the path already.
    if matches!(path, ".package-lock.json" | ".bin/node" | PENDING) {
        return false;
    }
    if UNTOUCHED.iter().any(|package| path.strip_prefix(package).is_some_and(|rest| rest.starts_with('/'))) {
        return true;
    }
    !UNREAD.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::oci::Layer;
    use crate::image::untar;

    #[test]
    fn leaves_out_what_nobody_reads() {
        let node = node_package();
        for unwanted in [".package-lock.json", ".bin/node", PENDING, "a/b.js.map", "a/b.d.ts", "a/typescript/x.d.ts"] {
            assert!(!is_wanted(unwanted), "{unwanted}");
        }
        for wanted in ["a", "a/b.js", "a/README.md", "openclaw/x.d.ts", "typescript/lib/lib.d.ts", ".bin/tsc"] {
            assert!(is_wanted(wanted), "{wanted}");
        }
        assert!(is_wanted(&node) && is_wanted(&format!("{node}/LICENSE")) && !is_wanted(&format!("{node}/include")));
    }

    #[test]
    fn the_layer_depends_on_contents_alone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let modules = directory.path().join("node_modules");
        let node = modules.join(node_package()).join("bin");
        for path in [&node, &modules.join("openclaw"), &modules.join("b"), &modules.join(".bin")] {
            fs::create_dir_all(path).expect("a directory");
        }
        let write = |path: &Path, mode| {
            fs::write(path, "x").expect("a file");
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        write(&node.join("node"), 0o700);
        write(&modules.join("openclaw/openclaw.mjs"), 0o600);
        write(&modules.join("b/z"), 0o644);
        write(&modules.join("b/a"), 0o775);
        std::os::unix::fs::symlink("../b/a", modules.join(".bin/a")).expect("a link");
        let make = || {
            let path = directory.path().join("layer");
            let mut writer = Layer::create(&path).expect("a layer");
            add(&mut writer, &modules).expect("adding");
            Layer::finish(&path, writer).expect("the end")
        };
        let first = make();
        write(&modules.join("b/z"), 0o664);
        assert_eq!(first, make());
        let mut found = Vec::new();
        untar::each(fs::File::open(&first.path).expect("a layer"), |entry, _| {
            found.push((String::from_utf8_lossy(&entry.path).into_owned(), entry.mode));
            Ok(())
        })
        .expect("reading back");
        let home = |path: &str| format!("{HOME}/{path}");
        let expected = [
            ("opt/openclaw/".into(), 0o755),
            ("usr/local/bin/node".into(), 0o755),
            (home(""), 0o755),
            (home(".bin/"), 0o755),
            (home(".bin/a"), 0o777),
            (home("b/"), 0o755),
            (home("b/a"), 0o755),
            (home("b/z"), 0o644),
            (home(&format!("{}/", node_package())), 0o755),
            (home("openclaw/"), 0o755),
            (home("openclaw/openclaw.mjs"), 0o644),
            ("app".into(), 0o777),
        ];
        assert_eq!(found, expected);
    }
}
