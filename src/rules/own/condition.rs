//! The condition of a rule: an expression in CEL, the Common Expression Language, that is compiled once and cannot run
//! for long.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, Program, Value};

use crate::text::excerpt;

/// How many bytes an expression may have.
const LONGEST: usize = 2000;
/// How deep its brackets may be nested, and its parts in each other.
const DEEPEST_BRACKETS: usize = 24;
const DEEPEST: usize = 64;
/// How deep they may be nested for the stack of any thread to be enough.
const SHALLOW: usize = 12;
/// How many steps, and how many steps times the bytes of the document, an expression may take.
const MOST_STEPS: usize = 1_000_000;
const MOST_WORK: usize = 1_000_000_000;
/// The stack of the thread that reads an expression, or evaluates a deep one.
const STACK: usize = 64 * 1024 * 1024;

/// A condition that compiles.
pub(super) struct Condition {
    program: Program,
    /// How deep `all`, `exists`, `map` and the like are nested.
    loops: u32,
    /// How deep its parts are nested.
    depth: usize,
}

/// What a condition is asked about: its variables, and how large they are.
#[derive(Debug, Default, Clone)]
pub(super) struct Facts {
    pub(super) variables: HashMap<&'static str, Value>,
    /// How many keys and values there are.
    pub(super) nodes: usize,
    /// How many bytes they have.
    pub(super) bytes: usize,
}

impl Condition {
    /// Compiles an expression.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("it has more than {LONGEST} bytes"));
        }
        if nesting(text) > DEEPEST_BRACKETS || text.contains("!!!!!!!!") || text.contains("--------") {
            return Err(format!("it is nested deeper than {DEEPEST_BRACKETS} levels"));
        }
        if has_large_repetition(text) {
            return Err("a number of repetitions in it has more than two digits".into());
        }
        let text = text.to_owned();
        let compile = move || {
            let program = Program::compile(&text).map_err(|error| excerpt(error.to_string().trim(), 300))?;
            let (depth, loops) = measure(program.expression());
            if depth > DEEPEST {
                return Err("it has too many parts".to_owned());
            }
            Ok(Self { program, loops, depth })
        };
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(compile).map_err(|error| error.to_string())?;
        thread.join().unwrap_or_else(|_| Err("it cannot be read".into()))
    }

    /// Whether it holds.
    pub(super) fn holds(&self, facts: &Facts) -> Result<bool, String> {
        let steps = facts.nodes.max(64).saturating_pow(self.loops);
        if self.loops > 0 && (steps > MOST_STEPS || steps.saturating_mul(facts.bytes) > MOST_WORK) {
            return Err("the file is too large for a condition with so many loops".into());
        }
        if self.depth <= SHALLOW {
            return self.evaluate(facts);
        }
        // It is evaluated as it is read, by functions that call themselves.
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.evaluate(facts));
            let thread = thread.map_err(|error| error.to_string())?;
            thread.join().unwrap_or_else(|_| Err("it cannot be evaluated".into()))
        })
    }

    fn evaluate(&self, facts: &Facts) -> Result<bool, String> {
        let mut context = Context::default();
        for (name, value) in &facts.variables {
            context.add_variable_from_value(*name, value.clone());
        }
        // What a library does with input from outside is not for it to end the program.
        match catch_unwind(AssertUnwindSafe(|| self.program.execute(&context))) {
            Ok(Ok(Value::Bool(holds))) => Ok(holds),
            Ok(Ok(_)) => Err("it is neither true nor false".into()),
            Ok(Err(error)) => Err(excerpt(&error.to_string(), 300)),
            Err(_) => Err("it cannot be evaluated".into()),
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("loops", &self.loops).finish_non_exhaustive()
    }
}

/// How deep brackets could be nested: those in strings count too, which is more than needed and never less.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' | b'?' => depth += 1,
            b')' | b']' | b'}' | b':' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Whether a pattern in it could grow large when it is compiled.
fn has_large_repetition(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        let inner = rest.split('}').next().unwrap_or_default();
        inner.split(',').any(|number| number.len() > 2 && number.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// How deep an expression is, and how deep its loops are.
fn measure(expression: &IdedExpr) -> (usize, u32) {
    let (mut depth, mut loops) = (0, 0);
    let mut see = |part: &IdedExpr, inner: u32| {
        let (d, l) = measure(part);
        depth = depth.max(d);
        loops = loops.max(l + inner);
    };
    match &expression.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| see(target, 0));
            call.args.iter().for_each(|argument| see(argument, 0));
        }
        Expr::Comprehension(comprehension) => {
            see(&comprehension.iter_range, 0);
            see(&comprehension.accu_init, 0);
            // One step for each element of what it goes over.
            for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
                see(part, 1);
            }
        }
        Expr::List(list) => list.elements.iter().for_each(|element| see(element, 0)),
        Expr::Map(map) => map.entries.iter().for_each(|entry| entries(&entry.expr, &mut see)),
        Expr::Struct(structure) => structure.entries.iter().for_each(|entry| entries(&entry.expr, &mut see)),
        Expr::Select(select) => see(&select.operand, 0),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
    (depth + 1, loops)
}

fn entries(entry: &EntryExpr, see: &mut impl FnMut(&IdedExpr, u32)) {
    match entry {
        EntryExpr::StructField(field) => see(&field.value, 0),
        EntryExpr::MapEntry(entry) => {
            see(&entry.key, 0);
            see(&entry.value, 0);
        }
    }
}
