//! Guests that stand by: launched and proven like any other, and waiting for somebody to claim them.
//!
//! How many there are to be is written on the lab's project. `podclaw pool` fills up to it; `podclaw launch` without a name
//! claims one, if it is still what a launch would make now.

mod answer;
mod claim;
mod error;
mod failures;
mod fit;
mod refill;
mod rounds;
mod walls;

use serde::Serialize;

use super::{Digests, Error, Lab, Receipt, Result, digests};
use crate::incus::{Acl, Config, Object, Project, Tag};

pub use claim::{ClaimMode, Claims, claim};
pub use error::StandbyError;
pub use failures::Failures;
pub use refill::{Removed, StandbyTurn, Standing, Tidied, tidy};

/// The project's config key that says how many guests stand by. It is no part of what `init` makes of the project.
pub(super) const KEY: &str = "user.podclaw.standby";

/// The most that can be asked for.
pub const MOST: u16 = 100;

/// What is written on the lab's project of guests that stand by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standby {
    /// How many are to.
    pub count: u16,
    /// The attempts to launch some that failed, since one went well.
    pub failures: Option<Failures>,
}

impl Standby {
    /// What is no number that podclaw wrote counts as none.
    fn read(config: &Config) -> Self {
        let count = config.get(KEY).and_then(|text| text.parse().ok()).filter(|count| *count <= MOST);
        Self { count: count.unwrap_or(0), failures: Failures::read(config) }
    }

    fn write(&self, config: &mut Config) -> Result<()> {
        match self.count {
            0 => config.remove(KEY),
            count => config.insert(KEY.into(), count.min(MOST).to_string()),
        };
        match &self.failures {
            None => config.remove(Failures::KEY),
            Some(failures) => config.insert(Failures::KEY.into(), failures.text()?),
        };
        Ok(())
    }
}

impl Lab {
    /// How many guests are to stand by, and how attempts to launch some went.
    pub async fn standby(&self) -> Result<Standby> {
        let (project, _) = self.own_project().await?;
        Ok(Standby::read(&project.config))
    }

    /// Says how many guests are to stand by, and that it is tried at once.
    pub async fn set_standby(&self, count: u16) -> Result<()> {
        self.change_standby(|_| Standby { count, failures: None }).await
    }

    /// Says how the last attempt went: why it failed, or that it did not.
    pub async fn note_standby(&self, failures: Option<Failures>) -> Result<()> {
        self.change_standby(|is| Standby { count: is.count, failures }).await
    }

    async fn change_standby(&self, change: impl FnOnce(&Standby) -> Standby) -> Result<()> {
        let (mut project, tag) = self.own_project().await?;
        let before = project.config.clone();
        change(&Standby::read(&before)).write(&mut project.config)?;
        if project.config == before {
            return Ok(());
        }
        // All of it is sent, because Incus 6.0 removes what is missing in a change; so nobody else may change it meanwhile.
        Ok(self.client.replace_if(&tag, &Object::project(&self.project), &project).await?)
    }

    /// Fails unless the lab's ACL is what a guest's receipt says of it, and the proof is good enough: what stands by is
    /// claimed by its receipt, much later. To be asked when the guest was proven.
    pub(super) async fn may_stand_by(&self, digests: &Digests, receipt: &Receipt) -> Result<()> {
        let acl = self.client.get::<Acl>(&Object::acl(&self.settings.name.acl())).await?;
        if acl.as_ref().map(digests::acl) != digests.acl {
            return Err(StandbyError::AclChanged.into());
        }
        Ok(walls::contained(receipt).map_err(StandbyError::NotProven)?)
    }

    pub(super) async fn own_project(&self) -> Result<(Project, Tag)> {
        let object = Object::project(&self.project);
        match self.client.get_tagged::<Project>(&object).await? {
            None => Err(Error::NoLab { lab: self.settings.name.clone() }),
            Some((project, _)) if !self.mark().is_on(&project.config) => {
                Err(Error::Foreign { object: object.to_string() })
            }
            Some(found) => Ok(found),
        }
    }
}
