//! Follows a script command by command, through functions, substitutions and the shells that it starts.
//!
//! Nothing is decided here about what a command may do: each is handed to the rules once it is known which it is.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use brush_parser::ast::{self, Command, CommandPrefixOrSuffixItem as Item, CompoundCommand, IoFileRedirectTarget};

use super::call::{Call, Found, Input};
use super::program::{Program, Unreadable};
use super::scope::{FunctionId, Scope};
use super::text::{FETCHED, UNKNOWN, Word};
use super::{Setting, environment, network, syntax, writes};

/// How much is followed in all, before a script counts as too complicated to be judged.
const MOST_STEPS: usize = 100_000;
/// How deep functions, substitutions and shells may be inside of each other.
pub(super) const DEEPEST: usize = 12;

/// The arguments of a script or a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Parameters {
    /// Of a script that anybody can call.
    Unknown,
    /// Of a function that is looked at by itself: it is looked at again wherever it is called.
    Own,
    /// These.
    Known(Vec<Word>),
}

/// Where the walk is.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) function: FunctionId,
    pub(super) parameters: Parameters,
    pub(super) program: Arc<Program>,
    /// What everything in here is shown at, where that is not in the text that is judged.
    pub(super) anchor: Option<Range<usize>>,
    pub(super) depth: usize,
}

impl Frame {
    /// The same place, with the arguments as an assignment in a function has them.
    pub(super) fn seen_from(&self, function: FunctionId) -> Self {
        let parameters = if function == self.function { self.parameters.clone() } else { Parameters::Unknown };
        Self { parameters, ..self.clone() }
    }
}

/// What is common to the forms of one command.
pub(super) struct Context<'a> {
    pub(super) frame: &'a Frame,
    pub(super) bytes: Range<usize>,
    pub(super) input: Input,
    pub(super) depth: usize,
}

