//! Deleting everything that is the lab's, and nothing else.
//!
//! First comes a plan: every object, with what happens to it and why. Then guests, which may be hostile, are cut off, killed
//! and deleted side by side; the rest, which runs nothing, goes in the order of dependence. Last comes a look at what is
//! left, on the daemon and on the host. Each of them can be done again at any time: what is gone is gone, and a wipe that was
//! killed is finished by the next one.
//!
//! Incus could delete a whole project by one request (`force=1`, the extension `projects_force_delete`). That is not used: it
//! deletes whatever is in the project at that moment, somebody else's too, and one guest after the other.

mod at_once;
mod by_force;
mod carry_out;
mod evidence;
mod foreign;
mod guests;
mod look;
mod pace;
mod patience;
mod place;
mod plan;
mod quarantine;
mod residue;
mod revoke;
mod scope;
mod stop;
mod tidy;

pub use carry_out::wipe;
pub use evidence::{Evidence, evidence};
pub use place::incus_dir;
pub use plan::{Fate, Kind, Reason, WipePlan, WipeStep};
pub use quarantine::{CutBy, Quarantined, quarantine};
pub use residue::{Residue, residue};
pub use revoke::{Revocation, revocations};
pub use scope::{Level, Spare, WipeScope};

use super::{Lab, Result};
use crate::image;

impl Lab {
    /// What of its images is missing before a guest can be launched, and what makes it; nothing where all are there.
    pub async fn lacks_images(&self) -> Result<Option<String>> {
        match image::find(&self.client, self.image_request()).await {
            Ok(_) => Ok(None),
            Err(error @ image::Error::NotBuilt { .. }) => {
                Ok(Some(error.help().map_or_else(|| error.to_string(), |help| format!("{error}: {help}"))))
            }
            Err(error) => Err(error.into()),
        }
    }
}
