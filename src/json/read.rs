//! From text to tree.

use std::collections::HashSet;
use std::ops::Range;

use super::{Document, MAX_DEPTH, Member, Node, Problem, Value};

/// No more keys than this are named as being there twice.
const MOST: usize = 100;

/// Reads a document. What is wrong with it is in the document, too.
#[must_use]
pub fn read(text: &str) -> Document {
    let mut reader = Reader { text, at: 0, problems: Vec::new() };
    let root = reader.document();
    if let Err(problem) = &root {
        reader.problems.push(Problem { bytes: problem.bytes.clone(), message: problem.message });
    }
    Document { root: root.ok(), problems: reader.problems }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    problems: Vec<Problem>,
}

type Read<T> = Result<T, Problem>;

impl Reader<'_> {
    fn document(&mut self) -> Read<Node> {
        if self.text.starts_with('\u{feff}') {
            return self.fail("a byte order mark, which not every reader takes");
        }
        self.space()?;
        let root = self.value(0)?;
        self.space()?;
        if self.at < self.text.len() { self.fail("there is more after the end of the value") } else { Ok(root) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fail<T>(&self, message: &'static str) -> Read<T> {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        Err(Problem { bytes: self.at..self.at + length, message })
    }

    fn space(&mut self) -> Read<()> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        if self.peek() == Some(b'/') { self.fail("a comment, which JSON does not have") } else { Ok(()) }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let there = self.text[self.at..].starts_with(wanted);
        if there {
            self.at += wanted.len();
        }
        there
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        if depth > MAX_DEPTH {
            return self.fail("lists and objects are nested too deeply");
        }
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?.0),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.take("true") => Value::Bool(true),
            _ if self.take("false") => Value::Bool(false),
            _ if self.take("null") => Value::Null,
            None => return self.fail("the text ends where a value should stand"),
            Some(_) => return self.fail("this is no value of JSON"),
        };
        Ok(Node { bytes: start..self.at, value })
    }

    fn array(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space()?;
        if self.take("]") {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space()?;
            if self.take("]") {
                return Ok(Value::Array(items));
            }
            self.comma()?;
        }
    }

    fn object(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut members = Vec::new();
        let mut seen = HashSet::new();
        self.space()?;
        if self.take("}") {
            return Ok(Value::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail("a key must stand in double quotes");
            }
            let (key, key_bytes) = self.string()?;
            if !seen.insert(key.clone()) && self.problems.len() < MOST {
                let message = "this key is there twice, and readers differ on which one counts";
                self.problems.push(Problem { bytes: key_bytes.clone(), message });
            }
            self.space()?;
            if !self.take(":") {
                return self.fail("there is no `:` after the key");
            }
            self.space()?;
            let value = self.value(depth + 1)?;
            members.push(Member { key, key_bytes, value });
            self.space()?;
            if self.take("}") {
                return Ok(Value::Object(members));
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Read<()> {
        if !self.take(",") {
            return self.fail("there is no `,` between two values");
        }
        self.space()?;
        if matches!(self.peek(), Some(b']' | b'}')) { self.fail("a `,` with nothing after it") } else { Ok(()) }
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
        let leading = unsigned.starts_with('0') && digits > 1;
        // Numbers that are not whole, or that some readers round, are nowhere in these files.
        let whole = digits == unsigned.len() && digits > 0 && digits <= 15;
        if whole && !leading {
            return Ok(Value::Number(text.into()));
        }
        let float = !leading && digits > 0 && digits <= 15 && is_fraction(&unsigned[digits..]);
        if float {
            return Ok(Value::Number(text.into()));
        }
        Err(Problem { bytes: start..self.at, message: "this number is not one that every reader takes for the same" })
    }

    fn string(&mut self) -> Read<(String, Range<usize>)> {
        let start = self.at;
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else { return self.fail("the text ends inside of a string") };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok((decoded, start..self.at));
                }
                '\\' => decoded.push(self.escape()?),
                c if u32::from(c) < 0x20 => return self.fail("a control character inside of a string"),
                c if crate::text::is_unsafe(c) => return self.fail("a character that cannot be seen"),
                c => {
                    decoded.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let plain = match self.text.as_bytes().get(self.at + 1) {
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(*b),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.fail("an escape that JSON does not have"),
        };
        self.at += 2;
        Ok(plain)
    }

    fn unicode(&mut self) -> Read<char> {
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let first = unit(self.at);
        let pair = [first.unwrap_or(0xdfff), unit(self.at + 6).unwrap_or(0)];
        let decoded = char::decode_utf16(pair).next().and_then(Result::ok);
        match (first, decoded) {
            (Some(_), Some(c)) => {
                self.at += if c.len_utf16() == 2 { 12 } else { 6 };
                Ok(c)
            }
            _ => self.fail("an escape that is not a character"),
        }
    }
}

/// Whether this can stand behind the digits of a number: a fraction, an exponent, or both.
fn is_fraction(rest: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    let exponent = |text: &str| digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    let (fraction, power) = match rest.split_once(['e', 'E']) {
        Some((fraction, power)) => (fraction, Some(power)),
        None => (rest, None),
    };
    (fraction.is_empty() || fraction.strip_prefix('.').is_some_and(digits)) && power.is_none_or(exponent)
}
