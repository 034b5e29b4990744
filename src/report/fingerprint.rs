//! Names for findings that stay the same when lines move.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::masked::Masked;
use crate::place::Origin;
use crate::rules::Finding;

/// Makes fingerprints. Findings that are alike in everything are told apart by their order.
#[derive(Debug, Default)]
pub(super) struct Fingerprints(HashMap<[u8; 16], usize>);

impl Fingerprints {
    /// The fingerprint of the next finding: of its rule, file, subject and line, but neither of the line's number nor of
    /// how it is indented.
    pub(super) fn next<'a>(&mut self, finding: &'a Finding, masked: &mut Masked<'a>) -> String {
        let (file, line) = match &finding.origin {
            Origin::File(place) => {
                let words: Vec<&str> = masked.line(place).split_whitespace().collect();
                (place.source.name.as_str(), words.join(" "))
            }
            Origin::Named(name) => (name.as_ref(), String::new()),
        };
        let mut hash = Sha256::new();
        for part in [&finding.rule, file, finding.subject.as_str(), line.as_str()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut start = [0; 16];
        start.copy_from_slice(&hash.finalize()[..16]);
        let occurrence = self.0.entry(start).or_insert(0);
        *occurrence += 1;
        let mut shown = String::new();
        for byte in start {
            let _ = write!(shown, "{byte:02x}");
        }
        let _ = write!(shown, ":{occurrence}");
        shown
    }
}
