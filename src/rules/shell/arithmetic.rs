//! Sums and names of variables, in which Bash runs code.
//!
//! What stands between `[` and `]` behind a variable's name is expanded when the sum is worked out, once more if it was
//! before: with `x='a[$(id)]'`, `((x))` runs `id`. So do commands that take a variable's name, such as `test -v`.

use super::call::{Call, Found};
use super::text::{FETCHED, PARAMETER, UNKNOWN, Word, shown};
use super::walk::{Context, DEEPEST, Frame, Parameters, Walker};
use super::{dynamic, fetch_and_run};

/// How often a variable may stand in the value of another here.
const FURTHEST: usize = 5;

impl Walker<'_> {
    /// What runs inside of a sum, or of an element's number.
    pub(super) fn arithmetic(&mut self, expression: &str, frame: &Frame, depth: usize) {
        if depth >= DEEPEST {
            return;
        }
        if !expression.contains(['$', '`']) {
            return self.evaluated(expression, frame, depth + 1);
        }
        // What quotes keep from the first expansion is there for the next one.
        if expression.contains(['\\', '\'']) {
            let message = format!("`{}` is a sum in which more may run than is written", shown(expression));
            self.say_at(frame, "arithmetic", message);
        }
        for value in self.values(expression, frame, depth + 1) {
            self.evaluated(&value, frame, depth + 1);
        }
    }

    /// A sum as it is when all is expanded: variables that it names are worked out as sums, too.
    pub(super) fn evaluated(&mut self, text: &str, frame: &Frame, depth: usize) {
        if text.contains(FETCHED) {
            let bytes = frame.anchor.clone().unwrap_or(0..0);
            let message = "a sum is made of what came from the network, which can run anything".into();
            let found = Found { rule: &fetch_and_run::RULE, subject: "arithmetic".into(), bytes, message };
            return self.say(frame, found);
        }
        if text.contains(['$', '`']) {
            let message = format!("`{}` runs code when it is worked out as a sum", shown(text));
            return self.say_at(frame, "arithmetic", message);
        }
        for name in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !self.spend(1) {
                continue;
            }
            // What is nowhere set in the script comes from its environment, which is told elsewhere.
            if self.scope.seen(name, frame.function).is_empty() {
                continue;
            }
            if depth > FURTHEST {
                let message = format!("cannot tell what `{}` is: it leads from variable to variable", shown(name));
                return self.say_at(frame, "arithmetic", message);
            }
            for value in self.lookup(name, frame, depth) {
                self.evaluated(&value, frame, depth + 1);
            }
        }
    }

    /// The name of a variable, as a command gets it, with what may stand behind it in brackets.
    pub(super) fn name(&mut self, text: &str, frame: &Frame) {
        let own = matches!(frame.parameters, Parameters::Own);
        if text.contains([UNKNOWN, FETCHED]) || (text.contains(PARAMETER) && !own) {
            let message = format!("cannot tell which variable `{}` is: its name can run code", shown(text));
            return self.say_at(frame, "variable", message);
        }
        if let Some((_, index)) = text.split_once('[') {
            self.evaluated(index, frame, 0);
        } else if text.contains(['$', '`']) {
            self.evaluated(text, frame, 0);
        }
    }

    /// Commands of the shell itself that take names or sums.
    pub(super) fn builtin(&mut self, call: &Call, context: &Context<'_>) {
        let frame = &Frame { anchor: Some(context.bytes.clone()), ..context.frame.clone() };
        match call.name.as_str() {
            "let" => {
                for value in call.args.iter().flat_map(|word| &word.values) {
                    self.sum(value, frame);
                }
            }
            "test" | "[" => self.tested(call, frame),
            "printf" => {
                for name in call.values_of("-v", Some('v')) {
                    self.name(name, frame);
                }
            }
            "read" | "mapfile" | "readarray" | "unset" => {
                let valued = ["-d", "-i", "-n", "-N", "-p", "-t", "-u", "-O", "-s", "-c", "-C"];
                let names = if call.name == "unset" { call.plain(&[]) } else { call.plain(&valued) };
                let names: Vec<&str> = names.into_iter().flat_map(|word| &word.values).map(String::as_str).collect();
                for name in names.into_iter().chain(call.values_of("-a", Some('a'))) {
                    self.name(name, frame);
                }
            }
            "getopts" => {
                for name in call.args.iter().skip(1).take(1).flat_map(|word| &word.values) {
                    self.name(name, frame);
                }
            }
            "wait" => {
                for name in call.values_of("-p", Some('p')) {
                    self.name(name, frame);
                }
            }
            "declare" | "typeset" | "local" | "export" | "readonly" => self.declared(call, frame),
            _ => {}
        }
    }

    /// What a command takes for a sum that is not known can be anything.
    fn sum(&mut self, value: &str, frame: &Frame) {
        let own = matches!(frame.parameters, Parameters::Own);
        if value.contains(UNKNOWN) || (value.contains(PARAMETER) && !own) {
            let message = format!("cannot tell which sum `{}` is: it can run code", shown(value));
            return self.say_at(frame, "arithmetic", message);
        }
        self.evaluated(value, frame, 0);
    }

    /// `test -v NAME`.
    fn tested(&mut self, call: &Call, frame: &Frame) {
        let by_name = |word: &Word| word.is("-v") || word.is("-R");
        for pair in call.args.windows(2).filter(|pair| by_name(&pair[0])) {
            for value in &pair[1].values {
                self.name(value, frame);
            }
        }
        if call.args.iter().any(|word| word.many && word.any(|value| value.contains([UNKNOWN, FETCHED]))) {
            let message = "cannot tell what is tested: a variable without quotes can be any test".into();
            self.say_at(frame, &call.name, message);
        }
    }

    /// `declare -i n=SUM`, `local -n name=OTHER`.
    fn declared(&mut self, call: &Call, frame: &Frame) {
        let is_option = |value: &str| value.starts_with('-');
        let options = || call.args.iter().flat_map(|word| &word.values).filter(|value| is_option(value));
        if options().any(|value| value.contains('n')) && !matches!(call.name.as_str(), "export" | "readonly") {
            self.say_at(frame, &call.name, "with `-n` a name stands for another one, which can run code".into());
        }
        let numbers = options().any(|value| value.contains('i'));
        for value in call.args.iter().flat_map(|word| &word.values).filter(|value| !is_option(value)) {
            match value.split_once('=') {
                // The list of an array comes as it is written, and is judged where it is assigned.
                Some((_, list)) if list.starts_with('(') => {}
                Some((name, number)) if numbers => {
                    self.name(name, frame);
                    self.evaluated(number, frame, 0);
                }
                // The `=` can be inside of the brackets.
                Some((name, _)) if name.contains('[') && !name.contains(']') => self.name(value, frame),
                Some((name, _)) => self.name(name, frame),
                None => self.name(value, frame),
            }
        }
    }

    /// Something that cannot be told, at the command that is looked at.
    pub(super) fn say_at(&mut self, frame: &Frame, subject: &str, message: String) {
        let bytes = frame.anchor.clone().unwrap_or(0..0);
        self.say(frame, Found { rule: &dynamic::RULE, subject: shown(subject), bytes, message });
    }
}
