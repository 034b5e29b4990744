//! Says quickly which of many short texts are in a long one.

use std::collections::BTreeMap;

/// Five bits of each of three bytes: of a letter those that are the same in both cases.
const KEYS: usize = 1 << 15;

/// Short texts by their first three bytes.
pub(super) struct Hints {
    /// Whether any begins with these bytes.
    begins: Vec<bool>,
    /// Those that do, each with the number of its group.
    texts: BTreeMap<usize, Vec<(&'static str, usize)>>,
    groups: usize,
}

impl Hints {
    /// Groups of texts, each of which has at least three bytes.
    pub(super) fn of(groups: impl Iterator<Item = &'static [&'static str]>) -> Self {
        let mut hints = Self { begins: vec![false; KEYS], texts: BTreeMap::new(), groups: 0 };
        for (index, group) in groups.enumerate() {
            hints.groups = index + 1;
            for &text in group {
                let key = text.bytes().take(3).fold(0, key);
                hints.begins[key] = true;
                hints.texts.entry(key).or_default().push((text, index));
            }
        }
        hints
    }

    /// The groups of which a text is there, in any case, in order.
    pub(super) fn seen(&self, text: &str) -> Vec<usize> {
        let bytes = text.as_bytes();
        let mut seen = Vec::new();
        let mut last = 0;
        for (end, &byte) in bytes.iter().enumerate() {
            last = key(last, byte);
            if self.begins[last] && end >= 2 {
                self.add(last, &bytes[end - 2..], &mut seen);
            }
        }
        (0..seen.len()).filter(|&group| seen[group]).collect()
    }

    fn add(&self, key: usize, rest: &[u8], seen: &mut Vec<bool>) {
        for &(text, group) in self.texts.get(&key).into_iter().flatten() {
            let is_there = rest.get(..text.len()).is_some_and(|there| there.eq_ignore_ascii_case(text.as_bytes()));
            if is_there {
                seen.resize(self.groups, false);
                seen[group] = true;
            }
        }
    }
}

fn key(last: usize, byte: u8) -> usize {
    (last << 5 | usize::from(byte & 31)) & (KEYS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there_in_any_case() {
        let hints = Hints::of([&["abc", "xyz"][..], &["bcd"], &["ABCDE"]].into_iter());
        for (text, expected) in [
            ("", vec![]),
            ("ab", vec![]),
            ("-aBc-", vec![0]),
            ("xxyz", vec![0]),
            ("abcd", vec![0, 1]),
            ("éabcde", vec![0, 1, 2]),
            ("a\u{2}c", vec![]),
        ] {
            assert_eq!(hints.seen(text), expected, "{text}");
        }
    }
}
