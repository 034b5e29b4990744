//! Tells podclaw what it was built of: a number that is another one as soon as a source of it is.
//!
//! Nobody has to remember to raise it. It is there to tell podclaws apart, and not against people who want them to be alike.

#![expect(clippy::expect_used, reason = "so a build script fails")]

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// What podclaw is built of. The parser's crate is beside podclaw in its repository only; elsewhere Cargo.lock says which it is.
const SOURCES: [&str; 4] = ["Cargo.lock", "crates/yaml/src", "policy", "src"];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        find(Path::new(source), &mut files);
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    for path in files {
        let text = fs::read(&path).expect("a source can be read");
        (path, text).hash(&mut hasher);
    }
    println!("cargo::rustc-env=PODCLAW_SOURCES={:016x}", hasher.finish());
}

/// All files below a path.
fn find(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a directory of sources can be read") {
            find(&entry.expect("its entries, too").path(), files);
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
}
