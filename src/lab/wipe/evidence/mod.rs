//! Keeping what tells what happened, before it is deleted: what the daemon says of the lab, each guest's receipt, logs and
//! console, and each guest itself with its disk.
//!
//! It is all or nothing: where something can't be kept, nothing is deleted.

mod directory;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use serde_json::{Value, json};

use self::directory::Directory;
use super::plan::{Kind, WipePlan};
use crate::host::space::space;
use crate::incus::{Collection, InstanceWithState, Job, Object, Project};
use crate::lab::{Error, Lab, Result};
use crate::names::GuestName;

pub(super) use self::directory::Written;

/// What is to stay free where guests are written to, on the daemon's side and on ours.
const RESERVE: u64 = 1 << 30;
/// The most that is kept of a log, in bytes.
const LONGEST_LOG: usize = 16 << 20;
/// The daemon's logs of a guest.
const LOGS: [&str; 3] = ["lxc.log", "lxc.conf", "forkexec.log"];
/// The name of the backup that a guest is exported by.
const BACKUP: &str = "podclaw-evidence";
/// The restriction that forbids backups in the lab's project.
const RESTRICTION: &str = "restricted.backups";

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where.
    pub directory: PathBuf,
    /// The files.
    pub files: Vec<Written>,
}

impl Evidence {
    /// How much it is, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

fn lost(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Error {
    Error::Evidence(format!("{what}: {why}"))
}

/// Keeps all of it in a new directory. `incus_dir` is where the daemon keeps its things, where it is on this machine.
pub async fn evidence(lab: &Lab, plan: &WipePlan, path: &Path, incus_dir: &Path, job: &Job) -> Result<Evidence> {
    let mut directory = Directory::make(path).map_err(|why| lost(path.display(), why))?;
    let (pool, network, acl) = (lab.settings.name.pool(), lab.settings.name.network(), lab.settings.name.acl());
    for (name, object) in [
        ("project.json", Object::project(&lab.project)),
        ("network.json", Object::network(&network)),
        ("acl.json", Object::acl(&acl)),
        ("pool.json", Object::pool(&pool)),
    ] {
        let found = lab.client.get::<Value>(&object).await?;
        put(&mut directory, name, &pretty(&found))?;
    }
    let doomed: BTreeSet<&str> =
        plan.doomed().filter(|step| step.kind == Kind::Guest).map(|step| step.name.as_str()).collect();
    if lab.client.exists(&Object::project(&lab.project)).await? {
        for (name, collection) in [
            ("profiles.json", Collection::profiles(&lab.project)),
            ("images.json", Collection::images(&lab.project)),
            ("instances.json", Collection::instances(&lab.project)),
        ] {
            let found = lab.client.list::<Value>(&collection).await?;
            put(&mut directory, name, &pretty(&found))?;
        }
        let lifted = lift(lab).await?;
        let kept = guests(lab, &doomed, &mut directory, incus_dir, job).await;
        // Whether or not it went well, and whether or not the project is deleted now.
        if lifted {
            set_restriction(lab, "block").await?;
        }
        kept?;
    }
    put(&mut directory, "plan.json", &pretty(plan))?;
    let list = |files: &[Written]| {
        let body = json!({ "version": 1, "podclaw": env!("CARGO_PKG_VERSION"), "lab": lab.settings.name,
            "daemon": lab.client.server().to_string(), "at": jiff::Timestamp::now(), "files": files });
        pretty(&body)
    };
    let place = directory.path().to_owned();
    let files = directory.finish("evidence.json", list).map_err(|why| lost("evidence.json", why))?;
    Ok(Evidence { directory: place, files })
}

fn put(directory: &mut Directory, name: &str, bytes: &[u8]) -> Result<()> {
    directory.put(name, bytes).map_err(|why| lost(name, why))
}

fn pretty(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(body).unwrap_or_default()
}

async fn guests(
    lab: &Lab,
    doomed: &BTreeSet<&str>,
    directory: &mut Directory,
    incus_dir: &Path,
    job: &Job,
) -> Result<()> {
    let all = lab.client.list_with_state(&Collection::instances(&lab.project)).await?;
    for found in all.iter().filter(|found| doomed.contains(found.instance.name.as_str())) {
        // No other name becomes a file's.
        let name: GuestName = found.instance.name.parse()?;
        let began = Instant::now();
        let job = Job::new(job.progress.lane(name.as_str()), job.cancel.clone());
        job.progress.begin("keep as evidence");
        let receipt = found.instance.config.get(crate::lab::Receipt::KEY);
        if let Some(receipt) = receipt {
            put(directory, &format!("{name}.receipt.json"), receipt.as_bytes())?;
        }
        let console = lab.client.console_log(&lab.project, name.as_str(), LONGEST_LOG).await;
        put(directory, &format!("{name}.console.log"), &console.unwrap_or_default())?;
        for log in LOGS {
            if let Ok(Some(said)) = lab.client.log_file(&lab.project, name.as_str(), log, LONGEST_LOG as u64).await {
                put(directory, &format!("{name}.{log}"), &said)?;
            }
        }
        export(lab, found, &name, directory, incus_dir, &job).await?;
        job.progress.done("kept as evidence", began.elapsed());
    }
    Ok(())
}

/// The guest itself: its configuration, its disk and its snapshots, as `incus import` takes them.
async fn export(
    lab: &Lab,
    found: &InstanceWithState,
    name: &GuestName,
    directory: &mut Directory,
    incus_dir: &Path,
    job: &Job,
) -> Result<()> {
    let usage: u64 = found.state.disk.values().filter_map(|disk| u64::try_from(disk.usage).ok()).sum();
    let snapshots: u64 = found.snapshots.iter().filter_map(|it| u64::try_from(it.size).ok()).sum();
    let needed = usage.saturating_add(snapshots);
    let mut room = u64::MAX;
    for place in [directory.path(), incus_dir] {
        let free = space(place).map_err(|why| lost(place.display(), why))?.free.saturating_sub(RESERVE);
        if free < needed {
            let why =
                format!("guest {name} takes {} MiB, and {} MiB are free beside a reserve", needed >> 20, free >> 20);
            return Err(lost(place.display(), why));
        }
        room = room.min(free);
    }
    let backup = Collection::backups(&lab.project, name.as_str()).object(BACKUP);
    lab.client.delete(&backup, job).await?;
    let body = json!({ "instance_only": false, "optimized_storage": false, "compression_algorithm": "gzip" });
    lab.client.create(&backup, &body, job).await?;
    let file = format!("{name}.tar.gz");
    let mut writing = directory.file(&file).map_err(|why| lost(&file, why))?;
    let downloaded = lab.client.download(&backup, room, job, |piece| writing.write(piece)).await;
    lab.client.delete(&backup, job).await?;
    downloaded?;
    directory.end(writing).map_err(|why| lost(&file, why))
}

/// Allows backups in the project, where they are not; says whether they were not.
async fn lift(lab: &Lab) -> Result<bool> {
    let Some(project) = lab.client.get::<Project>(&Object::project(&lab.project)).await? else { return Ok(false) };
    let is_blocked = project.config.get("restricted").is_some_and(|it| it == "true")
        && project.config.get(RESTRICTION).is_none_or(|it| it != "allow");
    if is_blocked {
        set_restriction(lab, "allow").await?;
    }
    Ok(is_blocked)
}

async fn set_restriction(lab: &Lab, value: &str) -> Result<()> {
    let object = Object::project(&lab.project);
    if let Some((mut project, tag)) = lab.client.get_tagged::<Project>(&object).await? {
        project.config.insert(RESTRICTION.into(), value.into());
        lab.client.replace_if(&tag, &object, &project).await?;
    }
    Ok(())
}
