//! Makes a document out of seeds.

use podclaw::lint::Kind;

use super::edit;
use super::random::Random;
use super::seeds::{Group, Seed};
use super::words;

/// The largest document, a little more than what podclaw reads, so that the limit is met too.
const LARGEST: usize = 1024 * 1024 + 1000;

/// A mutated document.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its name, which tells what it is.
    pub(crate) name: String,
    /// What it is, if its name and beginning still say so.
    pub(crate) kind: Kind,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// The document of a number. The same seed and number make the same document.
pub(crate) fn document(groups: &[Group], seed: u64, number: u64) -> Document {
    let random = &mut Random::new(seed, number);
    // Half of them are profiles, which come first.
    let group = if random.one_in(2) { &groups[0] } else { random.pick(groups) };
    let Seed { name, text } = random.pick(&group.seeds).clone();
    let mut bytes = text.into_bytes();
    if random.one_in(6) {
        let other = random.pick(&group.seeds).text.clone();
        bytes = cross(&bytes, other.as_bytes(), random);
    }
    let is_yaml =
        matches!(group.kind, Kind::Profile | Kind::CloudConfig | Kind::LabFile | Kind::Waivers | Kind::OwnRules);
    let times = 1 + random.below(4);
    for _ in 0..times {
        match random.below(if is_yaml { 10 } else { 4 }) {
            0 => blind(&mut bytes, random),
            1 => splice(&mut bytes, group.kind, random),
            2 | 3 if !is_yaml => lines(&mut bytes, random),
            2 => lines(&mut bytes, random),
            _ => edit::yaml(&mut bytes, random),
        }
    }
    if random.one_in(1000) {
        blow_up(&mut bytes, random);
    }
    Document { name, kind: group.kind, bytes }
}

/// The start of one and the end of another, cut at lines.
fn cross(one: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let cut = |text: &[u8], random: &mut Random| {
        let ends: Vec<_> = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
        if ends.is_empty() { 0 } else { *random.pick(&ends) }
    };
    let (first, second) = (cut(one, random), cut(other, random));
    [&one[..first], &other[second..]].concat()
}

/// A change that knows nothing of what it changes.
fn blind(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(16)).min(bytes.len());
    match random.below(6) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = byte(random),
        2 => bytes.insert(at, byte(random)),
        3 => drop(bytes.drain(at..end)),
        4 => bytes.truncate(at),
        _ => {
            let part = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            insert(bytes, to, &part);
        }
    }
}

/// Puts in a word that means something.
fn splice(bytes: &mut Vec<u8>, kind: Kind, random: &mut Random) {
    let words = match random.below(4) {
        0 => words::ANY,
        1 if kind == Kind::Profile => words::PROFILE,
        1 | 2 if matches!(kind, Kind::Profile | Kind::CloudConfig) => words::YAML,
        _ => words::OTHERS,
    };
    let word = *random.pick(words);
    let at =
        if word.ends_with('\n') && !random.one_in(4) { line_start(bytes, random) } else { random.below(bytes.len()) };
    insert(bytes, at, word.as_bytes());
}

/// Takes out, repeats or moves whole lines.
fn lines(bytes: &mut Vec<u8>, random: &mut Random) {
    let start = line_start(bytes, random);
    let length = bytes[start..].iter().position(|byte| *byte == b'\n').map_or(bytes.len() - start, |length| length + 1);
    let line = bytes[start..start + length].to_vec();
    if !random.one_in(3) {
        bytes.drain(start..start + length);
    }
    if !random.one_in(3) {
        let to = line_start(bytes, random);
        insert(bytes, to, &line);
    }
}

/// Repeats a part until the document is large, to see what takes more than its share of time then.
fn blow_up(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let start = random.below(bytes.len());
    let longest = *random.pick(&[1, 4, 40, 200]);
    let end = (start + 1 + random.below(longest)).min(bytes.len());
    let part = bytes[start..end].to_vec();
    let size = LARGEST >> random.below(6);
    let copies = size.saturating_sub(bytes.len()) / part.len();
    insert(bytes, start, &part.repeat(copies));
}

/// Where one of the lines starts.
fn line_start(bytes: &[u8], random: &mut Random) -> usize {
    let at = random.below(bytes.len());
    bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
}

fn byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).unwrap_or(0)
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    bytes.splice(at..at, part.iter().copied());
}
