//! What a command runs in the end: functions, other commands that it passes on, shells.

use super::call::Call;
use super::text::{self, FETCHED, NUMBER, PARAMETER, UNKNOWN, Word};
use super::walk::{Context, DEEPEST, Parameters, Walker};
use super::{dynamic, fetch_and_run, judge_call, program_of, source, wrappers};

/// Programs that read shell.
const SHELLS: [&str; 9] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "rbash", "yash"];

impl Walker<'_> {
    /// A command by its words, whatever it is. Tells whether its output comes from the network.
    pub(super) fn command(&mut self, words: &[Word], context: &Context<'_>) -> bool {
        let Some((name, args)) = words.split_first() else { return false };
        if context.depth > DEEPEST || !self.spend(1) {
            return false;
        }
        let mut fetched = false;
        for value in &name.values {
            fetched |= self.named(value, args, context);
        }
        if name.values.len() > 1 || name.many {
            // A variable without quotes that is empty leaves the next word as the name.
            let empty = name.values.iter().any(String::is_empty);
            fetched |= empty && self.command(args, &deeper(context));
        }
        fetched || (context.input.fetched && context.input.piped)
    }

    fn named(&mut self, name: &str, args: &[Word], context: &Context<'_>) -> bool {
        if name.is_empty() {
            return self.command(args, &deeper(context));
        }
        let own = matches!(context.frame.parameters, Parameters::Own);
        if name.contains(FETCHED) {
            self.say(context.frame, fetch_and_run::found(context, name, "runs a command that came from the network"));
            return true;
        }
        if name.contains(UNKNOWN) || name.contains(['*', '?']) || (name.contains('[') && name != "[" && name != "[[") {
            let message = format!("cannot tell what `{}` runs", text::shown(name));
            self.say(context.frame, dynamic::found(context, name, message));
            return false;
        }
        if name.contains(PARAMETER) {
            // It is judged with what the function is called with.
            if !own {
                let message = "cannot tell what this runs: its name is an argument";
                self.say(context.frame, dynamic::found(context, name, message));
            }
            return false;
        }
        let function = self.call_function(name, args, context);
        let short = program_of(name);
        if let Some(fetched) = function
            && (short.contains('/') || !super::known::is_known(short))
        {
            return fetched;
        }
        let call = Call {
            name: short.to_owned(),
            args: args.to_vec(),
            bytes: context.bytes.clone(),
            input: context.input.clone(),
        };
        function.unwrap_or_default() | self.known(&call, context)
    }

    fn known(&mut self, call: &Call, context: &Context<'_>) -> bool {
        match call.name.as_str() {
            "eval" => return self.evaluate(call, context),
            "trap" => {
                let mut words = call.args.iter().skip_while(|word| word.is("--"));
                if let Some(code) = words.next().filter(|word| !word.any(|value| value.starts_with('-'))) {
                    self.code(code, None, call, context);
                }
                return false;
            }
            "source" | "." => {
                for found in source::check(call) {
                    self.say(context.frame, found);
                }
                return false;
            }
            _ => {}
        }
        if SHELLS.contains(&call.name.as_str()) {
            return self.start_shell(call, context);
        }
        if call.name == "busybox" || call.name == "toybox" || call.name == "builtin" {
            return self.command(&call.args, &deeper(context));
        }
        for found in judge_call(call, self.setting) {
            self.say(context.frame, found);
        }
        self.calls.push(call.clone());
        self.builtin(call, context);
        match wrappers::inside(call) {
            wrappers::Inside::Nothing => {}
            wrappers::Inside::Unclear(why) => {
                if !Self::passes_arguments(call, context) {
                    self.say(context.frame, dynamic::found(context, &call.name, why));
                }
            }
            wrappers::Inside::Command(words) => return self.command(&words, &deeper(context)),
            wrappers::Inside::Commands(commands) => {
                for words in commands {
                    self.command(&words, &deeper(context));
                }
            }
            wrappers::Inside::Code(code) => {
                self.code(&code, Some(&[]), call, &deeper(context));
            }
        }
        fetch_and_run::is_fetch(call)
    }

    /// Whether a function that is looked at by itself only hands on its arguments here.
    fn passes_arguments(call: &Call, context: &Context<'_>) -> bool {
        matches!(context.frame.parameters, Parameters::Own)
            && call.args.iter().any(|word| word.any(|value| value.contains(PARAMETER)))
    }

    fn evaluate(&mut self, call: &Call, context: &Context<'_>) -> bool {
        let space = [" ".to_owned()];
        let code = call.args.iter().fold(vec![String::new()], |code, word| {
            let between = if code == [String::new()] { vec![String::new()] } else { space.to_vec() };
            text::join(&text::join(&code, &between), &word.values)
        });
        self.code(&Word { values: code, many: false }, None, call, context)
    }

    /// Shell in a word; with arguments where a shell of its own runs it.
    fn code(&mut self, code: &Word, arguments: Option<&[Word]>, call: &Call, context: &Context<'_>) -> bool {
        let own = matches!(context.frame.parameters, Parameters::Own);
        let mut fetched = false;
        for value in &code.values {
            if value.contains(FETCHED) {
                let message = "runs shell that came from the network";
                self.say(context.frame, fetch_and_run::found(context, &call.name, message));
            } else if value.contains(PARAMETER) && own {
                // It is judged with what the function is called with.
            } else if value.contains([UNKNOWN, PARAMETER]) {
                let message = format!("cannot tell what shell this runs: `{}`", text::shown(value));
                self.say(context.frame, dynamic::found(context, &call.name, message));
            } else {
                let value = value.replace(NUMBER, "0");
                fetched |= match arguments {
                    Some(arguments) => self.shell(&value, arguments, context),
                    None => self.inner(&value, context),
                };
            }
        }
        fetched
    }

    fn start_shell(&mut self, call: &Call, context: &Context<'_>) -> bool {
        self.calls.push(call.clone());
        let mut args = call.args.iter().enumerate();
        let mut reads_stdin = false;
        while let Some((at, word)) = args.next() {
            let Some(text) = word.one() else {
                if !(word.any(|value| value.contains(PARAMETER)) && matches!(context.frame.parameters, Parameters::Own))
                {
                    return self.file(word, call, context);
                }
                return false;
            };
            match text {
                "--" => {}
                "--init-file" | "--rcfile" => {
                    let message = "a shell reads a file before what it is to run";
                    self.say(context.frame, dynamic::found(context, &call.name, message));
                    args.next();
                }
                "-o" | "+o" | "-O" | "+O" => {
                    args.next();
                }
                "-" => break,
                _ if text.starts_with("--") || text.starts_with('+') => {}
                _ if text.starts_with('-') => {
                    reads_stdin |= text.contains('s');
                    if text.contains('c') {
                        // The code is the first word that is no option.
                        let rest = &call.args[at + 1..];
                        let skipped = rest.iter().take_while(|w| w.any(|v| v.starts_with('-'))).count();
                        let Some(code) = rest.get(skipped) else { return false };
                        let arguments = rest.get(skipped + 2..).unwrap_or_default();
                        return self.code(code, Some(arguments), call, context);
                    }
                }
                _ if reads_stdin => break,
                _ => return self.file(word, call, context),
            }
        }
        self.stdin(call, context)
    }

    /// A shell that runs a file.
    fn file(&mut self, word: &Word, call: &Call, context: &Context<'_>) -> bool {
        for value in &word.values {
            if value.contains(FETCHED) {
                let message = format!("`{}` runs what came from the network", call.name);
                self.say(context.frame, fetch_and_run::found(context, &call.name, message));
            } else if value.starts_with(UNKNOWN) || value.starts_with("/dev/") || value.starts_with("/proc/") {
                let message = format!("cannot tell what `{}` runs", call.name);
                self.say(context.frame, dynamic::found(context, &call.name, message));
            } else {
                let path = if value.contains('/') { value.clone() } else { format!("./{value}") };
                let call = Call { name: path, args: Vec::new(), ..call.clone() };
                for found in judge_call(&call, self.setting) {
                    self.say(context.frame, found);
                }
                self.calls.push(call);
            }
        }
        false
    }

    /// A shell that runs what it reads.
    fn stdin(&mut self, call: &Call, context: &Context<'_>) -> bool {
        if context.input.fetched {
            let message = format!("`{}` runs what a download writes to it", call.name);
            self.say(context.frame, fetch_and_run::found(context, &call.name, message));
        } else if let Some(text) = context.input.text.clone() {
            let inner = Context { input: super::call::Input::default(), ..deeper(context) };
            return self.code(&Word { values: text, many: false }, Some(&[]), call, &inner);
        } else {
            let message = format!("`{}` runs whatever it reads", call.name);
            self.say(context.frame, dynamic::found(context, &call.name, message));
        }
        false
    }
}

fn deeper<'a>(context: &Context<'a>) -> Context<'a> {
    Context {
        frame: context.frame,
        bytes: context.bytes.clone(),
        input: context.input.clone(),
        depth: context.depth + 1,
    }
}