pub(super) struct Walker<'a> {
    pub(super) scope: Scope,
    pub(super) setting: &'a Setting,
    pub(super) calls: Vec<Call>,
    pub(super) found: Vec<Found>,
    steps: usize,
    /// Which of the scopes this is: a shell that a script starts has its own.
    realm: usize,
    realms: usize,
    /// What was followed already, and whether something came from the network there.
    followed: HashMap<(usize, String, FunctionId, Parameters), bool>,
    /// What a function by itself has: it need not be said again where the function is called.
    said: HashSet<(FunctionId, &'static str, String)>,
    /// Whether something was defined after things that may use it.
    pub(super) grew: bool,
    /// Whether the words are a command's name, where nothing may be unsure.
    pub(super) naming: bool,
    /// The variables whose values are being put together.
    pub(super) looking: Vec<String>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(scope: Scope, setting: &'a Setting) -> Self {
        Self {
            scope,
            setting,
            calls: Vec::new(),
            found: Vec::new(),
            steps: 0,
            realm: 0,
            realms: 0,
            followed: HashMap::new(),
            said: HashSet::new(),
            grew: false,
            naming: false,
            looking: Vec::new(),
        }
    }

    /// Takes some of what may be spent; false when there is nothing left.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps);
        self.steps <= MOST_STEPS
    }

    pub(super) fn is_spent(&self) -> bool {
        self.steps > MOST_STEPS
    }

    pub(super) fn say(&mut self, frame: &Frame, found: Found) {
        let key = (frame.function, found.rule.id, found.message.clone());
        match frame.parameters {
            Parameters::Own => {
                self.said.insert(key);
            }
            _ if frame.function != 0 && self.said.contains(&key) => return,
            _ => {}
        }
        self.found.push(found);
    }

    /// A whole script: its functions by themselves, then what it runs.
    pub(super) fn program(&mut self, frame: &Frame) {
        let functions: Vec<_> = self.scope.functions.values().flatten().filter(|f| !f.library).cloned().collect();
        let mut functions: Vec<_> =
            functions.into_iter().filter(|function| Arc::ptr_eq(&function.program, &frame.program)).collect();
        functions.sort_by_key(|function| function.id);
        for function in functions {
            let frame = Frame { function: function.id, parameters: Parameters::Own, ..frame.clone() };
            self.compound(&function.body.0, &frame, &Input::default());
            self.redirects(function.body.1.as_ref(), &frame, &frame.anchor.clone().unwrap_or(0..0));
        }
        self.tree(frame, &Input::default());
    }

    /// What a script runs, in order.
    pub(super) fn tree(&mut self, frame: &Frame, input: &Input) -> bool {
        let program = Arc::clone(&frame.program);
        program.tree.complete_commands.iter().fold(false, |fetched, list| self.list(list, frame, input) | fetched)
    }

    /// Reads shell that stands in a word, and follows it in the same scope.
    pub(super) fn inner(&mut self, text: &str, context: &Context<'_>) -> bool {
        match self.read(text, &context.bytes, context.frame) {
            Some(program) => {
                let (variables, functions) = (self.scope.variables.len(), self.scope.functions.len());
                self.scope.add(&program, context.frame.function, false);
                self.grew |= (variables, functions) != (self.scope.variables.len(), self.scope.functions.len());
                let frame = Frame {
                    program,
                    anchor: Some(context.bytes.clone()),
                    depth: context.frame.depth + 1,
                    ..context.frame.clone()
                };
                self.tree(&frame, &context.input)
            }
            None => false,
        }
    }

    /// Reads shell for a shell that is started: nothing of this one is known there.
    pub(super) fn shell(&mut self, text: &str, arguments: &[Word], context: &Context<'_>) -> bool {
        let Some(program) = self.read(text, &context.bytes, context.frame) else { return false };
        let mut scope = Scope::default();
        scope.add(&program, 0, false);
        let outer = std::mem::replace(&mut self.scope, scope);
        let realm = self.realm;
        self.realms += 1;
        self.realm = self.realms;
        let frame = Frame {
            function: 0,
            parameters: match &context.frame.parameters {
                Parameters::Own if arguments.iter().any(|word| word.any(|v| v.contains(super::text::PARAMETER))) => {
                    Parameters::Own
                }
                _ => Parameters::Known(arguments.to_vec()),
            },
            program,
            anchor: Some(context.bytes.clone()),
            depth: context.frame.depth + 1,
        };
        self.program(&frame);
        self.scope = outer;
        self.realm = realm;
        context.input.fetched
    }

    fn read(&mut self, text: &str, bytes: &Range<usize>, frame: &Frame) -> Option<Arc<Program>> {
        if frame.depth > DEEPEST || !self.spend(text.len() / 16 + 1) {
            self.say(frame, syntax::found(bytes.clone(), "this is nested deeper than podclaw follows"));
            return None;
        }
        match Program::read(text) {
            Ok(program) => Some(Arc::new(program)),
            Err(Unreadable { reason, .. }) => {
                self.say(frame, syntax::found(bytes.clone(), reason));
                None
            }
        }
    }

    /// What a command substitution puts into a word.
    pub(super) fn substitution(&mut self, script: &str, frame: &Frame, depth: usize) -> char {
        let key = (self.realm, script.to_owned(), frame.function, frame.parameters.clone());
        if let Some(fetched) = self.followed.get(&key) {
            return if *fetched { FETCHED } else { UNKNOWN };
        }
        self.followed.insert(key.clone(), false);
        let bytes = frame.anchor.clone().unwrap_or(0..0);
        let context = Context { frame, bytes, input: Input::default(), depth };
        let fetched = self.inner(script, &context);
        self.followed.insert(key, fetched);
        if fetched { FETCHED } else { UNKNOWN }
    }

    /// What runs inside of a sum, or of an element's number.
    pub(super) fn arithmetic(&mut self, expression: &str, frame: &Frame, depth: usize) {
        if expression.contains(['$', '`']) && depth < DEEPEST {
            self.values(expression, frame, depth + 1);
        }
    }

    /// A function, with what it is called with. None if there is no such function.
    pub(super) fn call_function(&mut self, name: &str, args: &[Word], context: &Context<'_>) -> Option<bool> {
        let functions = self.scope.functions.get(name)?.clone();
        let mut fetched = false;
        for function in functions {
            let parameters = if function.moves { Parameters::Unknown } else { Parameters::Known(args.to_vec()) };
            let key = (self.realm, String::from(if context.input.fetched { "<" } else { "" }), function.id, parameters);
            if let Some(did) = self.followed.get(&key) {
                fetched |= did;
                continue;
            }
            self.followed.insert(key.clone(), false);
            if context.frame.depth > DEEPEST {
                let message = "this calls functions deeper than podclaw follows";
                self.say(context.frame, syntax::found(context.bytes.clone(), message));
                continue;
            }
            let frame = Frame {
                function: function.id,
                parameters: key.3.clone(),
                program: Arc::clone(&function.program),
                anchor: Some(context.bytes.clone()),
                depth: context.frame.depth + 1,
            };
            let did = self.compound(&function.body.0, &frame, &context.input)
                | self.redirects(function.body.1.as_ref(), &frame, &context.bytes).fetched;
            self.followed.insert(key, did);
            fetched |= did;
        }
        Some(fetched)
    }

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

    fn bytes(node: &impl ast::Node, frame: &Frame) -> Range<usize> {
        frame.anchor.clone().or_else(|| frame.program.bytes_of(node)).unwrap_or(0..0)
    }

    fn compound(&mut self, command: &CompoundCommand, frame: &Frame, input: &Input) -> bool {
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

    fn redirects(&mut self, redirects: Option<&ast::RedirectList>, frame: &Frame, bytes: &Range<usize>) -> Input {
        let mut input = Input::default();
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect, frame, bytes, &mut input);
        }
        input
    }

    fn redirect(&mut self, redirect: &ast::IoRedirect, frame: &Frame, bytes: &Range<usize>, input: &mut Input) {
        use ast::IoFileRedirectKind as K;
        let at = Frame { anchor: Some(bytes.clone()), ..frame.clone() };
        match redirect {
            ast::IoRedirect::File(_, kind, target) => match target {
                IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                    let word = Word { values: self.values(&word.value, &at, 0), many: false };
                    let number = word
                        .values
                        .iter()
                        .all(|value| value.chars().all(|c| c.is_ascii_digit() || c == '-' || c == super::text::NUMBER));
                    if matches!(target, IoFileRedirectTarget::Duplicate(_)) && number {
                        return;
                    }
                    if let Some(found) = network::device(&word, bytes) {
                        self.say(frame, found);
                    }
                    if matches!(kind, K::Read | K::DuplicateInput | K::ReadAndWrite) {
                        input.piped = true;
                    }
                    if !matches!(kind, K::Read | K::DuplicateInput)
                        && let Some(found) = writes::path(&word, "redirection", bytes)
                    {
                        self.say(frame, found);
                    }
                }
                IoFileRedirectTarget::Fd(_) => {}
                IoFileRedirectTarget::ProcessSubstitution(kind, shell) => {
                    let piped =
                        Input { piped: matches!(kind, ast::ProcessSubstitutionKind::Write), ..Input::default() };
                    input.fetched |= self.list(&shell.list, &at, &piped);
                    input.piped = true;
                }
            },
            ast::IoRedirect::HereDocument(_, document) => {
                input.text = Some(self.here(&document.doc.value, document.requires_expansion, &at));
            }
            ast::IoRedirect::HereString(_, word) => input.text = Some(self.values(&word.value, &at, 0)),
            ast::IoRedirect::OutputAndError(word, _) => {
                let word = Word { values: self.values(&word.value, &at, 0), many: false };
                for found in network::device(&word, bytes).into_iter().chain(writes::path(&word, "redirection", bytes))
                {
                    self.say(frame, found);
                }
            }
        }
        if let Some(text) = &input.text {
            input.fetched |= text.iter().any(|text| text.contains(FETCHED));
        }
    }

    fn simple(&mut self, simple: &ast::SimpleCommand, frame: &Frame, input: &Input) -> bool {
        let bytes = Self::bytes(simple, frame);
        let at = Frame { anchor: Some(bytes.clone()), ..frame.clone() };
        let mut own = Input::default();
        let mut words = Vec::new();
        let mut inside = false;
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            inside |= self.item(item, frame, &at, &bytes, &mut own, &mut words);
        }
        let before = std::mem::take(&mut words);
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            inside |= self.item(item, frame, &at, &bytes, &mut own, &mut words);
        }
        // An assignment before a command is no argument.
        drop(before);
        let input = if own.piped || own.text.is_some() { own } else { input.clone() };
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
                if let Some(found) = environment::check(name, &values, bytes) {
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
