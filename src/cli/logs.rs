//! `podclaw logs`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::io::AsyncReadExt;

use super::context::Context;
use super::failure::{DONE, Failure};
use super::pump;
use crate::cloud_init::Stage;
use crate::incus::Session;
use crate::lab::{self, Lab};
use crate::names::GuestName;
use crate::text::{self, Escaper};
use crate::ui::Stream;

/// The most that is read of one log file, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// How long reading one log file may take.
const WITHIN: Duration = Duration::from_secs(10);

/// What `logs` takes.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The guest
    name: GuestName,
    /// Which log
    #[arg(long, value_enum, default_value = "gateway")]
    source: Source,
    /// How many lines of its end; with `--source stages`, of each stage's
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 200)]
    lines: u32,
    /// Show what the gateway writes from now on, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// The gateway
    Gateway,
    /// The stages that set the guest up; also of a stopped guest
    Stages,
    /// cloud-init; also of a stopped guest
    CloudInit,
    /// The guest's console
    Console,
}

pub(crate) async fn run(args: LogsArgs, context: &Context) -> Result<u8, Failure> {
    if args.follow && args.source != Source::Gateway {
        return Err(Failure::usage("--follow is for the gateway's log only", "leave --follow or --source away"));
    }
    if context.ui.json() {
        return Err(Failure::usage("a log is text, in no other format", "leave --format away"));
    }
    let lab = context.lab().await?;
    match args.source {
        Source::Gateway => gateway(&lab, &args, context).await,
        Source::Stages => {
            lab::guest(&lab, &args.name).await?;
            for stage in Stage::ALL {
                let log = file(&lab, &args, &stage.log_path()).await;
                if let Some(log) = log {
                    context.ui.say(format!("== {stage}\n{log}"));
                }
            }
            Ok(DONE)
        }
        Source::CloudInit => {
            lab::guest(&lab, &args.name).await?;
            match file(&lab, &args, "/var/log/cloud-init-output.log").await {
                Some(log) => context.ui.say(log),
                None => context.ui.note(format!(
                    "cloud-init has not run in {}: in a guest of a baked image it never does, and the log is `--source stages`",
                    args.name
                )),
            }
            Ok(DONE)
        }
        Source::Console => {
            lab::guest(&lab, &args.name).await?;
            let limit = usize::try_from(LARGEST).unwrap_or(usize::MAX);
            let log = lab.client.console_log(&lab.project, args.name.as_str(), limit).await?;
            context.ui.say(text::tail(&log, lines(&args)));
            Ok(DONE)
        }
    }
}

/// The end of a file of the guest; where it can't be read, why. The guest may have put anything in its place, such as a
/// pipe that nobody writes to.
async fn file(lab: &Lab, args: &LogsArgs, path: &str) -> Option<String> {
    let pulled = lab.client.pull_file(&lab.project, args.name.as_str(), path, LARGEST);
    match tokio::time::timeout(WITHIN, pulled).await {
        Ok(Ok(bytes)) => bytes.map(|bytes| text::tail(&bytes, lines(args))),
        Ok(Err(error)) => Some(format!("({error})")),
        Err(_) => Some(format!("({path} could not be read within {} s)", WITHIN.as_secs())),
    }
}

fn lines(args: &LogsArgs) -> usize {
    usize::try_from(args.lines).unwrap_or(usize::MAX)
}

/// The journal of the gateway's unit, escaped line for line: the gateway may be hostile.
async fn gateway(lab: &Lab, args: &LogsArgs, context: &Context) -> Result<u8, Failure> {
    lab::running_guest(lab, &args.name).await?;
    let journal = lab::inside::gateway_log(args.lines, args.follow);
    let session = lab.client.exec(&lab.project, args.name.as_str(), &journal, None).await?;
    let Session { stdout, mut stderr, mut process, .. } = session;
    let complaints = tokio::spawn(async move {
        let mut bytes = Vec::new();
        let _ = (&mut stderr).take(8192).read_to_end(&mut bytes).await;
        bytes
    });
    let mut escaper = Escaper::default();
    let mut reader_gone = false;
    let mut show = |text: String| {
        let written = context.ui.write_bytes(Stream::Out, text.as_bytes());
        reader_gone = written.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe);
        written
    };
    let mut shown = pump::drain(stdout, |bytes| show(escaper.feed(bytes))).await;
    if shown.is_ok() {
        shown = show(escaper.finish());
    }
    // As after `podclaw logs demo --follow | head -1`: there is nobody left to show the rest to.
    if reader_gone {
        return Ok(DONE);
    }
    shown?;
    match process.wait().await? {
        0 => Ok(DONE),
        code => {
            let complaint = text::tail(&complaints.await.unwrap_or_default(), 5);
            let why = if complaint.is_empty() { format!("journalctl ended with {code}") } else { complaint };
            Err(Failure::could_not(anyhow::anyhow!(why), None).about("cannot read the gateway's journal".into()))
        }
    }
}
