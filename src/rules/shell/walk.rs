//! Follows a script through functions, substitutions and the shells that it starts.
//!
//! Nothing is decided here about what a command may do: each is handed to the rules once it is known which it is.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::call::{Call, Found, Input};
use super::program::{Program, Unreadable};
use super::scope::{FunctionId, Scope};
use super::text::{FETCHED, PARAMETER, UNKNOWN, Word};
use super::{Setting, syntax};

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

/// Follows one script, and keeps what is known of it so far.
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
    followed: HashMap<(usize, String, FunctionId, Parameters, Input), bool>,
    /// What a function by itself has: it need not be said again where the function is called.
    said: HashSet<(FunctionId, &'static str, String)>,
    /// Whether something was defined after things that may use it.
    pub(super) grew: bool,
    /// Whether the words are a command's name, where nothing may be unsure.
    pub(super) naming: bool,
    /// Whether what is assigned is for a command that reads, and for nothing else.
    pub(super) reads: bool,
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
            reads: false,
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
                Parameters::Own if arguments.iter().any(|word| word.any(|v| v.contains(PARAMETER))) => Parameters::Own,
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
        let input = Input { excused: true, ..Input::default() };
        let key = (self.realm, script.to_owned(), frame.function, frame.parameters.clone(), input.clone());
        if let Some(fetched) = self.followed.get(&key) {
            return if *fetched { FETCHED } else { UNKNOWN };
        }
        self.followed.insert(key.clone(), false);
        let bytes = frame.anchor.clone().unwrap_or(0..0);
        let context = Context { frame, bytes, input, depth };
        let fetched = self.inner(script, &context);
        self.followed.insert(key, fetched);
        if fetched { FETCHED } else { UNKNOWN }
    }

    /// A function, with what it is called with. None if there is no such function.
    pub(super) fn call_function(&mut self, name: &str, args: &[Word], context: &Context<'_>) -> Option<bool> {
        let functions = self.scope.functions.get(name)?.clone();
        let mut fetched = false;
        for function in functions {
            let parameters = if function.moves { Parameters::Unknown } else { Parameters::Known(args.to_vec()) };
            // What a function reads decides what it does, as much as what it is called with.
            let key = (self.realm, String::new(), function.id, parameters, context.input.clone());
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
}
