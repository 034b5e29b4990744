//! From bytes to a text that is fit to be parsed: the checks that need no grammar.

use std::sync::Arc;

use super::chars::{self, Refusal};
use super::problem::MAX_PROBLEMS;
use super::{Code, MAX_BYTES, Place, Problem, Source, Span};

/// Checks size, encoding, characters and line ends.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Arc<Source>, Vec<Problem>> {
    let start = Span { start: 0, end: 0, line: 1, column: 1 };
    let refuse = |code, message: String| {
        let source = Arc::new(Source { name: name.into(), text: String::new() });
        Err(vec![Problem::new(code, Place { source, span: start }, message)])
    };
    if bytes.len() > MAX_BYTES {
        return refuse(Code::TooLarge, format!("the document has more than {MAX_BYTES} bytes"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            return refuse(Code::NotUtf8, format!("the document is not UTF-8 from byte {} on", error.valid_up_to()));
        }
    };
    let source = Arc::new(Source { name: name.into(), text: text.into() });
    check(&source)?;
    Ok(source)
}

/// Checks a text that was read already.
pub(super) fn check(source: &Arc<Source>) -> Result<(), Vec<Problem>> {
    if source.text.len() > MAX_BYTES {
        let message = format!("the document has more than {MAX_BYTES} bytes");
        return Err(vec![Problem::new(Code::TooLarge, source.place(0..0), message)]);
    }
    let problems = scan(source);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn scan(source: &Arc<Source>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if source.text.ends_with('\n') && chars::is_plain(&source.text) {
        return problems;
    }
    let (mut line, mut column) = (1, 1);
    for (start, c) in source.text.char_indices() {
        if let Some(refusal) = chars::refusal(c) {
            let span = Span { start, end: start + c.len_utf8(), line, column };
            problems.push(character(refusal, c, Place { source: Arc::clone(source), span }));
            if problems.len() >= MAX_PROBLEMS {
                return problems;
            }
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    if !source.text.is_empty() && !source.text.ends_with('\n') {
        let end = source.text.len();
        let place = Place { source: Arc::clone(source), span: Span { start: end, end, line, column } };
        let problem = Problem::new(Code::NoFinalNewline, place, "the last line does not end in a newline");
        problems.push(problem.help("add one: the value of a block at the end depends on it"));
    }
    problems
}

fn character(refusal: Refusal, c: char, place: Place) -> Problem {
    let shown = format!("U+{:04X}", c as u32);
    match refusal {
        Refusal::ByteOrderMark => {
            Problem::new(Code::ByteOrderMark, place, format!("a byte order mark ({shown})")).help("remove it")
        }
        Refusal::LineBreak => {
            let message = format!("{shown} ends a line for some decoders and not for others");
            Problem::new(Code::LineBreak, place, message).help("end lines in a newline (U+000A) only")
        }
        Refusal::Control if c == '\t' => {
            Problem::new(Code::ControlCharacter, place, "a tab").help(r#"indent with spaces; in a value write "\t""#)
        }
        Refusal::Control => Problem::new(Code::ControlCharacter, place, format!("the control character {shown}")),
        Refusal::Hidden => Problem::new(Code::HiddenCharacter, place, format!("{shown} cannot be seen"))
            .help("remove it: a reader sees another text than a decoder"),
    }
}
