//! The look at this machine after a wipe.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::plan::{Fate, Kind, WipePlan};
use super::scope::{Spare, WipeScope};
use super::tidy::tidy;
use crate::fence;
use crate::host::programs::nftables;
use crate::host::residue::{Gone, Trace};
use crate::host::{self, Root};
use crate::lab::Lab;

/// How often is looked before what is there is called left: the kernel takes a moment for its own tidying.
const LOOKS: u32 = 8;
/// From which look on podclaw removes what it finds.
const TIDIES_AT: u32 = 2;
/// How long is waited in between.
const BREATH: Duration = Duration::from_millis(250);
/// How long a look may take.
const WITHIN: Duration = Duration::from_secs(30);

/// What is left on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Residue {
    /// What was found.
    pub found: Vec<Trace>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

/// Looks on this machine for what a wipe left. `incus_dir` is where the daemon keeps its things, `before` the plan that was
/// carried out, and `after` what the daemon still has.
///
/// What the daemon left of guests that are gone is removed, and only what stays all the same is returned.
pub async fn residue(lab: &Lab, incus_dir: &Path, scope: &WipeScope, before: &WipePlan, after: &WipePlan) -> Residue {
    let went =
        |kind: Kind| before.doomed().any(|step| step.kind == kind) && after.steps.iter().all(|it| it.kind != kind);
    let staying = after.steps.iter().filter(|step| step.kind == Kind::Guest).map(|step| step.name.clone());
    let kept = before.steps.iter().filter(|step| step.kind == Kind::Guest && step.fate != Fate::Delete);
    let name = &lab.settings.name;
    let gone = Gone {
        incus_dir: incus_dir.to_owned(),
        project: lab.project.as_str().to_owned(),
        staying: staying.chain(kept.map(|step| step.name.clone())).collect(),
        interfaces: before.interfaces.clone(),
        bridge: went(Kind::Network).then(|| name.network()),
        pool: went(Kind::Pool).then(|| name.pool()),
        table: went(Kind::FirewallTable).then(|| fence::name(name)),
        spares_logs: scope.spares(Spare::Logs),
    };
    let mut seen = Residue::default();
    for attempt in 1..=LOOKS {
        let gone = gone.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let root = Root::machine();
            if attempt == 1 {
                // Logs are always there.
                tidy(&root, &gone, &[]);
            }
            let look = || host::residue::residue(&root, nftables(), &gone);
            let seen = look();
            // The daemon and the kernel may be at it themselves.
            if seen.0.is_empty() || attempt < TIDIES_AT {
                return seen;
            }
            tidy(&root, &gone, &seen.0);
            look()
        });
        seen = match timeout(WITHIN, looking).await {
            Ok(Ok((found, unseen))) => Residue { found, unseen },
            Ok(Err(error)) => Residue { unseen: vec![error.to_string()], ..Residue::default() },
            Err(_) => {
                let why = format!("this machine could not be looked at within {} s", WITHIN.as_secs());
                return Residue { unseen: vec![why], ..Residue::default() };
            }
        };
        if seen.found.is_empty() || attempt == LOOKS {
            break;
        }
        sleep(BREATH).await;
    }
    seen
}
