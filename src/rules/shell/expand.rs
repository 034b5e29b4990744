//! Words as the shell would make them: quotes removed, variables filled in with each value that they can have.

use brush_parser::word::{self, Parameter, ParameterExpr, SpecialParameter, WordPiece, WordPieceWithSource};

use super::program::options;
use super::scope::Assigned;
use super::text::{FETCHED, MOST_VALUES, NUMBER, PARAMETER, UNKNOWN, Word, is_open, join};
use super::walk::{Frame, Parameters, Walker};

/// How often a variable may stand in the value of another.
const DEEPEST: usize = 6;

/// The most places where one variable may be set.
const MOST_ASSIGNED: usize = 64;

/// The words that are being put together.
struct Building {
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
    fn splice(&mut self, words: Vec<Word>) {
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

    /// `$@` and `${array[@]}` become as many words as there are.
    fn splat(&mut self, piece: &WordPiece, frame: &Frame, depth: usize, to: &mut Building) -> bool {
        let WordPiece::ParameterExpansion(ParameterExpr::Parameter { parameter, indirect: false }) = piece else {
            return false;
        };
        match parameter {
            Parameter::Special(SpecialParameter::AllPositionalParameters { .. }) => {
                match &frame.parameters {
                    Parameters::Known(words) => to.splice(words.clone()),
                    Parameters::Own => to.splice(vec![Word { values: vec![PARAMETER.into()], many: true }]),
                    Parameters::Unknown => to.splice(vec![Word { values: vec![UNKNOWN.into()], many: true }]),
                }
                true
            }
            Parameter::NamedWithAllIndices { name, .. } => {
                let words = self.array(name, frame, depth);
                to.splice(words);
                true
            }
            _ => false,
        }
    }

    /// The elements of an array: one by one if it gets them in one place, else all of them as one that is many.
    fn array(&mut self, name: &str, frame: &Frame, depth: usize) -> Vec<Word> {
        let assigned = self.scope.seen(name, frame.function);
        if depth > DEEPEST || assigned.is_empty() || (self.scope.any && self.naming) {
            return vec![Word { values: vec![UNKNOWN.into()], many: true }];
        }
        if let [(function, Assigned::Array(raws))] = assigned.as_slice() {
            let frame = frame.seen_from(*function);
            return raws.iter().flat_map(|raw| self.words(raw, &frame, depth + 1)).collect();
        }
        let values = self.lookup(name, frame, depth);
        vec![Word { values, many: true }]
    }

    /// Each value that a variable can have, wherever it gets it.
    fn lookup(&mut self, name: &str, frame: &Frame, depth: usize) -> Vec<String> {
        if matches!(name, "SECONDS" | "EPOCHSECONDS" | "RANDOM" | "LINENO" | "UID" | "EUID" | "PPID" | "BASHPID") {
            return vec![NUMBER.into()];
        }
        let assigned = self.scope.seen(name, frame.function);
        if assigned.is_empty() {
            return vec![match name {
                "HOME" => "/root".to_owned(),
                // What it was before: itself.
                "PATH" => "$PATH".to_owned(),
                _ => UNKNOWN.to_string(),
            }];
        }
        let again = self.looking.iter().any(|looking| looking == name);
        if depth > DEEPEST || again || assigned.len() > MOST_ASSIGNED || !self.spend(assigned.len()) {
            return vec![if name == "PATH" { "$PATH".into() } else { UNKNOWN.into() }];
        }
        self.looking.push(name.to_owned());
        let mut values = Vec::new();
        for (function, value) in assigned {
            match value {
                Assigned::Word(raw) => values.extend(self.values(&raw, &frame.seen_from(function), depth + 1)),
                Assigned::Array(raws) => {
                    for raw in raws {
                        let words = self.words(&raw, &frame.seen_from(function), depth + 1);
                        values.extend(words.into_iter().flat_map(|word| word.values));
                    }
                }
                Assigned::Open => values.push(UNKNOWN.into()),
                Assigned::Number => values.push(NUMBER.into()),
            }
        }
        self.looking.pop();
        self.spend(values.iter().map(String::len).sum::<usize>() / 32);
        if self.scope.any && self.naming {
            values.push(UNKNOWN.into());
        }
        values.sort();
        values.dedup();
        if values.len() > MOST_VALUES {
            let fetched = values.iter().any(|value| value.contains(FETCHED));
            return vec![if fetched { FETCHED } else { UNKNOWN }.to_string()];
        }
        values
    }

    fn get(&mut self, parameter: &Parameter, frame: &Frame, depth: usize) -> Vec<String> {
        match parameter {
            Parameter::Positional(0) => vec![UNKNOWN.into()],
            Parameter::Positional(number) => match &frame.parameters {
                Parameters::Known(words) => match words.iter().position(|word| word.many) {
                    // What is behind something of unknown length can be anywhere.
                    Some(many) if many < *number as usize => {
                        words[many..].iter().flat_map(|word| word.values.clone()).collect()
                    }
                    _ => {
                        words.get(*number as usize - 1).map_or_else(|| vec![String::new()], |word| word.values.clone())
                    }
                },
                Parameters::Own => vec![PARAMETER.into()],
                Parameters::Unknown => vec![UNKNOWN.into()],
            },
            Parameter::Special(SpecialParameter::AllPositionalParameters { .. }) => match &frame.parameters {
                Parameters::Known(words) => {
                    let words = words.clone();
                    words.iter().fold(vec![String::new()], |text, word| {
                        let space = if text == [String::new()] { "" } else { " " };
                        join(&join(&text, &[space.to_owned()]), &word.values)
                    })
                }
                Parameters::Own => vec![PARAMETER.into()],
                Parameters::Unknown => vec![UNKNOWN.into()],
            },
            Parameter::Special(SpecialParameter::ShellName | SpecialParameter::CurrentOptionFlags) => {
                vec![UNKNOWN.into()]
            }
            Parameter::Special(_) => vec![NUMBER.into()],
            Parameter::Named(name) => self.lookup(name, frame, depth),
            Parameter::NamedWithIndex { name, index } => {
                self.arithmetic(index, frame, depth);
                self.lookup(name, frame, depth)
            }
            Parameter::NamedWithAllIndices { name, .. } => {
                let words = self.array(name, frame, depth);
                words.into_iter().fold(vec![String::new()], |text, word| {
                    let space = if text == [String::new()] { "" } else { " " };
                    join(&join(&text, &[space.to_owned()]), &word.values)
                })
            }
        }
    }

    fn parameter(&mut self, expression: &ParameterExpr, frame: &Frame, depth: usize) -> Vec<String> {
        use ParameterExpr as E;
        let (parameter, indirect) = match expression {
            E::Parameter { parameter, indirect }
            | E::UseDefaultValues { parameter, indirect, .. }
            | E::AssignDefaultValues { parameter, indirect, .. }
            | E::IndicateErrorIfNullOrUnset { parameter, indirect, .. }
            | E::UseAlternativeValue { parameter, indirect, .. }
            | E::RemoveSmallestSuffixPattern { parameter, indirect, .. }
            | E::RemoveLargestSuffixPattern { parameter, indirect, .. }
            | E::RemoveSmallestPrefixPattern { parameter, indirect, .. }
            | E::RemoveLargestPrefixPattern { parameter, indirect, .. }
            | E::Substring { parameter, indirect, .. }
            | E::Transform { parameter, indirect, .. }
            | E::UppercaseFirstChar { parameter, indirect, .. }
            | E::UppercasePattern { parameter, indirect, .. }
            | E::LowercaseFirstChar { parameter, indirect, .. }
            | E::LowercasePattern { parameter, indirect, .. }
            | E::ReplaceSubstring { parameter, indirect, .. } => (parameter, *indirect),
            E::ParameterLength { .. } => return vec![NUMBER.into()],
            E::VariableNames { .. } | E::MemberKeys { .. } => return vec![UNKNOWN.into()],
        };
        let values = if indirect { vec![UNKNOWN.into()] } else { self.get(parameter, frame, depth) };
        self.inside(expression, &values, frame, depth);
        match expression {
            E::Parameter { .. } | E::IndicateErrorIfNullOrUnset { .. } => values,
            E::UseDefaultValues { default_value, .. } | E::AssignDefaultValues { default_value, .. } => {
                let mut values = values;
                let default = default_value.as_deref().unwrap_or_default();
                values.extend(self.values(default, frame, depth + 1));
                values
            }
            E::UseAlternativeValue { alternative_value, .. } => {
                let mut values = self.values(alternative_value.as_deref().unwrap_or_default(), frame, depth + 1);
                values.push(String::new());
                values
            }
            E::RemoveSmallestSuffixPattern { pattern, .. } => cut(&values, pattern.as_deref(), cut_end_short),
            E::RemoveLargestSuffixPattern { pattern, .. } => cut(&values, pattern.as_deref(), cut_end_long),
            E::RemoveSmallestPrefixPattern { pattern, .. } => cut(&values, pattern.as_deref(), cut_start_short),
            E::RemoveLargestPrefixPattern { pattern, .. } => cut(&values, pattern.as_deref(), cut_start_long),
            _ => values.iter().map(|value| changed(value)).collect(),
        }
    }
}

impl Walker<'_> {
    /// What runs inside of an expression besides its value: substitutions in patterns, places and messages.
    fn inside(&mut self, expression: &ParameterExpr, values: &[String], frame: &Frame, depth: usize) {
        use ParameterExpr as E;
        let texts: Vec<&str> = match expression {
            E::IndicateErrorIfNullOrUnset { error_message: text, .. }
            | E::RemoveSmallestSuffixPattern { pattern: text, .. }
            | E::RemoveLargestSuffixPattern { pattern: text, .. }
            | E::RemoveSmallestPrefixPattern { pattern: text, .. }
            | E::RemoveLargestPrefixPattern { pattern: text, .. }
            | E::UppercaseFirstChar { pattern: text, .. }
            | E::UppercasePattern { pattern: text, .. }
            | E::LowercaseFirstChar { pattern: text, .. }
            | E::LowercasePattern { pattern: text, .. } => text.as_deref().into_iter().collect(),
            E::ReplaceSubstring { pattern, replacement, .. } => {
                [Some(pattern.as_str()), replacement.as_deref()].into_iter().flatten().collect()
            }
            E::Substring { offset, length, .. } => {
                [Some(offset.value.as_str()), length.as_ref().map(|length| length.value.as_str())]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            // `${x@P}` runs what substitutions its value has.
            E::Transform { .. } => values.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        for text in texts.into_iter().filter(|text| text.contains(['$', '`'])) {
            self.values(text, frame, depth + 1);
        }
    }
}

/// A text of which some is replaced: known to come from arguments or the network, and nothing more.
fn changed(value: &str) -> String {
    match value {
        _ if value.contains(FETCHED) => FETCHED.to_string(),
        _ if value.chars().all(|c| c == PARAMETER) => value.to_owned(),
        _ => UNKNOWN.to_string(),
    }
}

/// What is left of each value without what a pattern of one fixed text, and one `*` at most, takes away.
fn cut(values: &[String], pattern: Option<&str>, how: fn(&str, &str, bool) -> Option<String>) -> Vec<String> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else { return values.to_vec() };
    let fixed = pattern.trim_matches('*');
    let simple = !fixed.contains(['*', '?', '[', '\\', '$', '"', '\'', '`', '(', '~']) && !fixed.is_empty();
    let starred = fixed.len() < pattern.len();
    values
        .iter()
        .map(|value| if simple { how(value, fixed, starred).unwrap_or_else(|| value.clone()) } else { changed(value) })
        .collect()
}

fn cut_end_short(value: &str, fixed: &str, starred: bool) -> Option<String> {
    let end = if starred { value.rfind(fixed)? } else { value.strip_suffix(fixed)?.len() };
    Some(value[..end].to_owned())
}

fn cut_end_long(value: &str, fixed: &str, starred: bool) -> Option<String> {
    let end = if starred { value.find(fixed)? } else { value.strip_suffix(fixed)?.len() };
    Some(value[..end].to_owned())
}

fn cut_start_short(value: &str, fixed: &str, starred: bool) -> Option<String> {
    let start =
        if starred { value.find(fixed)? + fixed.len() } else { value.strip_prefix(fixed).map(|_| fixed.len())? };
    Some(value[start..].to_owned())
}

fn cut_start_long(value: &str, fixed: &str, starred: bool) -> Option<String> {
    let start =
        if starred { value.rfind(fixed)? + fixed.len() } else { value.strip_prefix(fixed).map(|_| fixed.len())? };
    Some(value[start..].to_owned())
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
