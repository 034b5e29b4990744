//! A strict subset of YAML, read into a tree in which every key and value knows where it stands.
//!
//! Incus' client, cloud-init and podclaw read YAML with different libraries, and a file that they read differently can
//! hide from one what another obeys. So this parser refuses everything on which two of them could disagree; what it
//! accepts means the same to all. It has no anchors, tags, directives or merging, and no guessing of types: a plain
//! scalar is a string, `true`, `false` or a whole number, or it must be quoted.

mod access;
mod build;
mod chars;
mod embedded;
mod file;
mod gaps;
mod problem;
mod scalar;
mod seen;
mod source;
mod tree;
mod written;

use std::sync::Arc;

pub use crate::place::{Place, Source, Span};
pub use embedded::Embedded;
pub use file::{FileError, parse_file};
pub use problem::{Code, MAX_PROBLEMS, Problem};
pub use tree::{Document, Entry, Key, Kind, Mapping, Node, Scalar, Style, Value};

/// The most bytes that a document may have.
pub const MAX_BYTES: usize = 1024 * 1024;
/// How deep collections may be nested.
pub const MAX_DEPTH: usize = 32;
/// The most keys and values that a document may have.
pub const MAX_NODES: usize = 50_000;

/// Reads one document. `name` is what problems call it, such as its path.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text, and never an empty list.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Document, Vec<Problem>> {
    let source = source::read(name, bytes)?;
    build::document(&source)
}

/// Reads one document from a text that is there already.
///
/// # Errors
/// As [`parse`].
pub fn parse_source(source: &Arc<Source>) -> Result<Document, Vec<Problem>> {
    source::check(source)?;
    build::document(source)
}
