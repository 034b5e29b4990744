//! `podclaw doctor`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::failure::{COULD_NOT, DONE, FINDINGS, Failure};
use crate::doctor::{self, Diagnosis, Finding, Group, NoDaemon, Rooms, Subject, Verdict, Wanted};
use crate::host::programs::Programs;
use crate::host::{Root, space::space};
use crate::incus::{self, Client, Limits, find_socket};
use crate::lab::{NEEDED, Settings};
use crate::ui::{BAD, CAUTION, FAINT, GOOD, HINT, STRONG};

/// How long the machine is looked at: files on a disk that does not answer would be waited for without end.
const LONGEST: Duration = Duration::from_secs(30);
/// How long the daemon may take for each answer.
const ANSWER: Duration = Duration::from_secs(15);

/// What `doctor` takes.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Show what is as it should be in full, too
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(args: DoctorArgs, context: &Context) -> Result<u8, Failure> {
    let settings = context.settings()?;
    let diagnosis = context.unless_cancelled(examine(&settings, context.socket())).await?;
    if context.ui.json() {
        context.ui.say_json(&diagnosis)?;
    } else {
        context.ui.say(human(&diagnosis, args.all).trim_end());
    }
    Ok(if diagnosis.is_blind() {
        COULD_NOT
    } else if diagnosis.counts.fail > 0 {
        FINDINGS
    } else {
        DONE
    })
}

async fn examine(settings: &Settings, socket: Option<&Path>) -> Result<Diagnosis, Failure> {
    let limits = Limits { answer: 16 << 20, read: ANSWER, ..Limits::default() };
    let found = find_socket(socket, |name| std::env::var(name).ok());
    let incus_dir = match &found {
        Ok(path) if path.parent() != Some(Path::new("/run/incus")) => path.parent().map(Path::to_owned),
        _ => None,
    };
    let wanted = wanted(settings, incus_dir.unwrap_or_else(|| "/var/lib/incus".into()));
    let daemon = async {
        let client = match found {
            Ok(path) => Client::connect_with(&path, limits).await,
            Err(error) => Err(incus::Error::from(error)),
        };
        doctor::ask(client, &wanted).await
    };
    // Answers are bounded one by one; this bounds them all.
    let daemon = tokio::time::timeout(LONGEST, daemon).await.unwrap_or_else(|_| {
        let why = format!("the daemon did not answer within {} s", LONGEST.as_secs());
        Err(NoDaemon { why, help: Some(incus::Error::NO_ANSWER.into()), may_be_there: true })
    });
    let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    let looking = tokio::task::spawn_blocking(move || {
        let root = Root::machine();
        let rooms = Rooms { cache: space(&wanted.cache), incus: space(&wanted.incus_dir) };
        let now = jiff::Timestamp::now().as_second();
        let subject = Subject::look(root.clone(), Programs::ask(&root), rooms, daemon, wanted, agent, now);
        doctor::examine(&subject)
    });
    match tokio::time::timeout(LONGEST, looking).await {
        Ok(diagnosis) => Ok(diagnosis.map_err(anyhow::Error::from)?),
        Err(_) => Err(Failure::could_not(
            anyhow::anyhow!("the machine could not be looked at within {} s", LONGEST.as_secs()),
            Some("a disk or a file system of another machine may hang: see /proc/mounts".into()),
        )),
    }
}

fn wanted(settings: &Settings, incus_dir: PathBuf) -> Wanted {
    let pool = &settings.pool;
    Wanted {
        pool: settings.name.pool(),
        bridge: settings.name.network(),
        driver: pool.driver.as_str().into(),
        pool_size: pool.device.is_none().then(|| pool.size.bytes()),
        guest_memory: settings.guest_memory(),
        extensions: &NEEDED,
        cache: settings.cache.clone(),
        incus_dir,
    }
}

fn human(diagnosis: &Diagnosis, all: bool) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{STRONG}{group}{STRONG:#}");
        for finding in diagnosis.checks.iter().filter(|finding| finding.group == group) {
            show(finding, all, &mut text);
        }
        text.push('\n');
    }
    let counts = diagnosis.counts;
    let _ = write!(
        text,
        "{} ok, {} warnings, {} failed, {} could not be told: ",
        counts.ok, counts.warn, counts.fail, counts.unknown
    );
    text.push_str(match (diagnosis.is_blind(), counts.fail, counts.warn + counts.unknown) {
        (true, ..) => "not enough was seen to say that this machine is fit to be sacrificed",
        (_, 1.., _) => "this machine is not fit to be sacrificed",
        (_, 0, 0) => "this machine is fit to be sacrificed",
        (_, 0, _) => "this machine can be sacrificed; the warnings make the lab stronger",
    });
    text
}

fn show(finding: &Finding, all: bool, text: &mut String) {
    let (style, sign) = match finding.verdict {
        Verdict::Ok => (GOOD, '✓'),
        Verdict::Warn => (CAUTION, '!'),
        Verdict::Fail => (BAD, '✗'),
        Verdict::Unknown => (HINT, '?'),
    };
    let Finding { id, title, seen, .. } = finding;
    let _ = writeln!(text, "  {style}{sign}{style:#} {id:22} {title}: {seen}");
    if finding.verdict != Verdict::Ok || all {
        for detail in &finding.details {
            let _ = writeln!(text, "      {detail}");
        }
    }
    // Said once, at the daemon itself.
    if finding.remedy.as_deref() == Some(doctor::NO_DAEMON) {
        return;
    }
    if let Some(why) = finding.why {
        let _ = writeln!(text, "      {FAINT}{why}{FAINT:#}");
    }
    if let Some(remedy) = &finding.remedy {
        let _ = writeln!(text, "      {HINT}mend{HINT:#}: {remedy}");
    }
}
