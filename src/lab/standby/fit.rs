//! Whether a guest that stands by is what a launch would make now.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::answer::answers;
use super::walls::Walls;
use crate::fence::Fence;
use crate::image::BakedImage;
use crate::incus::{Instance, InstanceWithState, Status};
use crate::lab::guests::{Readiness, STATE_KEY};
use crate::lab::{Digests, Lab, Prepared, Receipt, Result, Settled};

/// How old a proof may be. What is older is replaced, and not proven again: nobody has used the guest, so there is nothing
/// in it that is worth more than a fresh one.
const MOST_AGE: SignedDuration = SignedDuration::from_hours(24);

/// All that guests that stand by are judged by.
#[derive(Debug)]
pub(super) struct Judge {
    wanted: Wanted,
    fence: Option<Fence>,
    /// Looked at once somebody asks, and then the same for all.
    walls: OnceCell<std::result::Result<Walls, String>>,
}

impl Judge {
    /// A judge who compares with what a launch from this image would make.
    pub(super) fn new(lab: &Lab, settled: &Settled, baked: &BakedImage) -> Result<Self> {
        let sample = settled.sample(lab, baked)?;
        let fence = sample.fence.clone();
        Ok(Self { wanted: Wanted::of(settled, baked, sample), fence, walls: OnceCell::new() })
    }

    /// Why a guest that stands by must not be claimed, if there is a reason; its receipt if there is none. What can't be
    /// told is a reason. The requests are made by `lab`.
    pub(super) async fn judge(&self, lab: &Lab, guest: &InstanceWithState) -> std::result::Result<Receipt, String> {
        let receipt = self.wanted.judge(&guest.instance, Timestamp::now())?;
        // Not while the gateway is asked: Incus 6.0 loses what a command says now and then, and most of all beside other work.
        let walls = self.walls.get_or_init(|| Walls::now(lab, self.fence.as_ref())).await;
        walls.as_ref().map_err(Clone::clone)?.hold(lab, guest, &receipt).await?;
        answers(lab, &guest.instance.name).await.map(|()| receipt)
    }
}

/// What a launch would make now.
#[derive(Debug)]
struct Wanted {
    /// The receipt that its guest would get, as far as that is known before.
    base: String,
    gateway: String,
    baked: String,
    profiles: Vec<String>,
    digests: Digests,
}

impl Wanted {
    /// What a launch from this image would make, with the ACL that the lab had when it was settled.
    fn of(settled: &Settled, baked: &BakedImage, guest: Prepared) -> Self {
        Self {
            base: settled.images.base.fingerprint.to_string(),
            gateway: settled.images.gateway.id(),
            baked: baked.fingerprint.to_string(),
            digests: guest.digests,
            profiles: guest.instance.profiles,
        }
    }

    /// The same of what the daemon says of a guest. Whether it was proven by every probe that counts is not looked at here.
    fn judge(&self, guest: &Instance, now: Timestamp) -> std::result::Result<Receipt, String> {
        let demand = |holds: bool, otherwise: &str| if holds { Ok(()) } else { Err(otherwise.to_owned()) };
        demand(Readiness::read(guest.config.get(STATE_KEY)) == Readiness::Standby, "it does not stand by")?;
        demand(guest.status == Status::Running, "it does not run")?;
        let receipt = Receipt::read(&guest.config).ok_or("it has no receipt that can be read")?;
        demand(receipt.claimed.is_none(), "it was claimed before")?;
        demand(receipt.podclaw == env!("CARGO_PKG_VERSION"), "another version of podclaw launched it")?;
        let is_made_of = receipt.base == self.base && receipt.gateway == self.gateway;
        demand(is_made_of, "podclaw.lock has other images now")?;
        demand(receipt.baked.as_ref() == Some(&self.baked), "the image that it was made from is not the current one")?;
        demand(receipt.guest.is_some(), "its receipt does not say which guest it is of")?;
        let then = receipt.digests.as_ref().ok_or("its receipt has no digests")?;
        demand(then.policy == self.digests.policy, "it was judged by another policy")?;
        let same_profiles = receipt.profiles == self.profiles && then.profiles == self.digests.profiles;
        demand(same_profiles, "a launch would give it other profiles")?;
        demand(then.acl == self.digests.acl, "the lab's ACL has other rules than when it was proven")?;
        let same = then.effective == self.digests.effective && then.user_data == self.digests.user_data;
        demand(same, "a launch would make another guest")?;
        if let Some(mismatch) = receipt.mismatches(guest).into_iter().next() {
            return Err(mismatch.message);
        }
        let age = now.duration_since(receipt.finished);
        demand(!age.is_negative(), "it was proven in the future, by this host's clock")?;
        demand(age <= MOST_AGE, "its proof is more than a day old")?;
        // What was proven is what ran then.
        let started = guest.last_used_at.parse::<Timestamp>().map_err(|_| "when it was started is not known")?;
        demand(started <= receipt.finished, "it was started again after it was proven")?;
        Ok(receipt)
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
