//! Making the ACL, or putting it right.

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::difference::differences;
use super::lookup::{look_up, note};
use super::{Book, Policy, Summary};
use crate::incus::{Acl, Job, Object};
use crate::lab::init::Target;
use crate::lab::plan::compare;
use crate::lab::{Error, Lab, Plan, Result};
use crate::profile::Difference;

/// The ACL as it has to be, with what there is to be said about it.
pub(in crate::lab) struct WantedAcl {
    /// The ACL.
    pub(in crate::lab) acl: Acl,
    /// What guests reach.
    pub(in crate::lab) summary: Summary,
    /// What was found while names were looked up.
    pub(in crate::lab) notes: Vec<String>,
    /// The names whose addresses are too old.
    stale: Vec<Difference>,
}

/// Looks the names of the lab file up again, and puts the ACL right. Nothing is made: where there is no lab, that is an
/// error, so that what runs this again and again does not bring back a lab that was wiped.
pub async fn refresh_names(lab: &Lab, job: &Job) -> Result<Plan> {
    lab.must_exist().await?;
    let object = Object::acl(&lab.settings.name.acl());
    if lab.client.get::<Acl>(&object).await?.is_none() {
        return Err(Error::Drifted { object: object.to_string(), difference: "it is missing".into() });
    }
    let mut plan = Plan::default();
    lab.init_acl(false, job, &mut plan).await?;
    Ok(plan)
}

impl Lab {
    /// Adds the step of the ACL to a plan, after doing it unless this is a dry run.
    pub(in crate::lab) async fn init_acl(&self, dry_run: bool, job: &Job, plan: &mut Plan) -> Result<()> {
        let object = Object::acl(&self.settings.name.acl());
        let target = Target::new(self, object, "network ACL", dry_run, job);
        let is = target.existing::<Acl>(|acl| &acl.config).await?;
        let wanted = self.wanted_acl(is.as_ref(), dry_run).await?;
        plan.steps.push(match &is {
            None => target.create(&wanted.acl).await?,
            Some(is) => target.put_right(wanted.differences(is), &wanted.acl).await?,
        });
        plan.egress = Some(wanted.summary);
        plan.notes.extend(wanted.notes);
        Ok(())
    }

    /// What the ACL has to be, after what it is.
    ///
    /// A dry run, which is also what looks whether a lab is in order before a launch, asks nobody for a name: it takes the
    /// addresses that the ACL has. So a name with other addresses than a minute ago is nothing that a launch would
    /// stumble over.
    pub(in crate::lab) async fn wanted_acl(&self, is: Option<&Acl>, dry_run: bool) -> Result<WantedAcl> {
        let host: Vec<Ipv4Net> = self.host_addresses().await?.into_iter().map(|(_, address)| address).collect();
        let before = is.map(|is| Book::of(&is.config)).unwrap_or_default();
        let names = self.settings.network.egress.names();
        let now = Timestamp::now();
        let (book, notes, stale) = if dry_run {
            let book = before.only(&names);
            let stale = book.stale(now);
            (book, Vec::new(), stale)
        } else {
            let answers = look_up(&names, &host).await;
            let book = before.after(&answers, now);
            let notes =
                answers.iter().filter_map(|(name, answer)| note(name, answer, book.addresses(name).count())).collect();
            (book, notes, Vec::new())
        };
        let acl = self.desired_acl(&host, &book)?;
        let summary = Policy::new(&self.settings.network, &host, &book)?.summary();
        Ok(WantedAcl { acl, summary, notes, stale })
    }
}

impl WantedAcl {
    /// How the ACL differs from this.
    pub(in crate::lab) fn differences(&self, is: &Acl) -> Vec<Difference> {
        let wanted = &self.acl;
        let mut found = compare(&Book::take_off(&is.config), &Book::take_off(&wanted.config), &[]);
        found.extend(differences("egress", &is.egress, &wanted.egress));
        found.extend(differences("ingress", &is.ingress, &wanted.ingress));
        found.extend(Book::of(&is.config).differences(&Book::of(&wanted.config)));
        found.extend(self.stale.clone());
        found
    }
}
