//! Pipelines, loops and conditions: what of a script's tree runs, in which order, and what each part reads.

use std::ops::Range;

use brush_parser::ast::{self, Command, CompoundCommand};

use super::call::{Call, Input};
use super::walk::{Frame, Walker};

impl Walker<'_> {
    pub(super) fn list(&mut self, list: &ast::CompoundList, frame: &Frame, input: &Input) -> bool {
        let mut fetched = false;
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            let aside = matches!(separator, ast::SeparatorOperator::Async);
            let pipelines: Vec<_> = and_or.into_iter().collect();
            let excused = self.excused(&pipelines);
            for ((_, pipeline), excused) in pipelines.into_iter().zip(excused) {
                let excused = input.excused || aside || excused;
                fetched |= self.pipeline(pipeline, frame, &Input { excused, ..input.clone() });
            }
        }
        fetched
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, frame: &Frame, input: &Input) -> bool {
        let mut fetched = false;
        let mut read = input.clone();
        for (at, command) in pipeline.seq.iter().enumerate() {
            let is_last = at + 1 == pipeline.seq.len();
            // Only the last one writes where all of it does, and only its failure counts for sure.
            read.to = if is_last { input.to.clone() } else { Vec::new() };
            read.excused = input.excused || pipeline.bang || !is_last;
            let before = self.calls.len();
            fetched = self.one(command, frame, &read);
            let printed = match (&self.calls[before..], command) {
                ([only], Command::Simple(_)) => printed(only),
                _ => None,
            };
            read = Input { piped: true, fetched: fetched || read.fetched, printed, ..Input::default() };
        }
        fetched || (read.fetched && pipeline.seq.len() > 1)
    }

    /// Of which pipelines a script bears the failure, by what follows each behind `&&` and `||`.
    fn excused(&self, pipelines: &[(ast::PipelineOperator, &ast::Pipeline)]) -> Vec<bool> {
        let mut later = false;
        let mut excused = Vec::new();
        for (operator, pipeline) in pipelines.iter().rev() {
            excused.push(later);
            later |= match operator {
                // Of a list, `set -e` sees the last command only. An entry of `runcmd` has nothing else.
                ast::PipelineOperator::And => self.setting.script,
                ast::PipelineOperator::Or => !self.ends(pipeline),
            };
        }
        excused.reverse();
        excused
    }

    /// Whether a script certainly ends here.
    fn ends(&self, pipeline: &ast::Pipeline) -> bool {
        let [command] = pipeline.seq.as_slice() else { return false };
        match command {
            Command::Simple(simple) => {
                let name = simple.word_or_name.as_ref().map_or("", |word| word.value.as_str());
                let own = |name: &str| !self.scope.functions.contains_key(name);
                let library =
                    || self.scope.functions.get(name).is_some_and(|all| all.iter().all(|function| function.library));
                // With 0 they end it as if all were well.
                let fails = simple.suffix.as_ref().is_none_or(|suffix| {
                    !suffix
                        .0
                        .iter()
                        .any(|item| matches!(item, ast::CommandPrefixOrSuffixItem::Word(w) if w.value == "0"))
                });
                (matches!(name, "exit" | "return" | "false") && own(name) && fails) || (name == "fail" && library())
            }
            Command::Compound(CompoundCommand::BraceGroup(group), None) => self.list_ends(&group.list),
            _ => false,
        }
    }

    fn list_ends(&self, list: &ast::CompoundList) -> bool {
        let last = list.0.last().and_then(|ast::CompoundListItem(and_or, _)| and_or.into_iter().last());
        last.is_some_and(|(operator, pipeline)| matches!(operator, ast::PipelineOperator::And) && self.ends(pipeline))
            && list.0.last().is_some_and(|ast::CompoundListItem(and_or, _)| and_or.additional.is_empty())
    }

    /// Conditions do not end a script, unless what is run when they do not hold does.
    fn condition(
        &mut self,
        list: &ast::CompoundList,
        then: Option<&ast::CompoundList>,
        frame: &Frame,
        input: &Input,
    ) -> bool {
        let [ast::CompoundListItem(and_or, _)] = list.0.as_slice() else {
            return self.list(list, frame, &Input { excused: true, ..input.clone() });
        };
        let negated = and_or.additional.is_empty() && and_or.first.bang;
        if negated && then.is_some_and(|then| self.list_ends(then)) {
            let plain = ast::Pipeline { bang: false, ..and_or.first.clone() };
            return self.pipeline(&plain, frame, input);
        }
        self.list(list, frame, &Input { excused: true, ..input.clone() })
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
                let input = own.over(input);
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
            T::UnaryTest(test, word) => {
                use ast::UnaryPredicate as U;
                let values = self.values(&word.value, frame, 0);
                if matches!(test, U::ShellVariableIsSetAndAssigned | U::ShellVariableIsSetAndNameRef) {
                    for value in &values {
                        self.name(value, frame);
                    }
                }
            }
            T::BinaryTest(test, a, b) => {
                use ast::BinaryPredicate as B;
                if matches!(
                    test,
                    B::ArithmeticEqualTo
                        | B::ArithmeticNotEqualTo
                        | B::ArithmeticLessThan
                        | B::ArithmeticLessThanOrEqualTo
                        | B::ArithmeticGreaterThan
                        | B::ArithmeticGreaterThanOrEqualTo
                ) {
                    for word in [a, b] {
                        for value in self.values(&word.value, frame, 0) {
                            self.evaluated(&value, frame, 0);
                        }
                    }
                    return;
                }
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
                let mut fetched = self.condition(&clause.condition, Some(&clause.then), frame, input);
                fetched |= self.list(&clause.then, frame, input);
                for part in clause.elses.iter().flatten() {
                    fetched |= part
                        .condition
                        .as_ref()
                        .is_some_and(|list| self.condition(list, Some(&part.body), frame, input));
                    fetched |= self.list(&part.body, frame, input);
                }
                fetched
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.condition(&clause.0, None, frame, input) | self.list(&clause.1.list, frame, input)
            }
            CompoundCommand::Coprocess(process) => {
                self.one(&process.body, frame, &Input { piped: true, excused: true, ..Input::default() })
            }
        }
    }
}

/// What `echo` and `printf` print, where that is told by their arguments. Each backslash but those of `\n` can mean
/// something else to one of them.
fn printed(call: &Call) -> Option<String> {
    let words: Option<Vec<&str>> = call.args.iter().map(|word| word.one().filter(|_| !word.many)).collect();
    let words = words?;
    if words.first().is_some_and(|word| word.starts_with('-')) {
        return None;
    }
    let text = match (call.name.as_str(), words.as_slice()) {
        ("echo", words) => words.join(" "),
        ("printf", [format @ ("%s  %s\\n" | "%s *%s\\n"), digest, file]) => {
            format!("{digest} {}{file}", if format.contains('*') { '*' } else { ' ' })
        }
        ("printf", [text]) if !text.contains('%') => text.replace("\\n", "\n"),
        ("printf", ["%s\\n", lines @ ..]) => lines.join("\n"),
        _ => return None,
    };
    (!text.contains('\\')).then_some(text)
}
