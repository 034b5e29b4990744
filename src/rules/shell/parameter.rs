//! What parameters hold: variables, arrays and arguments, with what an expansion like `${name%.*}` makes of them.

use brush_parser::word::{Parameter, ParameterExpr, ParameterTransformOp, SpecialParameter, WordPiece};

use super::expand::Building;
use super::scope::Assigned;
use super::text::{FETCHED, MOST_VALUES, NUMBER, PARAMETER, UNKNOWN, Word, is_hole, join};
use super::walk::{Frame, Parameters, Walker};

/// How often a variable may stand in the value of another.
const DEEPEST: usize = 6;

/// The most places where one variable may be set.
const MOST_ASSIGNED: usize = 64;

impl Walker<'_> {
    /// `$@` and `${array[@]}` become as many words as there are.
    pub(super) fn splat(&mut self, piece: &WordPiece, frame: &Frame, depth: usize, to: &mut Building) -> bool {
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
    pub(super) fn lookup(&mut self, name: &str, frame: &Frame, depth: usize) -> Vec<String> {
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

    /// What the variables of these names hold: `${!name}`.
    fn named_by(&mut self, names: &[String], frame: &Frame, depth: usize) -> Vec<String> {
        let mut values = Vec::new();
        for name in names {
            self.name(name, frame);
            let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if plain && depth < DEEPEST {
                values.extend(self.lookup(name, frame, depth + 1));
            } else {
                values.push(UNKNOWN.into());
            }
        }
        if values.len() > MOST_VALUES { vec![UNKNOWN.into()] } else { values }
    }

    pub(super) fn parameter(&mut self, expression: &ParameterExpr, frame: &Frame, depth: usize) -> Vec<String> {
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
        let mut values = self.get(parameter, frame, depth);
        if indirect {
            values = self.named_by(&values, frame, depth);
        }
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
            E::RemoveSmallestSuffixPattern { pattern, .. } => cut(&values, pattern.as_deref(), Side::End, false),
            E::RemoveLargestSuffixPattern { pattern, .. } => cut(&values, pattern.as_deref(), Side::End, true),
            E::RemoveSmallestPrefixPattern { pattern, .. } => cut(&values, pattern.as_deref(), Side::Start, false),
            E::RemoveLargestPrefixPattern { pattern, .. } => cut(&values, pattern.as_deref(), Side::Start, true),
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
                self.arithmetic(&offset.value, frame, depth);
                if let Some(length) = length {
                    self.arithmetic(&length.value, frame, depth);
                }
                Vec::new()
            }
            // `${x@P}` runs what substitutions its value has.
            E::Transform { op, .. } => {
                let unsure = values.iter().any(|value| value.contains([UNKNOWN, FETCHED]));
                if unsure && matches!(op, ParameterTransformOp::PromptExpand) {
                    let message = "`@P` runs what substitutions are in a text that cannot be told".into();
                    self.say_at(frame, "expansion", message);
                }
                values.iter().map(String::as_str).collect()
            }
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

/// Where a pattern of `${name#pattern}` and its like begins or ends to fit.
#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

/// What is left of each value without what a pattern takes away. Only patterns are followed that are one fixed text, with
/// a `*` at most between it and the side that is cut: of any other it is not told where it fits.
fn cut(values: &[String], pattern: Option<&str>, side: Side, most: bool) -> Vec<String> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else { return values.to_vec() };
    let starred = match side {
        Side::Start => pattern.strip_prefix('*'),
        Side::End => pattern.strip_suffix('*'),
    };
    let fixed = starred.unwrap_or(pattern);
    if fixed.is_empty() || fixed.contains(['*', '?', '[', '\\', '$', '"', '\'', '`', '(', '~']) {
        return values.iter().map(|value| changed(value)).collect();
    }
    let left = |value: &str| -> Option<String> {
        let left = match (side, starred.is_some()) {
            (Side::Start, false) => value.strip_prefix(fixed)?,
            (Side::End, false) => value.strip_suffix(fixed)?,
            // From the start the first place where it fits takes the least, from the end the last.
            (Side::Start, true) => &value[if most { value.rfind(fixed)? } else { value.find(fixed)? } + fixed.len()..],
            (Side::End, true) => &value[..if most { value.find(fixed)? } else { value.rfind(fixed)? }],
        };
        Some(left.to_owned())
    };
    let each = |value: &String| {
        let Some(left) = left(value) else { return vec![value.clone()] };
        let gone = match side {
            Side::Start => &value[..value.len() - left.len()],
            Side::End => &value[left.len()..],
        };
        // What is not known there can hold the fixed text too: then less is cut.
        match (gone.find(is_hole), side) {
            (None, _) => vec![left],
            (Some(_), Side::Start) => vec![format!("{gone}{left}"), left],
            (Some(_), Side::End) => vec![format!("{left}{gone}"), left],
        }
    };
    values.iter().flat_map(each).collect()
}
