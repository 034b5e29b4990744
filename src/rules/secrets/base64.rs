//! Base64, as a place to hide in.

use std::ops::Range;

/// The shortest text in Base64 that is looked into: shorter than any secret in it.
const SHORTEST: usize = 24;
/// From this length on a line of nothing else is one that the next line continues.
const WRAPPED: usize = 40;

/// Decodes either alphabet, with or without padding; white space between is skipped, as decoders of files do.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let six = match byte {
            b'=' => continue,
            _ => u32::from(digit(byte)?),
        };
        bits = bits << 6 | six;
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held & 0xff) as u8);
        }
    }
    Some(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    let digit = DIGITS[usize::from(byte)];
    (digit < 64).then_some(digit)
}

/// The value of each byte in either alphabet; 64 is none.
const DIGITS: [u8; 256] = {
    let mut digits = [64; 256];
    let mut value = 0;
    while value < 26 {
        digits[b'A' as usize + value as usize] = value;
        digits[b'a' as usize + value as usize] = value + 26;
        value += 1;
    }
    let mut value = 0;
    while value < 10 {
        digits[b'0' as usize + value as usize] = value + 52;
        value += 1;
    }
    (digits[b'+' as usize], digits[b'-' as usize]) = (62, 62);
    (digits[b'/' as usize], digits[b'_' as usize]) = (63, 63);
    digits
};

/// Where in a text there could be something in Base64, over the ends of lines where it is wrapped.
pub(super) fn runs(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let run_end =
        |from: usize| bytes[from..].iter().position(|&b| digit(b).is_none()).map_or(bytes.len(), |n| from + n);
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let Some(next) = bytes[at..].iter().position(|&b| digit(b).is_some()) else { break };
        let start = at + next;
        let mut end = run_end(start);
        let mut line = end - start;
        while line >= WRAPPED
            && bytes.get(end) == Some(&b'\n')
            && let indent = bytes[end + 1..].iter().take_while(|&&b| matches!(b, b' ' | b'\t')).count()
            && let continued = end + 1 + indent
            && let continued_end = run_end(continued)
            && continued_end > continued
            && matches!(bytes.get(continued_end), None | Some(b'\n' | b'=' | b'"' | b'\''))
        {
            line = continued_end - continued;
            end = continued_end;
        }
        if end - start >= SHORTEST && !is_digest(&text[..start]) {
            found.push(start..end);
        }
        at = end + 1;
    }
    found
}

/// Digests are in Base64 too; a lock file has thousands.
fn is_digest(before: &str) -> bool {
    // `sha512-` is itself in the alphabet, but the run that begins with it holds a digest all the same.
    ["sha256:", "sha512:", "sha384:"].iter().any(|start| before.ends_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        assert_eq!(decode("aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(decode("aGVs\n  bG8"), Some(b"hello".to_vec()));
        assert_eq!(decode("-_-_"), decode("+/+/"));
        assert_eq!(decode("aGVs!"), None);
    }

    #[test]
    fn finds_runs_over_lines() {
        let line = "A".repeat(64);
        let text = format!("x: |\n  {line}\n  {line}\n  AAAA==\nnext: {}\n", "b".repeat(23));
        let found = runs(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(decode(&text[found[0].clone()]).map(|bytes| bytes.len()), Some(99));
        assert!(runs("é é").is_empty());
    }
}
