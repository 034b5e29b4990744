//! Guests that stand by: launched and proven like any other, and waiting for somebody to claim them.
//!
//! How many there are to be is written on the lab's project. `podclaw pool` fills up to it; `podclaw launch` without a name
//! claims one, if it is still what a launch would make now.

mod answer;
mod claim;
mod fit;
mod refill;
mod rounds;
mod walls;

use super::{Error, Lab, Result};
use crate::incus::{Config, Object, Project, Tag};

pub use claim::{ClaimMode, Claims, claim};
pub use refill::{Removed, StandbyTurn, Standing, Tidied, tidy};

/// The project's config key that says how many guests stand by. It is no part of what `init` makes of the project.
pub(super) const KEY: &str = "user.podclaw.standby";

/// The most that can be asked for.
pub const MOST: u16 = 100;

impl Lab {
    /// How many guests are to stand by.
    pub async fn standby(&self) -> Result<u16> {
        let (project, _) = self.own_project().await?;
        Ok(read(&project.config))
    }

    /// Says how many guests are to stand by.
    pub async fn set_standby(&self, count: u16) -> Result<()> {
        let (mut project, tag) = self.own_project().await?;
        if read(&project.config) == count {
            return Ok(());
        }
        match count {
            0 => project.config.remove(KEY),
            count => project.config.insert(KEY.into(), count.min(MOST).to_string()),
        };
        // All of it is sent, because Incus 6.0 removes what is missing in a change; so nobody else may change it meanwhile.
        Ok(self.client.replace_if(&tag, &Object::project(&self.project), &project).await?)
    }

    async fn own_project(&self) -> Result<(Project, Tag)> {
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

/// What is no number that podclaw wrote counts as none.
fn read(config: &Config) -> u16 {
    config.get(KEY).and_then(|text| text.parse().ok()).filter(|count| *count <= MOST).unwrap_or(0)
}
