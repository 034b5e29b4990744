//! Looking at the two firewalls of a lab.

use crate::fence::{self, Fence};
use crate::incus::Job;
use crate::lab::{Change, Lab, init};
use crate::probe::{Lock, Locks};

/// The driver by which the daemon writes rules that can be read here.
const DRIVER: &str = "nftables";

/// Both, as they are now.
pub(in crate::lab) async fn locks(lab: &Lab, wanted: Option<&Fence>) -> Locks {
    // Only one of them asks the daemon.
    let (fence, acl) = tokio::join!(fence(lab, wanted), acl(lab));
    Locks { acl, fence }
}

/// podclaw's own table as it is now, compared with what `init` would make of it, where that is not known already.
async fn fence(lab: &Lab, wanted: Option<&Fence>) -> Result<Lock, String> {
    let name = fence::name(&lab.settings.name);
    let change = async {
        match wanted {
            Some(wanted) => init::compare_fence(lab, wanted).await,
            None => init::fence_step(lab, &Job::quiet()).await.map(|step| step.change),
        }
    };
    let (rules, change) = tokio::join!(fence::own_ruleset(&lab.settings.name), change);
    let rules = rules.map_err(|error| error.to_string())?;
    let difference = match change {
        Err(error) => Some(format!("it can't be compared with the lab file: {error}")),
        Ok(Change::Unseen(why)) => return Err(why),
        Ok(change) => change.differences().first().map(|difference| match (&difference.old, &difference.new) {
            (Some(rule), _) => format!("{} has a rule too many, {rule}", difference.key),
            (None, rule) => format!("{} lacks {}", difference.key, rule.as_deref().unwrap_or("a rule")),
        }),
    };
    Ok(Lock { name: format!("table inet {name}"), rules, difference })
}

/// Incus' own table. It has the rules of all bridges; those of others are not about the lab's packets.
async fn acl(lab: &Lab) -> Result<Lock, String> {
    let driver = &lab.client.server().firewall;
    if driver != DRIVER {
        return Err(format!(
            "the daemon filters with {}, whose rules nobody reads here",
            crate::text::excerpt(driver, 32)
        ));
    }
    let rules = fence::incus_ruleset().await.map_err(|error| error.to_string())?;
    Ok(Lock { name: "Incus' table inet incus".into(), rules, difference: None })
}
