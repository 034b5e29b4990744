//! The mends that are safe: they change how a text is written, and never which text was meant.

use crate::rules::{Edit, Fix};
use crate::yaml::{Code, Problem};

/// The mend of a problem, if it has one.
pub(super) fn fix(problem: &Problem) -> Option<Fix> {
    let text = problem.place.source.text.as_str();
    let span = problem.place.span;
    let part = text.get(span.start..span.end)?;
    match problem.code {
        Code::NoFinalNewline if span.start == text.len() => {
            Some(one("end the last line in a newline", insert(text.len(), "\n")))
        }
        Code::ByteOrderMark if span.start == 0 => Some(one("remove the byte order mark", remove(0, part.len()))),
        // It is for the whole file, so only the first one has it.
        Code::LineBreak if part == "\r" && !text[..span.start].contains('\r') && only_before_newlines(text) => {
            let edits = text.match_indices('\r').map(|(at, _)| remove(at, 1)).collect();
            Some(Fix { what: "end every line of the file in a newline only".into(), edits })
        }
        Code::QuoteThis if is_plain(part) => Some(Fix {
            what: "quote the value as it is written".into(),
            edits: vec![insert(span.start, "\""), insert(span.end, "\"")],
        }),
        _ => None,
    }
}

/// A carriage return elsewhere may be meant as a character, or hide something: then no line end is touched.
fn only_before_newlines(text: &str) -> bool {
    text.split('\r').skip(1).all(|rest| rest.starts_with('\n'))
}

/// Whether quotes around it make a string of exactly these characters: with nothing to escape in it.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\' | b'\''))
}

fn one(what: &'static str, edit: Edit) -> Fix {
    Fix { what: what.into(), edits: vec![edit] }
}

fn insert(at: usize, text: &str) -> Edit {
    Edit { bytes: at..at, text: text.into() }
}

fn remove(at: usize, length: usize) -> Edit {
    Edit { bytes: at..at + length, text: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> Option<String> {
        let problems = crate::yaml::parse("a", text.as_bytes()).unwrap_err();
        let mut mended = text.to_owned();
        let mut edits: Vec<_> = problems.iter().filter_map(fix).flat_map(|fix| fix.edits).collect();
        edits.sort_by_key(|edit| edit.bytes.start);
        for edit in edits.iter().rev() {
            mended.replace_range(edit.bytes.clone(), &edit.text);
        }
        (mended != text).then_some(mended)
    }

    #[test]
    fn what_has_a_safe_mend_is_mended() {
        for (text, expected) in [
            ("a: b", "a: b\n"),
            ("\u{feff}a: b\n", "a: b\n"),
            ("a: b\r\nc: d\r\n", "a: b\nc: d\n"),
            ("a: yes\nb: 0x1 # why\n", "a: \"yes\"\nb: \"0x1\" # why\n"),
            ("a: [1_000, no]\non: b\n", "a: [\"1_000\", \"no\"]\n\"on\": b\n"),
        ] {
            assert_eq!(mended(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn what_could_be_meant_otherwise_is_left() {
        for text in ["a: ~\n", "a:\n", "a: b\rc: d\r\n", "a: b\u{feff}\n", "a: &b c\n", "a: b\u{85}\n", "a: b\tc\n", ""]
        {
            assert_eq!(mended(text), None, "{text:?}");
        }
    }
}
