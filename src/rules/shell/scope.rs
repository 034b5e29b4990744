//! What a script assigns and defines, wherever it does so.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use brush_parser::ast::{self, Command, CommandPrefixOrSuffixItem as Item, CompoundCommand};

use super::program::Program;

/// Where a guest has podclaw's shell library.
const LIBRARY: &str = "/usr/local/lib/podclaw/lib.sh";

/// The most values that one variable is followed through.
const MOST_ASSIGNED: usize = 128;

/// The function that something is in; 0 is none.
pub(super) type FunctionId = usize;

/// A value that a variable gets somewhere.
#[derive(Debug, Clone)]
pub(super) enum Assigned {
    /// This one.
    Word(String),
    /// An array of these.
    Array(Vec<String>),
    /// More is added to it, or it is set in a way that cannot be followed.
    Open,
    /// A number.
    Number,
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) id: FunctionId,
    pub(super) body: ast::FunctionBody,
    pub(super) program: Arc<Program>,
    /// Whether its arguments move, by `shift` or `set`.
    pub(super) moves: bool,
    /// Whether it is podclaw's own and stands in another file.
    pub(super) library: bool,
}

/// Everything that is assigned and defined.
#[derive(Debug, Default, Clone)]
pub(super) struct Scope {
    /// What each variable gets, and in which function.
    pub(super) variables: HashMap<String, Vec<(FunctionId, Assigned)>>,
    /// Which variables are a function's own.
    locals: HashSet<(FunctionId, String)>,
    pub(super) functions: HashMap<String, Vec<Arc<Function>>>,
    next: FunctionId,
    /// Whether variables are set by names that cannot be told.
    pub(super) any: bool,
    /// Variables whose every value is worked out as a sum.
    pub(super) integers: HashSet<String>,
    /// Whether podclaw's own library is read.
    pub(super) library: bool,
}

impl Scope {
    pub(super) fn assign(&mut self, name: &str, inside: FunctionId, value: Assigned) {
        let all = self.variables.entry(name.to_owned()).or_default();
        // Of more than this nobody tells which it has. No function has the open one for itself.
        match all.len() {
            0..MOST_ASSIGNED => all.push((inside, value)),
            MOST_ASSIGNED => all.push((0, Assigned::Open)),
            _ => {}
        }
    }

    /// What a variable can hold where a function looks at it. What another function keeps to itself is not seen by one
    /// that has a variable of that name of its own.
    pub(super) fn seen(&self, name: &str, from: FunctionId) -> Vec<(FunctionId, Assigned)> {
        let own = |function: FunctionId| self.locals.contains(&(function, name.to_owned()));
        let shadowed = own(from);
        let all = self.variables.get(name).into_iter().flatten();
        all.filter(|(function, _)| !shadowed || *function == from || !own(*function)).cloned().collect()
    }

    /// Takes in what a script assigns and defines.
    pub(super) fn add(&mut self, program: &Arc<Program>, inside: FunctionId, library: bool) {
        for list in &program.tree.complete_commands {
            self.list(list, &Place { program, inside, library });
        }
    }

    /// Takes over what a library defines.
    pub(super) fn include(&mut self, library: &Self) {
        for (name, functions) in &library.functions {
            self.functions.entry(name.clone()).or_default().extend(functions.iter().cloned());
        }
        for (name, values) in &library.variables {
            self.variables.entry(name.clone()).or_default().extend(values.iter().cloned());
        }
        self.locals.extend(library.locals.iter().cloned());
        self.next = self.next.max(library.next);
    }

    fn list(&mut self, list: &ast::CompoundList, at: &Place<'_>) {
        for ast::CompoundListItem(and_or, _) in &list.0 {
            for (_, pipeline) in and_or {
                pipeline.seq.iter().for_each(|command| self.command(command, at));
            }
        }
    }

    fn command(&mut self, command: &Command, at: &Place<'_>) {
        match command {
            Command::Simple(simple) => self.simple(simple, at),
            Command::Compound(compound, _) => self.compound(compound, at),
            Command::Function(definition) => self.function(definition, at),
            Command::ExtendedTest(..) => {}
        }
    }

