//! Pipelines, loops and conditions: what of a script's tree runs, in which order, and what each part reads.

use std::ops::Range;

use brush_parser::ast::{self, Command, CompoundCommand};

use super::call::Input;
use super::walk::{Frame, Walker};

impl Walker<'_> {
    pub(super) fn list(&mut self, list: &ast::CompoundList, frame: &Frame, input: &Input) -> bool {
        let mut fetched = false;
        for ast::CompoundListItem(and_or, _) in &list.0 {
            for (_, pipeline) in and_or {
                fetched |= self.pipeline(pipeline, frame, input);
            }
        }
        fetched
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, frame: &Frame, input: &Input) -> bool {
        let mut input = input.clone();
        let mut fetched = false;
        for command in &pipeline.seq {
            fetched = self.one(command, frame, &input);
            input = Input { piped: true, fetched: fetched || input.fetched, text: None };
        }
        fetched || (input.fetched && pipeline.seq.len() > 1)
    }

    fn one(&mut self, command: &Command, frame: &Frame, input: &Input) -> bool {
        if !self.spend(1) {
            return false;
        }
        match command {
            Command::Simple(simple) => self.simple(simple, frame, input),
            Command::Compound(compound, redirects) => {
                let bytes = Self::bytes(command, frame);
                let own = self.redirects(redirects.as_ref(), frame, &bytes);
                let input = if own.piped || own.text.is_some() { own } else { input.clone() };
                self.compound(compound, frame, &input)
            }
            Command::Function(_) => false,
            Command::ExtendedTest(test, redirects) => {
                let bytes = Self::bytes(command, frame);
                self.redirects(redirects.as_ref(), frame, &bytes);
                let anchored = Frame { anchor: Some(bytes), ..frame.clone() };
                self.test(&test.expr, &anchored);
                false
            }
        }
    }

    fn test(&mut self, test: &ast::ExtendedTestExpr, frame: &Frame) {
        use ast::ExtendedTestExpr as T;
        match test {
            T::And(a, b) | T::Or(a, b) => {
                self.test(a, frame);
                self.test(b, frame);
            }
            T::Not(a) | T::Parenthesized(a) => self.test(a, frame),
            T::UnaryTest(_, word) => {
                self.values(&word.value, frame, 0);
            }
            T::BinaryTest(_, a, b) => {
                self.values(&a.value, frame, 0);
                // A pattern need not be a word, but what it substitutes is run.
                if b.value.contains(['$', '`']) {
                    self.values(&b.value, frame, 0);
                }
            }
        }
    }

    pub(super) fn bytes(node: &impl ast::Node, frame: &Frame) -> Range<usize> {
        frame.anchor.clone().or_else(|| frame.program.bytes_of(node)).unwrap_or(0..0)
    }

    pub(super) fn compound(&mut self, command: &CompoundCommand, frame: &Frame, input: &Input) -> bool {
        let anchored = |bytes| Frame { anchor: Some(bytes), ..frame.clone() };
        match command {
            CompoundCommand::Arithmetic(sum) => {
                let frame = anchored(Self::bytes(command, frame));
                self.arithmetic(&sum.expr.value, &frame, 0);
                false
            }
            CompoundCommand::ArithmeticForClause(each) => {
                let at = anchored(Self::bytes(command, frame));
                for part in [&each.initializer, &each.condition, &each.updater].into_iter().flatten() {
                    self.arithmetic(&part.value, &at, 0);
                }
                self.list(&each.body.list, frame, input)
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list, frame, input),
            CompoundCommand::Subshell(group) => self.list(&group.list, frame, input),
            CompoundCommand::ForClause(each) => {
                let at = anchored(Self::bytes(command, frame));
                for word in each.values.iter().flatten() {
                    self.words(&word.value, &at, 0);
                }
                self.list(&each.body.list, frame, input)
            }
            CompoundCommand::CaseClause(case) => {
                let at = anchored(Self::bytes(command, frame));
                self.values(&case.value.value, &at, 0);
                let mut fetched = false;
                for item in &case.cases {
                    for pattern in item.patterns.iter().filter(|word| word.value.contains(['$', '`'])) {
                        self.values(&pattern.value, &at, 0);
                    }
                    fetched |= item.cmd.as_ref().is_some_and(|list| self.list(list, frame, input));
                }
                fetched
            }
            CompoundCommand::IfClause(clause) => {
                let mut fetched = self.list(&clause.condition, frame, input);
                fetched |= self.list(&clause.then, frame, input);
                for part in clause.elses.iter().flatten() {
                    fetched |= part.condition.as_ref().is_some_and(|list| self.list(list, frame, input));
                    fetched |= self.list(&part.body, frame, input);
                }
                fetched
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0, frame, input) | self.list(&clause.1.list, frame, input)
            }
            CompoundCommand::Coprocess(process) => {
                self.one(&process.body, frame, &Input { piped: true, ..Input::default() })
            }
        }
    }
}
