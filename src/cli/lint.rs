//! `podclaw lint`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::failure::{COULD_NOT, DONE, FINDINGS, Failure};
use crate::lint::{self, Input, Request};
use crate::report::{self, Look};
use crate::text::excerpt;
use crate::ui::{Format, Ui};
use crate::yaml::MAX_BYTES;

/// What is judged when nothing is named, and what of the lab's own data.
const USUAL: [&str; 2] = ["podclaw.yaml", "podclaw.lock"];
const DATA: [&str; 5] = ["profiles", "cloud-init", "apparmor", "policy/waivers.yaml", "policy/rules"];

/// What `lint` takes.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Files and directories to judge; `-` is standard input [default: the lab file and podclaw.lock here, and profiles, cloud-init,
    /// apparmor, policy/waivers.yaml and policy/rules in the lab file's data directory or else here, of those that exist]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The profiles to merge, in order [default: the lab file's, or guest,standard]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    stack: Option<Vec<String>>,
    /// The directory with waivers.yaml and own rules in rules/ [default: policy]
    #[arg(long, value_name = "DIRECTORY")]
    policy: Option<PathBuf>,
    /// The name that tells what standard input is, such as `evil.container`
    #[arg(long, value_name = "NAME", default_value = "-", hide_default_value = true)]
    stdin_name: String,
    /// Mend what has one safe mend, then judge again
    #[arg(long)]
    fix: bool,
    /// With --fix: only show what would be mended, as a diff
    #[arg(long, requires = "fix")]
    dry_run: bool,
}

pub(crate) async fn run(args: LintArgs, context: &Context) -> Result<u8, Failure> {
    let settings = context.settings()?;
    let request = Request {
        inputs: inputs(&args, context.named_lab_file(), settings.data.as_deref())?,
        stack: args.stack,
        lab: settings.name,
        lab_stack: settings.profiles,
        limits: settings.limits,
        policy: Some(policy(args.policy, settings.data)?),
        lab_file: context.named_lab_file().map(Path::to_owned),
        today: jiff::Zoned::now().date(),
    };
    let (fix, dry) = (args.fix, args.dry_run);
    if fix && request.inputs.iter().any(|input| matches!(input, Input::Text { .. })) {
        return Err(Failure::usage("--fix cannot change standard input", "name the file itself"));
    }
    let judging = tokio::task::spawn_blocking(move || {
        if fix {
            return lint::mend(&request, dry);
        }
        lint::Mend { mended: Vec::new(), unmended: Vec::new(), report: lint::lint(&request) }
    });
    let done = context.unless_cancelled(async { Ok(judging.await.map_err(anyhow::Error::from)?) }).await?;
    show_mends(&done, dry, &context.ui);
    let found = done.report;
    show(&found, &context.ui)?;
    Ok(code(&found))
}

/// The exit code of a report. What could not be judged weighs more than what was found.
pub(super) fn code(report: &lint::Report) -> u8 {
    if !report.failures.is_empty() {
        COULD_NOT
    } else if report.has_findings() {
        FINDINGS
    } else {
        DONE
    }
}

/// How findings look where this output goes.
pub(super) fn look(ui: &Ui) -> Look {
    Look { width: ui.width(), quiet: ui.quiet() }
}

/// Shows what was mended beside the report, so that the report can be read by a program; a diff is what was asked for.
fn show_mends(done: &lint::Mend, dry: bool, ui: &Ui) {
    for file in &done.mended {
        let name = excerpt(&file.name, 4096);
        if dry && ui.format() == Format::Human {
            ui.say(report::diff(&file.name, &file.before, &file.after).trim_end());
            ui.say("");
        } else {
            let verb = if dry { "would mend" } else { "mended" };
            ui.note(format!("{verb} {name}: {}", file.what.join(", ")));
        }
    }
    for file in &done.unmended {
        ui.warn(format!("not mended: {}: {}", excerpt(&file.name, 4096), file.reason));
    }
}

/// Shows a report. The exit code is the same in every format.
pub(super) fn show(found: &lint::Report, ui: &Ui) -> Result<(), Failure> {
    let text = match ui.format() {
        Format::Human => report::human(found, look(ui)),
        Format::Json => return Ok(ui.say_json(&report::json(found))?),
        Format::Sarif => return Ok(ui.say_plain_json(&report::sarif(found))?),
        Format::Github => report::github(found),
        Format::Junit => report::junit(found).map_err(anyhow::Error::from)?,
    };
    let text = text.trim_end();
    if !text.is_empty() {
        ui.say(text);
    }
    Ok(())
}

/// The directory of the policy. There is always one, so that files from elsewhere never bring their own waivers.
pub(super) fn policy(named: Option<PathBuf>, data: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match named {
        Some(directory) if directory.is_dir() => Ok(directory),
        Some(directory) => Err(Failure::usage(
            format!("{} is not a directory", crate::text::excerpt(&directory.to_string_lossy(), 200)),
            "name the directory that has waivers.yaml or rules/ in it",
        )),
        None => {
            Ok(data.map(|data| data.join("policy")).filter(|directory| directory.is_dir()).unwrap_or("policy".into()))
        }
    }
}

fn inputs(args: &LintArgs, lab_file: Option<&Path>, data: Option<&Path>) -> Result<Vec<Input>, Failure> {
    if args.paths.is_empty() {
        // What a launch reads: the lab's own data, where it has some, in place of what is built in.
        let data = DATA.iter().map(|name| data.map_or_else(|| name.into(), |data| data.join(name)));
        let lab = match lab_file {
            Some(file) => [file.to_owned(), file.with_file_name("podclaw.lock")],
            None => USUAL.map(PathBuf::from),
        };
        let all = lab.into_iter().chain(data);
        let usual: Vec<_> = all.filter(|path| path.exists()).map(Input::Path).collect();
        if usual.is_empty() {
            return Err(Failure::usage(
                "there is nothing here to judge",
                "name files or directories: podclaw lint profiles/",
            ));
        }
        return Ok(usual);
    }
    let input = |path: &PathBuf| {
        if path != Path::new("-") {
            return Ok(Input::Path(path.clone()));
        }
        let mut bytes = Vec::new();
        // One byte more than is judged, so that a larger input is seen to be one.
        std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Input::Text { name: args.stdin_name.clone(), bytes })
    };
    args.paths.iter().map(input).collect()
}