    fn compound(&mut self, command: &CompoundCommand, at: &Place<'_>) {
        match command {
            CompoundCommand::Arithmetic(command) => self.arithmetic(&command.expr.value, at),
            CompoundCommand::ArithmeticForClause(command) => {
                for part in [&command.initializer, &command.condition, &command.updater].into_iter().flatten() {
                    self.arithmetic(&part.value, at);
                }
                self.list(&command.body.list, at);
            }
            CompoundCommand::BraceGroup(command) => self.list(&command.list, at),
            CompoundCommand::Subshell(command) => self.list(&command.list, at),
            CompoundCommand::ForClause(command) => {
                match &command.values {
                    Some(values) => {
                        let values = values.iter().map(|word| word.value.clone()).collect();
                        self.assign(&command.variable_name, at.inside, Assigned::Array(values));
                    }
                    // The arguments, one after the other.
                    None => self.assign(&command.variable_name, at.inside, Assigned::Word("\"$@\"".into())),
                }
                self.list(&command.body.list, at);
            }
            CompoundCommand::CaseClause(command) => {
                command.cases.iter().filter_map(|case| case.cmd.as_ref()).for_each(|list| self.list(list, at));
            }
            CompoundCommand::IfClause(command) => {
                self.list(&command.condition, at);
                self.list(&command.then, at);
                for part in command.elses.iter().flatten() {
                    part.condition.iter().for_each(|list| self.list(list, at));
                    self.list(&part.body, at);
                }
            }
            CompoundCommand::WhileClause(command) | CompoundCommand::UntilClause(command) => {
                self.list(&command.0, at);
                self.list(&command.1.list, at);
            }
            CompoundCommand::Coprocess(command) => self.command(&command.body, at),
        }
    }

