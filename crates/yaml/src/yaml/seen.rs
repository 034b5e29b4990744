//! The keys that a mapping has already.

use std::collections::HashMap;

use super::{Key, Mapping};

/// How many keys are looked through one by one, which is faster than anything else for few.
const FEW: usize = 32;

/// The lines of the keys of a mapping, once there are many, so that finding a duplicate takes no search.
#[derive(Default)]
pub(super) struct Seen(HashMap<String, usize>);

impl Seen {
    /// The line in which the mapping has a key already, which is to be added to it. All that it has are known here, or
    /// are few.
    pub(super) fn line_of(&mut self, key: &Key, mapping: &Mapping) -> Option<usize> {
        if mapping.entries.len() < FEW {
            return mapping.entry(&key.text).map(|entry| entry.key.span.line);
        }
        if self.0.is_empty() {
            // The first of two that are the same is the one to name.
            let all = mapping.entries.iter().rev().map(|entry| (entry.key.text.clone(), entry.key.span.line));
            self.0.extend(all);
        }
        let line = self.0.get(&key.text).copied();
        if line.is_none() {
            self.0.insert(key.text.clone(), key.span.line);
        }
        line
    }
}
