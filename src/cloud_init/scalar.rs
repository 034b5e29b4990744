//! How a value becomes exactly one YAML scalar, whatever it holds.

use std::fmt::{self, Write};

/// Writes `text` as a double-quoted YAML scalar of printable ASCII.
///
/// JSON's own escaping is not enough: JSON leaves NEL, U+2028 and the byte order mark as they are, which are line
/// breaks or errors in YAML, and writes characters beyond the BMP as two surrogates, which YAML readers do not join.
pub(super) fn quoted(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(out, "\\{c}")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            ' '..='~' => out.write_char(c)?,
            _ if u32::from(c) <= 0xffff => write!(out, "\\u{:04x}", u32::from(c))?,
            _ => write!(out, "\\U{:08x}", u32::from(c))?,
        }
    }
    out.write_char('"')
}

/// `text` as a literal block scalar whose lines stand in column `indent`, which must be two more than the indentation
/// of the mapping that it is a value of. `None` if that could be read as anything but exactly `text`.
pub(super) fn literal(text: &str, indent: usize) -> Option<String> {
    // Printable ASCII and single final newline: nothing that YAML 1.1 and 1.2 read differently. The first line tells how
    // deep the block is indented, so it has no spaces of its own.
    let body = text.strip_suffix('\n')?;
    let plain = |line: &str| line.bytes().all(|b| matches!(b, b' '..=b'~')) && !line.ends_with(' ');
    if body.is_empty() || body.starts_with(['\n', ' ']) || body.ends_with('\n') || !body.split('\n').all(plain) {
        return None;
    }
    let mut block = String::from("|");
    for line in body.split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block.extend(std::iter::repeat_n(' ', indent));
            block.push_str(line);
        }
    }
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> String {
        serde_saphyr::from_str(yaml).unwrap()
    }

    #[test]
    fn any_text_survives_quoting() {
        let text = "a\"\\\n\t\r\0\u{1b}\u{85}\u{2028}\u{feff}\u{1f600}\u{7f} {{ # : é";
        let mut out = String::new();
        quoted(text, &mut out).unwrap();
        assert!(out.bytes().all(|b| matches!(b, b' '..=b'~')), "{out}");
        assert_eq!(read(&out), text);
    }

    #[test]
    fn a_block_is_read_back_as_it_was() {
        #[derive(serde::Deserialize)]
        struct Doc {
            a: String,
            b: u8,
        }
        for text in ["x\n", "first\n  indented: x\n", "#c\n\n---\n...\n- a: 'b'\n"] {
            let block = literal(text, 2).unwrap();
            let doc: Doc = serde_saphyr::from_str(&format!("a: {block}\nb: 1\n")).unwrap();
            assert_eq!((doc.a.as_str(), doc.b), (text, 1), "{block}");
        }
        for text in
            ["", "\n", "x", "x\n\n", "\nx\n", "x \n", "é\n", "a\r\nb\n", "\u{85}\n", "a\0\n", " a\nb\n", "a\tb\n"]
        {
            assert_eq!(literal(text, 2), None, "{text:?}");
        }
    }
}
