//! What guests may reach: from the lab file to the ACL on the lab's bridge.
//!
//! Incus looks at all rules that drop, then at those that reject, then at those that allow; their order in the list does
//! not matter. So an address that is allowed must be in no range that is rejected, and what is left of such a range falls
//! to the bridge's default, which rejects it.

mod book;
mod closed;
mod difference;
mod host;
mod lookup;
mod policy;
mod rules;
mod summary;
mod wanted;

use ipnet::Ipv4Net;

use super::{Lab, Result};
use crate::incus::{Acl, Config, Object};
use crate::probe::Reach;

pub(super) use book::Book;
pub(super) use closed::Closed;
pub(super) use policy::Policy;
pub use summary::{Opened, Summary};

impl Lab {
    /// The ACL on a host with these addresses, where names have the addresses of the book.
    pub(super) fn desired_acl(&self, host: &[Ipv4Net], book: &Book) -> Result<Acl> {
        let policy = Policy::new(&self.settings.network, host, book)?;
        let mut config = Config::new();
        self.mark().put_on(&mut config);
        book.put_on(&mut config)?;
        let egress = rules::rules(&policy);
        Ok(Acl { description: "what guests may reach".into(), config, egress, ..Acl::default() })
    }

    /// What the lab file opens to guests, for probes that are about the rest; names by what the ACL has of them.
    pub(super) async fn reach(&self, host: &[Ipv4Net]) -> Result<Reach> {
        let names = self.settings.network.egress.names();
        let book = if names.is_empty() {
            Book::default()
        } else {
            let acl = self.client.get::<Acl>(&Object::acl(&self.settings.name.acl())).await?;
            Book::of(&acl.unwrap_or_default().config).only(&names)
        };
        Ok(Policy::new(&self.settings.network, host, &book)?.reach())
    }
}
