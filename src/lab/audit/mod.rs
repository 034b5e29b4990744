//! Judging a lab as it is on the daemon.
//!
//! Everything is asked for in lists, so that the number of requests does not grow with the number of guests. What can't be read
//! is a failure in the report, and never passes for what is right.

mod drift;
mod fetch;
mod guests;
mod kernel;
mod objects;
pub mod server;
mod words;

use super::{Error, Lab, Result};
use crate::image::{self, BakeNote};
use crate::incus::{Collection, Image, Object, Profile, Project, StoragePool};
use crate::lint::{Judged, Report};
use crate::names::GuestName;
use crate::rules;
use crate::rules::live::{self, LiveFacts, Pinned};
use fetch::Fetch;
use words::Objects;

pub(super) use kernel::holes_in;

/// Judges the lab's objects and its guests; of guests only those named, where some are.
///
/// # Errors
/// [`Error::NoLab`] where there is nothing of the lab, [`Error::Foreign`] where its project is somebody else's, and
/// [`Error::NoGuest`] where a guest is named that there is not. Whatever else can't be read is in the report.
pub async fn audit(lab: &Lab, names: &[GuestName]) -> Result<Report> {
    let project = lab.client.get::<Project>(&Object::project(&lab.project)).await?;
    if project.as_ref().is_some_and(|project| !lab.mark().is_on(&project.config)) {
        return Err(Error::Foreign { object: format!("project {}", lab.project) });
    }
    let mut fetch = Fetch::new(lab);
    let pool = fetch.one::<StoragePool>("storage pool", &Object::pool(&lab.settings.name.pool())).await;
    let (networks, acls) = (fetch.networks().await, fetch.acls().await);
    let network = networks.iter().find(|network| network.name == lab.settings.name.network());
    if let (None, None, None, true) = (&project, &pool, network, fetch.report.failures.is_empty()) {
        return Err(Error::NoLab { lab: lab.settings.name.clone() });
    }
    fetch.count("project", project.iter().len());
    fetch.count("storage pool", pool.iter().len());
    fetch.count("network", network.iter().len());
    let attached = objects::attached(network, acls, &mut fetch);
    let drift = fetch.drift().await;
    let closed = fetch.closed().await;
    let kernel = match network {
        Some(_) => fetch.unless_failed("the kernel's rules", kernel::holes(lab, &closed).await).unwrap_or_default(),
        None => Vec::new(),
    };
    let mut profiles = Vec::new();
    let mut images: Vec<Image> = Vec::new();
    let mut instances = Vec::new();
    // In a project that is not there is nothing to be asked for.
    if project.is_some() {
        profiles = fetch.all::<Profile>("profile", &Collection::profiles(&lab.project)).await;
        images = fetch.all("image", &Collection::images(&lab.project)).await;
        instances = fetch.instances(names).await?;
    }
    let pinned = fetch.unless_failed("podclaw.lock", image::pinned(lab.image_request())).unwrap_or_default();
    let used_by = pool.as_ref().map_or_else(Vec::new, objects::used_by);
    let own_acl = attached.iter().find(|acl| acl.name == lab.settings.name.acl());
    let guests = guests::facts(&instances, &used_by, &profiles, own_acl, &mut fetch);
    let (guests, others) = guests::asked(guests, names, &mut fetch);
    let note = project.as_ref().and_then(|project| BakeNote::read(&project.config));
    let words = words::words(&Objects {
        project: project.as_ref(),
        pool: pool.as_ref(),
        network,
        acls: &attached,
        profiles: &profiles,
        images: &images,
    });
    let facts = LiveFacts {
        lab: lab.settings.name.clone(),
        drift,
        reach: objects::reach(lab, &closed),
        network: network.map(objects::network),
        kernel,
        acls: attached.iter().map(objects::acl).collect(),
        pool: pool.map(|pool| objects::pool(pool, used_by)),
        profiles: objects::profiles(profiles, &mut fetch),
        images: images.iter().map(|image| objects::image(lab, image, note.as_ref())).collect(),
        pinned: Pinned { base: pinned.base.map(|base| base.to_string()), gateway: pinned.gateway },
        guests,
        words,
        others,
    };
    let mut report = fetch.report;
    report.findings.extend(live::judge(&facts));
    match server::facts(&lab.client, lab).await {
        Ok((server, unseen)) => {
            report.judged.add("daemon", 1);
            report.failures.extend(unseen);
            report.findings.extend(rules::server::judge(&server, &lab.settings.name));
        }
        Err(error) => report.fail("the daemon", error.to_string()),
    }
    report.finish();
    Ok(report)
}

/// A report of nothing yet.
fn empty() -> Report {
    Report { judged: Judged::Objects(Vec::new()), ..Report::default() }
}
