//! What the ACL has to be, and how the one that is there differs.

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::difference::differences;
use super::lookup::{look_up, note};
use super::{Book, Policy, Summary};
use crate::incus::Acl;
use crate::lab::plan::compare;
use crate::lab::{Lab, Result};
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

impl Lab {
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
