//! A command without others in it: its assignments, its name and its arguments.

use std::ops::Range;

use brush_parser::ast::{self, CommandPrefixOrSuffixItem as Item};

use super::call::Input;
use super::environment;
use super::text::{FETCHED, UNKNOWN, Word};
use super::walk::{Context, Frame, Walker};

impl Walker<'_> {
    pub(super) fn simple(&mut self, simple: &ast::SimpleCommand, frame: &Frame, input: &Input) -> bool {
        let bytes = Self::bytes(simple, frame);
        let at = Frame { anchor: Some(bytes.clone()), ..frame.clone() };
        let mut own = Input::default();
        let mut inside = false;
        self.reads = simple.word_or_name.as_ref().is_some_and(|name| matches!(name.value.as_str(), "read" | "mapfile"));
        // An assignment before a command is no argument.
        let mut assignments = Vec::new();
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            inside |= self.item(item, frame, &at, &bytes, &mut own, &mut assignments);
        }
        self.reads = false;
        let mut words = Vec::new();
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            inside |= self.item(item, frame, &at, &bytes, &mut own, &mut words);
        }
        let input = own.over(input);
        let Some(name) = &simple.word_or_name else { return inside };
        let context = Context { frame, bytes, input, depth: 0 };
        let mut fetched = inside;
        for start in self.starts(&name.value, &at) {
            let words = start.into_iter().chain(words.iter().cloned()).collect::<Vec<_>>();
            fetched |= self.command(&words, &context);
        }
        fetched
    }

    /// The words of a command's name: where it is a variable, in each of its values.
    fn starts(&mut self, raw: &str, frame: &Frame) -> Vec<Vec<Word>> {
        self.naming = true;
        let words = self.words(raw, frame, 0);
        let values = self.values(raw, frame, 0);
        self.naming = false;
        if !words.iter().any(|word| word.many) {
            return vec![words];
        }
        let split = |value: String| value.split_ascii_whitespace().map(Word::known).collect();
        values.into_iter().map(split).collect()
    }

    fn item(
        &mut self,
        item: &Item,
        frame: &Frame,
        at: &Frame,
        bytes: &Range<usize>,
        input: &mut Input,
        words: &mut Vec<Word>,
    ) -> bool {
        match item {
            Item::IoRedirect(redirect) => self.redirect(redirect, frame, bytes, input),
            Item::Word(word) => words.extend(self.words(&word.value, at, 0)),
            Item::AssignmentWord(assignment, word) => {
                let values = match &assignment.value {
                    ast::AssignmentValue::Scalar(word) => self.values(&word.value, at, 0),
                    ast::AssignmentValue::Array(elements) => {
                        // The number of an element is a sum, or a text in which something may run.
                        for index in elements.iter().filter_map(|(index, _)| index.as_ref()) {
                            self.arithmetic(&index.value, at, 0);
                        }
                        let words = elements.iter().flat_map(|(_, word)| self.words(&word.value, at, 0));
                        words.collect::<Vec<_>>().into_iter().flat_map(|word| word.values).collect()
                    }
                };
                let name = match &assignment.name {
                    ast::AssignmentName::VariableName(name) => name,
                    ast::AssignmentName::ArrayElementName(name, index) => {
                        self.arithmetic(index, at, 0);
                        name
                    }
                };
                if self.scope.integers.contains(name) {
                    for value in &values {
                        self.evaluated(value, at, 0);
                    }
                }
                // `IFS=, read` is for what it reads alone.
                let for_read = name == "IFS" && self.reads;
                if !for_read && let Some(found) = environment::check(name, &values, bytes) {
                    self.say(frame, found);
                }
                if matches!(assignment.value, ast::AssignmentValue::Scalar(_)) {
                    let texts = values.iter().map(|value| format!("{name}={value}")).collect();
                    words.push(Word { values: texts, many: false });
                } else {
                    words.push(Word { values: vec![word.value.clone()], many: false });
                }
            }
            Item::ProcessSubstitution(kind, shell) => {
                let piped = Input { piped: matches!(kind, ast::ProcessSubstitutionKind::Write), ..Input::default() };
                let fetched = self.list(&shell.list, at, &piped);
                let hole = if fetched { FETCHED } else { UNKNOWN };
                words.push(Word::known(format!("/dev/fd/{hole}")));
                return fetched;
            }
        }
        false
    }
}