    fn function(&mut self, definition: &ast::FunctionDefinition, at: &Place<'_>) {
        self.next += 1;
        let id = self.next + if at.library { 0 } else { 1_000_000 };
        let mut moves = false;
        let inner = Place { inside: id, ..*at };
        self.compound(&definition.body.0, &inner);
        // Said by the tree's own words, so that no way to write a command is missed.
        let text = definition.body.0.to_string();
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            moves |= matches!(word, "shift" | "set");
        }
        let function =
            Function { id, body: definition.body.clone(), program: Arc::clone(at.program), moves, library: at.library };
        self.functions.entry(definition.fname.value.clone()).or_default().push(Arc::new(function));
    }

    fn simple(&mut self, simple: &ast::SimpleCommand, at: &Place<'_>) {
        let name = simple.word_or_name.as_ref().map_or("", |word| word.value.as_str());
        let items = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix: Vec<_> = simple.suffix.iter().flat_map(|suffix| &suffix.0).collect();
        let numbers = matches!(name, "declare" | "typeset" | "local" | "readonly")
            && suffix.iter().any(|item| matches!(item, Item::Word(word) if is_number_flag(&word.value)));
        if numbers {
            for item in &suffix {
                let name = match item {
                    Item::Word(word) if !word.value.starts_with('-') => &word.value,
                    Item::AssignmentWord(assignment, _) => match &assignment.name {
                        ast::AssignmentName::VariableName(name) | ast::AssignmentName::ArrayElementName(name, _) => {
                            name
                        }
                    },
                    _ => continue,
                };
                self.integers.insert(name.clone());
            }
        }
        for item in items.chain(suffix.iter().copied()) {
            if let Item::AssignmentWord(assignment, _) = item {
                self.assignment(assignment, at, numbers);
            }
        }
        if at.inside != 0 && matches!(name, "local" | "declare" | "typeset") {
            for item in &suffix {
                let name = match item {
                    Item::Word(word) => word.value.as_str(),
                    Item::AssignmentWord(assignment, _) => match &assignment.name {
                        ast::AssignmentName::VariableName(name) | ast::AssignmentName::ArrayElementName(name, _) => {
                            name
                        }
                    },
                    _ => continue,
                };
                self.locals.insert((at.inside, name.to_owned()));
            }
        }
        let words = suffix.iter().filter_map(|item| match item {
            Item::Word(word) => Some(word.value.as_str()),
            _ => None,
        });
        match name {
            "read" | "mapfile" | "readarray" | "getopts" => {
                for word in words.filter(|word| !word.starts_with('-')) {
                    self.open(word, at);
                }
                for usual in ["REPLY", "MAPFILE", "OPTARG"] {
                    self.assign(usual, at.inside, Assigned::Open);
                }
            }
            "printf" => {
                let mut words = words.peekable();
                while let Some(word) = words.next() {
                    if let (true, Some(name)) = (word.starts_with("-v"), word.get(2..)) {
                        let named = if name.is_empty() { words.peek().copied().unwrap_or_default() } else { name };
                        self.open(named, at);
                    }
                }
            }
            "let" => words.for_each(|word| self.arithmetic(word, at)),
            "declare" | "typeset" | "local"
                if suffix.iter().any(
                    |item| matches!(item, Item::Word(word) if word.value.starts_with('-') && word.value.contains('n')),
                ) =>
            {
                self.any = true;
            }
            "source" | "." => {
                let mut words = words;
                self.library |= words.next().is_some_and(|word| word.trim_matches('"') == LIBRARY);
            }
            _ => {}
        }
    }

    /// A variable that is set to something that is not known, by its name as it is written.
    fn open(&mut self, name: &str, at: &Place<'_>) {
        let name = name.trim_matches(['"', '\'']);
        let plain = name.split('[').next().unwrap_or_default();
        if !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.assign(plain, at.inside, Assigned::Open);
        } else {
            self.any = true;
        }
    }

    fn assignment(&mut self, assignment: &ast::Assignment, at: &Place<'_>, number: bool) {
        let (name, element) = match &assignment.name {
            ast::AssignmentName::VariableName(name) => (name, false),
            ast::AssignmentName::ArrayElementName(name, _) => (name, true),
        };
        if number {
            return self.assign(name, at.inside, Assigned::Number);
        }
        let value = match &assignment.value {
            ast::AssignmentValue::Scalar(word) => Assigned::Word(word.value.clone()),
            ast::AssignmentValue::Array(words) => {
                Assigned::Array(words.iter().map(|(_, word)| word.value.clone()).collect())
            }
        };
        // A list that grows by a list has no elements but theirs.
        let grows = assignment.append && matches!(value, Assigned::Array(_));
        if (assignment.append && !grows) || element {
            self.assign(name, at.inside, Assigned::Open);
        }
        self.assign(name, at.inside, value);
    }

    /// `a = 1`, `a++` and the like make numbers of names.
    fn arithmetic(&mut self, expression: &str, at: &Place<'_>) {
        if !expression.contains(['=', '+', '-']) {
            return;
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut end = 0;
        while let Some(start) = expression[end..].find(is_part).map(|start| end + start) {
            end = expression[start..].find(|c| !is_part(c)).map_or(expression.len(), |length| start + length);
            let name = &expression[start..end];
            if !name.starts_with(|c: char| c.is_ascii_digit()) && sets(&expression[..start], &expression[end..]) {
                self.assign(name, at.inside, Assigned::Number);
            }
        }
    }
}

/// How far the end of an element's number may be from its name.
const FURTHEST: usize = 256;

/// Whether a name is set between these two parts of a sum, or may be: `==`, `<=` and the like only compare.
fn sets(before: &str, after: &str) -> bool {
    let (before, mut after) = (before.trim_end(), after.trim_start());
    if after.starts_with('[') {
        // What is set is an element.
        let mut open = 0_usize;
        let close = after.char_indices().take(FURTHEST).find(|(_, c)| {
            open = match c {
                '[' => open + 1,
                ']' => open - 1,
                _ => open,
            };
            open == 0
        });
        let Some((close, _)) = close else { return true };
        after = after[close + 1..].trim_start();
    }
    let counts = ["++", "--"].iter().any(|sign| before.ends_with(sign) || after.starts_with(sign));
    // An operator has three signs at most, and the fourth tells `==`.
    let near = after.char_indices().nth(4).map_or(after, |(end, _)| &after[..end]);
    let Some((operator, value)) = near.split_once('=') else { return counts };
    let assigns = matches!(operator, "" | "+" | "-" | "*" | "/" | "%" | "<<" | ">>" | "&" | "^" | "|");
    counts || (assigns && !value.starts_with('='))
}

fn is_number_flag(word: &str) -> bool {
    word.starts_with('-') && word.contains('i')
}

/// Where something is defined.
#[derive(Clone, Copy)]
struct Place<'a> {
    program: &'a Arc<Program>,
    inside: FunctionId,
    library: bool,
}
