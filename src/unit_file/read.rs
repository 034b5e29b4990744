//! From lines to assignments.

use std::ops::Range;

use super::{Entry, Fault, Section, Unit};

/// Reads a unit file. It never fails: what cannot be read is among the faults.
#[must_use]
pub fn read(text: &str) -> Unit {
    let mut reader = Reader { unit: Unit::default(), open: None };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bytes = start..start + line.trim_end_matches('\n').len();
        start += line.len();
        reader.line(&text[bytes.clone()], bytes);
    }
    if let Some(open) = reader.open.take() {
        reader.fault(open.bytes.clone(), "the last line goes on with a backslash, and there is nothing after it");
        reader.logical(&open.text, open.bytes);
    }
    reader.unit
}

struct Reader {
    unit: Unit,
    /// What came before a backslash at the end of a line.
    open: Option<Open>,
}

struct Open {
    text: String,
    bytes: Range<usize>,
}

impl Reader {
    fn fault(&mut self, bytes: Range<usize>, message: &'static str) {
        self.unit.faults.push(Fault { bytes, message });
    }

    fn line(&mut self, line: &str, bytes: Range<usize>) {
        self.characters(line, &bytes);
        // Podman removes all that Unicode calls a space.
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            if self.open.is_some() {
                self.fault(
                    bytes,
                    "a comment or an empty line inside of a continued value, which older Podman takes for a part of it",
                );
            }
            return;
        }
        let goes_on = trimmed.strip_suffix('\\');
        if goes_on.is_some() && !line.ends_with('\\') {
            self.fault(
                bytes.clone(),
                "there is a space behind the backslash, after which only some versions of Podman go on",
            );
        }
        if let Some(before) = goes_on
            && !before.ends_with([' ', '\t'])
        {
            self.fault(
                bytes.clone(),
                "there is no space before the backslash, so that versions of Podman join the lines differently",
            );
        }
        let part = goes_on.unwrap_or(trimmed);
        let open = if let Some(open) = self.open.take() {
            Open { text: open.text + part, bytes: open.bytes.start..bytes.end }
        } else {
            if line.starts_with(char::is_whitespace) {
                self.fault(bytes.clone(), "the line starts with a space, which only some versions of Podman take");
            }
            Open { text: part.into(), bytes }
        };
        if goes_on.is_some() {
            self.open = Some(open);
        } else {
            self.logical(&open.text, open.bytes);
        }
    }

    /// Characters that a reviewer can't see, or that are a space or an end of a line to some.
    fn characters(&mut self, line: &str, bytes: &Range<usize>) {
        let doubtful = |c: char| c != '\t' && (crate::text::is_unsafe(c) || (c.is_whitespace() && !c.is_ascii()));
        if let Some((at, c)) = line.char_indices().find(|&(_, c)| doubtful(c)) {
            let start = bytes.start + at;
            self.fault(
                start..start + c.len_utf8(),
                "a character that cannot be seen, or that only some take for a space",
            );
        }
    }

    fn logical(&mut self, text: &str, bytes: Range<usize>) {
        if text.starts_with('[') {
            let name = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            match name.filter(|name| !name.is_empty() && !name.contains(['[', ']'])) {
                Some(name) => self.unit.sections.push(Section { name: name.into(), bytes }),
                None => self.fault(bytes, "this starts like a heading, and is none"),
            }
            return;
        }
        let Some((key, value)) = text.split_once('=') else {
            return self.fault(bytes, "this is no heading, no comment and no `KEY=VALUE`");
        };
        let Some(section) = self.unit.sections.last() else {
            return self.fault(bytes, "this stands before the first heading");
        };
        let (section, trimmed) = (std::sync::Arc::clone(&section.name), key.trim_end());
        if trimmed.is_empty() || !trimmed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            self.fault(bytes.clone(), "this is no key: keys are of letters and digits");
        } else if trimmed.len() != key.len() {
            self.fault(bytes.clone(), "there is a space before the `=`");
        }
        self.unit.entries.push(Entry { section, key: trimmed.into(), value: value.trim().into(), bytes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String, String)> {
        read(text).entries.into_iter().map(|entry| (entry.section.to_string(), entry.key, entry.value)).collect()
    }

    #[test]
    fn reads_what_all_read() {
        let text = "# x\n; y\n[A]\nB=1\nB=2\nC=\n\n[D]\nE= a \\\n  b\\\"c\n[A]\nF=x=y\n";
        let unit = read(text);
        assert_eq!(unit.faults, []);
        let expected = [("A", "B", "1"), ("A", "B", "2"), ("A", "C", ""), ("D", "E", "a b\\\"c"), ("A", "F", "x=y")];
        assert_eq!(entries(text), expected.map(|(a, b, c)| (a.into(), b.into(), c.into())));
        assert_eq!(&text[unit.entries[3].bytes.clone()], "E= a \\\n  b\\\"c");
    }

    #[test]
    fn says_what_some_read_differently() {
        for text in [
            "A=1\n",
            "[A]\n B=1\n",
            "[A]\nB =1\n",
            "[A]\nB\n",
            "[A]\nB=a\\\n b\n",
            "[A]\nB=a \\ \nb\n",
            "[A]\nB=a \\\n# c\nb\n",
            "[A]\nB=a \\\n\nb\n",
            "[A]\nB=a \\",
            "[A\n",
            "[A]x\n",
            "[]\n",
            "[A]\n=1\n",
            "[A]\nB=1\r\n",
            "\u{feff}[A]\n",
            "[A]\nB\u{a0}=1\n",
            "[A]\n# \u{85}B=1\n",
            "[A]\nB=1\u{200b}\n",
            "[A]\nB=\0\n",
            "[A] \\\nB=1\n",
            "[A]\nÄ=1\n",
        ] {
            assert_ne!(read(text).faults, [], "{text:?}");
        }
    }

    #[test]
    fn still_reads_what_podman_may_read() {
        assert_eq!(entries("[A]\n B=a\\\n b\n")[0].2, "ab");
        assert_eq!(entries("[A]\nB=a \\\n# c\nd\n")[0].2, "a d");
        assert_eq!(entries("[A]\nB=a \\")[0].2, "a");
    }
}
