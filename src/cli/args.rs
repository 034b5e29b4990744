//! The arguments that every command shares, and the list of commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    audit, completions, delete, doctor, exec, forward, image, info, init, launch, lint, list, logs, man, pool, prove,
    rule, shell, wipe,
};
use crate::names::LabName;
use crate::ui::{Color, Format};

/// Names the cache, too.
pub(crate) const CACHE_DIR: &str = "PODCLAW_CACHE_DIR";

/// Runs an AI agent gateway that you do not trust, contained, on a machine that you can afford to lose.
#[derive(Debug, Parser)]
#[command(name = "podclaw", version, max_term_width = 100, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done or nothing found, 1 findings or a failed check, 2 usage, 3 could not judge or could not do."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The lab file [default: ./podclaw.yaml, then /etc/podclaw/podclaw.yaml, then built-in values]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) lab_file: Option<PathBuf>,
    /// The lab's name, in place of the lab file's
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) lab: Option<LabName>,
    /// The Incus daemon's Unix socket [default: the one that Incus' own client takes]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Where built images are kept [default: /var/cache/podclaw for root]
    #[arg(long, global = true, value_name = "DIR", env = CACHE_DIR, hide_env = true)]
    pub(crate) cache_dir: Option<PathBuf>,
    /// How results are written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human", hide_possible_values = false)]
    pub(crate) format: Format,
    /// When output is coloured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Say only results, warnings and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log each request to the daemon, on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// What podclaw can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look whether this machine is fit to be sacrificed; changes nothing
    Doctor(doctor::DoctorArgs),
    /// Judge profiles, cloud-init, Quadlets, AppArmor profiles and more
    Lint(lint::LintArgs),
    /// List the rules of lint, or explain one
    Rule(rule::RuleArgs),
    /// Make or repair the lab: project, pool, network, ACL, profiles
    Init(init::InitArgs),
    /// Build, list and delete the images that guests are made of
    Image(image::ImageArgs),
    /// Launch a guest and bring its gateway up
    Launch(launch::LaunchArgs),
    /// Keep guests standing by, which `launch` claims at once
    Pool(pool::PoolArgs),
    /// List the lab's guests
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show what a guest is, how it was made and how to reach it
    Info(info::InfoArgs),
    /// Show the gateway's log, or that of the stages
    Logs(logs::LogsArgs),
    /// Open a shell in a guest
    Shell(shell::ShellArgs),
    /// Run a command in a guest; its exit code becomes podclaw's
    Exec(exec::ExecArgs),
    /// Forward a port of this machine's loopback to a guest's loopback
    Forward(forward::ForwardArgs),
    /// Try to break out of guests, and show what came of it
    Prove(prove::ProveArgs),
    /// Judge the lab on the daemon: guests, profiles, network, images, and what differs from the lab file
    Audit(audit::AuditArgs),
    /// Stop and delete guests
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
    /// Delete everything that is the lab's: guests, images, profiles, project, network, pool
    Wipe(wipe::WipeArgs),
    /// Print a shell's completion script
    Completions(completions::CompletionsArgs),
    /// Print or write the manual pages
    Man(man::ManArgs),
}

impl Command {
    /// Whether its result is a report of findings, which has formats of its own.
    pub(crate) fn reports_findings(&self) -> bool {
        matches!(self, Self::Lint(_) | Self::Audit(_))
    }
}
