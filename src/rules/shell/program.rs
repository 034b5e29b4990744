//! Reads a script into a tree, within limits that the parser itself does not have.

use std::ops::Range;

use brush_parser::ast;
use brush_parser::{ParserOptions, SourceSpan, Token};

/// The largest script that is judged, in bytes.
const LARGEST: usize = 256 * 1024;
/// The most substitutions in one script, and in one word. The tokenizer calls itself for each inside another.
const MOST_OPEN: usize = 4096;
const MOST_OPEN_IN_WORD: usize = 96;
/// The parser tries some things again and again at each level: parentheses, and elements of arrays.
const DEEPEST: usize = 40;
const DEEPEST_PARENTHESES: usize = 8;
const MOST_ELEMENTS: usize = 3;
const MOST_MEMBERS: usize = 8;

/// A script that was read.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) tree: ast::Program,
    pub(super) text: String,
    /// The byte of each character, where they differ.
    bytes: Vec<usize>,
}

/// Why a script cannot be judged, and where.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) reason: String,
    pub(super) bytes: Range<usize>,
}

pub(super) fn options() -> ParserOptions {
    ParserOptions { tilde_expansion_at_word_start: false, ..ParserOptions::default() }
}

impl Program {
    /// Reads a script. Its caller has a stack that is large enough.
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        let whole = |reason: String| Unreadable { reason, bytes: 0..0 };
        if text.len() > LARGEST {
            return Err(whole(format!("it has more than {LARGEST} bytes of shell")));
        }
        if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\t')) {
            let reason = format!("the control character U+{:04X} has no business in a script", c as u32);
            return Err(Unreadable { reason, bytes: at..at + c.len_utf8() });
        }
        if openings(text) > MOST_OPEN {
            return Err(whole("it has more substitutions than podclaw follows".into()));
        }
        let options = options();
        let tokens = brush_parser::uncached_tokenize_str(text, &options.tokenizer_options())
            .map_err(|error| whole(format!("it is no shell script: {error}")))?;
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        let mut program = Self { tree: ast::Program { complete_commands: Vec::new() }, text: text.to_owned(), bytes };
        if let Some((reason, token)) = too_deep(&tokens) {
            return Err(Unreadable { reason, bytes: program.bytes(token.location()) });
        }
        program.tree = brush_parser::parse_tokens(&tokens, &options).map_err(|error| {
            let bytes = match &error {
                brush_parser::ParseError::ParsingNear(near) => {
                    let at = program.byte(near.index);
                    at..at
                }
                _ => 0..0,
            };
            Unreadable { reason: format!("it is no shell script: {error}"), bytes }
        })?;
        Ok(program)
    }

    /// The bytes of a part of the tree.
    pub(super) fn bytes(&self, span: &SourceSpan) -> Range<usize> {
        let start = self.byte(span.start.index);
        start..self.byte(span.end.index).max(start)
    }

    /// The bytes of a command, or nothing where the parser does not say.
    pub(super) fn bytes_of(&self, node: &impl ast::Node) -> Option<Range<usize>> {
        node.location().map(|span| self.bytes(&span))
    }

    fn byte(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            character.min(self.text.len())
        } else {
            self.bytes.get(character).copied().unwrap_or(self.text.len())
        }
    }
}

fn openings(text: &str) -> usize {
    text.as_bytes().windows(2).filter(|two| matches!(*two, b"$(" | b"${" | b"<(" | b">(" | b"$[")).count()
        + text.bytes().filter(|&b| b == b'`').count()
}

/// What the parser would take too long for, or call itself too often for.
fn too_deep(tokens: &[Token]) -> Option<(String, &Token)> {
    let mut open: Vec<&str> = Vec::new();
    let mut at_command = true;
    let mut names = false;
    for token in tokens {
        let text = token.to_str();
        match token {
            Token::Operator(..) => {
                match text {
                    "(" => open.push("("),
                    ")" if open.last() == Some(&"(") => {
                        open.pop();
                    }
                    _ => {}
                }
                at_command = true;
            }
            Token::Word(..) => {
                if openings(text) > MOST_OPEN_IN_WORD || members(text) > MOST_MEMBERS || elements(text) > MOST_ELEMENTS
                {
                    return Some(("this word has more substitutions than podclaw follows".into(), token));
                }
                // What follows the name of a function is a command again.
                at_command = word(text, at_command, &mut open) || names;
                names = matches!(text, "function" | "coproc");
            }
        }
        let parentheses = open.iter().filter(|opening| **opening == "(").count();
        if open.len() > DEEPEST || parentheses > DEEPEST_PARENTHESES {
            return Some(("this is nested deeper than podclaw follows".into(), token));
        }
    }
    None
}

/// Takes a word into account, and tells whether a reserved word can follow it.
fn word<'a>(text: &'a str, at_command: bool, open: &mut Vec<&'a str>) -> bool {
    let closes = |opening: &[&str], open: &mut Vec<&'a str>| {
        if open.last().is_some_and(|last| opening.contains(last)) {
            open.pop();
        }
    };
    match text {
        "in" => return true,
        "{" => open.push(text),
        _ if !at_command => return false,
        "if" | "while" | "until" | "for" | "select" | "case" => open.push(text),
        "}" => closes(&["{"], open),
        "fi" => closes(&["if"], open),
        "done" => closes(&["while", "until", "for", "select"], open),
        "esac" => closes(&["case"], open),
        "then" | "else" | "elif" | "do" | "!" | "time" | "coproc" | "function" => {}
        _ => return false,
    }
    true
}

/// How many `{a,b}` are in a word, each of which doubles what it is. Text with spaces or line breaks is quoted.
fn members(text: &str) -> usize {
    if text.contains(char::is_whitespace) { 0 } else { text.matches('{').count() - text.matches("${").count() }
}

/// How many elements of arrays are named in a word.
fn elements(text: &str) -> usize {
    text.split("${")
        .skip(1)
        .filter(|rest| {
            let name = rest.trim_start_matches(['!', '#']);
            name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').starts_with('[')
        })
        .count()
}
