//! Words as the shell would make them: quotes removed, variables filled in with each value that they can have, and split.

use brush_parser::word::{self, WordPiece, WordPieceWithSource};

use super::program::options;
use super::text::{NUMBER, PARAMETER, UNKNOWN, Word, is_open, join};
use super::walk::{Frame, Walker};

/// The words that are being put together.
pub(super) struct Building {
    done: Vec<Word>,
    values: Vec<String>,
    /// Whether something, be it an empty text, makes this a word.
    begun: bool,
    many: bool,
}

impl Building {
    fn append(&mut self, values: &[String]) {
        self.values = join(&self.values, values);
        self.begun = true;
    }

    fn finish(&mut self) {
        let values = std::mem::replace(&mut self.values, vec![String::new()]);
        if std::mem::take(&mut self.begun) {
            self.done.push(Word { values, many: std::mem::take(&mut self.many) });
        }
    }

    /// Several words, of which the first continues this one, and the last can be continued.
    pub(super) fn splice(&mut self, words: Vec<Word>) {
        for (at, word) in words.into_iter().enumerate() {
            if at > 0 {
                self.finish();
            }
            self.append(&word.values);
            self.many |= word.many;
        }
    }

    /// What a variable without quotes holds is split at spaces.
    fn split(&mut self, values: &[String]) {
        let open = values.iter().any(|value| is_open(value) || value.contains(PARAMETER));
        if !values.iter().any(|value| value.contains([' ', '\t', '\n'])) {
            self.many |= open;
            return self.append(values);
        }
        let words = values.iter().flat_map(|value| value.split_ascii_whitespace()).map(Word::known);
        let mut words: Vec<Word> = words.collect();
        if values.len() > 1 {
            for word in &mut words {
                word.many = true;
            }
        }
        self.splice(words);
    }
}

impl Walker<'_> {
    /// The words that one word of a script becomes.
    pub(super) fn words(&mut self, raw: &str, frame: &Frame, depth: usize) -> Vec<Word> {
        if let Some(members) = braces(raw) {
            return members.iter().flat_map(|member| self.words(member, frame, depth + 1)).collect();
        }
        let Some(pieces) = self.pieces(raw) else { return vec![Word { values: vec![UNKNOWN.into()], many: true }] };
        let mut building = Building { done: Vec::new(), values: vec![String::new()], begun: false, many: false };
        for piece in &pieces {
            self.piece(piece, false, frame, depth, &mut building);
        }
        building.finish();
        building.done
    }

    /// The single text, in each of its values, that a word becomes where nothing is split, as in an assignment.
    pub(super) fn values(&mut self, raw: &str, frame: &Frame, depth: usize) -> Vec<String> {
        let Some(pieces) = self.pieces(raw) else { return vec![UNKNOWN.into()] };
        self.quoted(&pieces, frame, depth)
    }

    /// The text of a here-document.
    pub(super) fn here(&mut self, raw: &str, expands: bool, frame: &Frame) -> Vec<String> {
        if !expands {
            return vec![raw.to_owned()];
        }
        match word::parse_heredoc(raw, &options()) {
            Ok(pieces) => self.quoted(&pieces, frame, 0),
            Err(_) => vec![UNKNOWN.into()],
        }
    }

    fn pieces(&mut self, raw: &str) -> Option<Vec<WordPieceWithSource>> {
        self.spend(1 + raw.len() / 64).then(|| word::parse(raw, &options()).ok()).flatten()
    }

    fn quoted(&mut self, pieces: &[WordPieceWithSource], frame: &Frame, depth: usize) -> Vec<String> {
        let mut building = Building { done: Vec::new(), values: vec![String::new()], begun: true, many: false };
        for piece in pieces {
            self.piece(piece, true, frame, depth, &mut building);
        }
        building.finish();
        let mut words = building.done.into_iter();
        let first = words.next().map_or_else(Vec::new, |word| word.values);
        words.fold(first, |text, word| join(&join(&text, &[" ".to_owned()]), &word.values))
    }

    fn piece(&mut self, at: &WordPieceWithSource, quoted: bool, frame: &Frame, depth: usize, to: &mut Building) {
        match &at.piece {
            WordPiece::Text(text) => to.append(&[text.replace("\\\n", "")]),
            WordPiece::SingleQuotedText(text) => to.append(std::slice::from_ref(text)),
            WordPiece::AnsiCQuotedText(text) => to.append(&[super::ansi::decode(text)]),
            WordPiece::DoubleQuotedSequence(pieces) | WordPiece::GettextDoubleQuotedSequence(pieces) => {
                if pieces.len() == 1 && self.splat(&pieces[0].piece, frame, depth, to) {
                    return;
                }
                to.begun = true;
                for piece in pieces {
                    self.piece(piece, true, frame, depth, to);
                }
            }
            WordPiece::EscapeSequence(text) => {
                let text = text.strip_prefix('\\').unwrap_or(text);
                to.append(&[if text == "\n" { String::new() } else { text.to_owned() }]);
            }
            WordPiece::TildeExpansion(_) => to.append(&["~".to_owned()]),
            WordPiece::ArithmeticExpression(expression) => {
                self.arithmetic(&expression.value, frame, depth);
                to.append(&[NUMBER.to_string()]);
            }
            WordPiece::CommandSubstitution(script) => {
                let values = vec![self.substitution(script, frame, depth).to_string()];
                if quoted { to.append(&values) } else { to.split(&values) }
            }
            WordPiece::BackquotedCommandSubstitution(script) => {
                let script = script.replace("\\`", "`").replace("\\\\", "\\").replace("\\$", "$");
                let values = vec![self.substitution(&script, frame, depth).to_string()];
                if quoted { to.append(&values) } else { to.split(&values) }
            }
            WordPiece::ParameterExpansion(expression) => {
                if self.splat(&at.piece, frame, depth, to) {
                    return;
                }
                let values = self.parameter(expression, frame, depth);
                if quoted { to.append(&values) } else { to.split(&values) }
            }
        }
    }
}

/// The members of a word that has one `{a,b}` in it and nothing else of a meaning of its own.
fn braces(raw: &str) -> Option<Vec<String>> {
    let open = raw.find('{').filter(|&open| open == 0 || !raw[..open].ends_with(['$', '\\']))?;
    if raw.contains(['"', '\'', '`', '$', '\\']) {
        return None;
    }
    let close = open + raw[open..].find('}')?;
    let inner = &raw[open + 1..close];
    if inner.contains('{') || !(inner.contains(',') || inner.contains("..")) {
        return inner.contains('{').then(|| vec![UNKNOWN.to_string()]);
    }
    if !inner.contains(',') {
        return Some(vec![UNKNOWN.to_string()]);
    }
    let (before, after) = (&raw[..open], &raw[close + 1..]);
    Some(inner.split(',').map(|member| format!("{before}{member}{after}")).filter(|word| !word.is_empty()).collect())
}
