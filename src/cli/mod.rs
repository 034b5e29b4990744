//! The command line: one file a command, and the only place that prints.

mod args;
mod context;
mod failure;

mod audit;
mod completions;
mod delete;
mod doctor;
mod exec;
mod forward;
mod image;
mod info;
mod init;
mod launch;
mod lint;
mod list;
mod logs;
mod man;
mod plan;
mod pool;
mod probing;
mod prove;
mod pump;
mod rule;
mod shell;
mod terminal;
mod timer;
mod timings;
mod wipe;
mod words;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::{Value, json};

use crate::ui::{Stream, Ui};
use args::{Cli, Command};
use context::Context;
pub use failure::{COULD_NOT, DONE, FINDINGS, Failure, USAGE};

/// Runs podclaw with this process' arguments.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = probing::run(std::env::args_os().skip(1)) {
        return ExitCode::from(code);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors: clap knows which stream and code each has.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let context = Context::new(&cli.global);
    if context.ui.format().is_for_findings() && !cli.command.reports_findings() {
        let failure = Failure::usage(
            "only `podclaw lint` and `podclaw audit` write their result in this format",
            "the formats of every command are: --format human, --format json",
        );
        context.ui.error(&failure.message(), failure.help());
        return ExitCode::from(failure.code());
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            context.ui.error(&format!("cannot start the I/O runtime: {error}"), None);
            return ExitCode::from(COULD_NOT);
        }
    };
    let code = runtime.block_on(run(cli.command, &context));
    // A thread that still reads standard input must not hold up the end.
    runtime.shutdown_background();
    // A result that is not where it was to be written is none, whatever it was.
    if let Some(why) = context.ui.lost() {
        context.ui.error(&format!("cannot write the result: {why}"), None);
        return ExitCode::from(COULD_NOT);
    }
    ExitCode::from(code)
}

async fn run(command: Command, context: &Context) -> u8 {
    let outcome = tokio::select! {
        outcome = dispatch(command, context) => outcome,
        () = context.interrupted_twice() => Err(Failure::interrupted_twice()),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            context.ui.error(&failure.message(), failure.help());
            failure.code()
        }
    }
}

async fn dispatch(command: Command, context: &Context) -> Result<u8, Failure> {
    match command {
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Init(args) => init::run(args, context).await,
        Command::Image(args) => image::run(args, context).await,
        Command::Launch(args) => launch::run(args, context).await,
        Command::Lint(args) => lint::run(args, context).await,
        Command::Audit(args) => audit::run(args, context).await,
        Command::Rule(args) => rule::run(args, context),
        Command::Pool(args) => pool::run(args, context).await,
        Command::List(args) => list::run(args, context).await,
        Command::Info(args) => info::run(args, context).await,
        Command::Logs(args) => logs::run(args, context).await,
        Command::Shell(args) => shell::run(args, context).await,
        Command::Exec(args) => exec::run(args, context).await,
        Command::Forward(args) => forward::run(args, context).await,
        Command::Prove(args) => prove::run(args, context).await,
        Command::Delete(args) => delete::run(args, context).await,
        Command::Wipe(args) => wipe::run(args, context).await,
        Command::Completions(args) => completions::run(args, context),
        Command::Man(args) => man::run(&args, context),
    }
}

/// Writes a generated file as the result.
fn write_result(bytes: &[u8], ui: &Ui) -> std::io::Result<()> {
    unless_unread(ui.write_bytes(Stream::Out, bytes))
}

/// That nobody reads any more, as after `podclaw man | head -1`, is no error.
fn unless_unread(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Why things failed, for programs.
fn told(failures: &[Failure]) -> Vec<Value> {
    failures.iter().map(|failure| json!({ "error": failure.message(), "help": failure.help() })).collect()
}

/// For commands about several objects: `code` if all went well; else every failure is shown, and the last one decides.
fn all_or_last(mut failures: Vec<Failure>, ui: &Ui, code: u8) -> Result<u8, Failure> {
    let Some(last) = failures.pop() else { return Ok(code) };
    for failure in failures {
        ui.error(&failure.message(), failure.help());
    }
    Err(last)
}

/// A time as it is written on the command line.
fn duration(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|_| "it must be like 90s, 10m or 1h30m".to_owned())?;
    match Duration::try_from(span) {
        Ok(duration) if duration >= Duration::from_secs(1) => Ok(duration),
        _ => Err("it must be at least 1s".into()),
    }
}
