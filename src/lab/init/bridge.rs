//! The bridge, and the fence in front of it.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use imara_diff::{Algorithm, Diff, InternedInput, Interner, Token};
use ipnet::Ipv4Net;
use tokio::time::sleep;

use super::target::Target;
use super::{Init, names};
use crate::fence::{self, Fence, Line, NftError};
use crate::incus::{self, Acl, Network, Object};
use crate::lab::plan::{Held, compare, contents, with_own_books};
use crate::lab::{Change, Error, Lab, Plan, Result, Step};
use crate::profile::Difference;

/// Config keys of a network in which Incus keeps its own books.
const BOOKS: [&str; 1] = ["volatile."];

/// Keys whose change running guests would feel: they keep the address that they have, and a bridge that is made anew is
/// another one than theirs.
const FELT: [&str; 2] = ["ipv4.address", "bridge.driver"];

/// How often a bridge is tried to be made, or changed.
const CREATE_TRIES: usize = 4;
/// How long is waited before.
const BREATH: Duration = Duration::from_millis(300);

impl Init<'_> {
    /// Puts up the fence before the bridge is touched: Incus takes its own rules away while it changes a bridge.
    pub(super) async fn bridge(&self, acl: &Acl, plan: &mut Plan) -> Result<()> {
        let wanted = self.lab.desired_network()?;
        let target = self.target(Object::network(&self.lab.settings.name.network()), "network");
        let is = target.existing::<Network>(|network| &network.config).await?;
        let mut differences = is.as_ref().map_or_else(Vec::new, |is| compare(&is.config, &wanted.config, &BOOKS));
        let felt = self.felt(&mut differences).await?;
        // The address that the bridge will have in the end.
        let address = match (&felt, &is) {
            (Some(_), Some(is)) => is.config.get("ipv4.address").and_then(|net| net.parse::<Ipv4Net>().ok()),
            _ => None,
        };
        let address = address.unwrap_or(self.lab.settings.network.subnet.net());
        let fence = Fence::new(&self.lab.settings.name, address, acl)?;
        let step = self.fence(&fence, is.is_some()).await?;
        let is_open = matches!(step.change, Change::Unseen(_));
        plan.steps.push(step);
        plan.fence = Some(fence);
        let Some(is) = is else {
            let all = contents(&[("type", &wanted.kind), ("description", &wanted.description)], &wanted.config);
            self.lab.subnet_must_be_free().await?;
            plan.steps.push(self.create_network(&target, &wanted, all).await?);
            return Ok(());
        };
        let mut held = felt;
        if is_open
            && !differences.is_empty()
            && !self.may_disrupt()
            && let Some((more, why)) = self.unfenced(&mut differences).await?
        {
            let (mut all, reason) = held.take().map_or((Vec::new(), None), |(all, held)| (all, Some(held.reason)));
            all.extend(more);
            let reason = reason.into_iter().chain([why.reason]).collect::<Vec<_>>().join("; ");
            held = Some((all, Held { reason, can_disrupt: true }));
        }
        if differences.iter().any(|difference| difference.key == "ipv4.address") {
            self.lab.subnet_must_be_free().await?;
        }
        let mut config = with_own_books(&wanted.config, &is.config, &BOOKS);
        for difference in held.iter().flat_map(|(differences, _)| differences) {
            match &difference.old {
                Some(old) => config.insert(difference.key.clone(), old.clone()),
                None => config.remove(&difference.key),
            };
        }
        // An object of which all is held back has one step, and not another one that says that all is well.
        if held.is_none() || !differences.is_empty() {
            let wanted = Network { config, kind: String::new(), ..wanted };
            plan.steps.push(change_network(&target, differences, &wanted).await?);
        }
        if let Some((differences, held)) = held {
            plan.steps.push(target.step(Change::Hold(differences, held)));
        }
        Ok(())
    }

    /// Puts up the fence in front of a bridge that stays as it is.
    pub(super) async fn fence_alone(&self, acl: &Acl) -> Result<Step> {
        let target = self.target(Object::network(&self.lab.settings.name.network()), "network");
        let is = target.existing::<Network>(|network| &network.config).await?;
        let address = is.as_ref().and_then(|is| is.config.get("ipv4.address")?.parse::<Ipv4Net>().ok());
        let address = address.unwrap_or(self.lab.settings.network.subnet.net());
        self.fence(&Fence::new(&self.lab.settings.name, address, acl)?, is.is_some()).await
    }

    /// Takes out of the differences what running guests would feel.
    async fn felt(&self, differences: &mut Vec<Difference>) -> Result<Option<(Vec<Difference>, Held)>> {
        if self.may_disrupt() || !differences.iter().any(|it| FELT.contains(&it.key.as_str())) {
            return Ok(None);
        }
        let running = self.running().await?;
        if running.is_empty() {
            return Ok(None);
        }
        let (felt, rest) = differences.drain(..).partition(|it| FELT.contains(&it.key.as_str()));
        *differences = rest;
        let guests = names(running.iter().map(|guest| guest.name.as_str()));
        let reason = format!("guests that run would lose their connection until they are restarted: {guests}");
        Ok(Some((felt, Held { reason, can_disrupt: true })))
    }

    /// Holds back any change to a bridge with guests that nobody can fence in: for half a second, it would be open.
    async fn unfenced(&self, differences: &mut Vec<Difference>) -> Result<Option<(Vec<Difference>, Held)>> {
        let running = self.running().await?;
        if running.is_empty() {
            return Ok(None);
        }
        let guests = names(running.iter().map(|guest| guest.name.as_str()));
        let reason = format!(
            "Incus takes the bridge's rules away while it changes it, and only root can put up what closes that gap; guests \
             run: {guests}"
        );
        Ok(Some((std::mem::take(differences), Held { reason, can_disrupt: true })))
    }

    async fn fence(&self, fence: &Fence, has_bridge: bool) -> Result<Step> {
        let change = compare_fence(self.lab, fence, has_bridge).await?;
        if !matches!(change, Change::Keep | Change::Unseen(_)) && !self.is_dry() {
            fence.put().await?;
        }
        Ok(Step { kind: "firewall table", name: fence.name().to_owned(), change })
    }

    /// Incus looks at every link of the machine while it makes a bridge, and fails when one goes away meanwhile, such as
    /// that of a guest that stops. What it leaves then is removed, and made again.
    async fn create_network(&self, target: &Target<'_>, wanted: &Network, all: Vec<Difference>) -> Result<Step> {
        for _ in 1..CREATE_TRIES {
            match target.create(all.clone(), wanted).await {
                Err(Error::Incus(error)) if is_passing(&error) => {
                    sleep(BREATH).await;
                    if target.existing::<Network>(|network| &network.config).await?.is_some() {
                        self.lab.client.delete(&target.object, self.job).await?;
                    }
                }
                outcome => return outcome,
            }
        }
        target.create(all, wanted).await
    }
}

/// Compares the table that stands with what it is to be.
pub(super) async fn compare_fence(lab: &Lab, fence: &Fence, has_bridge: bool) -> Result<Change> {
    let lab = &lab.settings.name;
    if has_bridge && !Path::new("/sys/class/net").join(lab.network()).exists() {
        return Ok(Change::Unseen("the bridge is in another network namespace than podclaw".into()));
    }
    let (standing, wanted) = tokio::join!(fence::standing(lab), fence.lines());
    let (standing, wanted) = match (standing, wanted) {
        (Err(error @ NftError::Forbidden), _) => return Ok(Change::Unseen(error.to_string())),
        (standing, wanted) => (standing?, wanted?),
    };
    let is_there = standing.is_some();
    let differences = compare_lines(&standing.unwrap_or_default(), &wanted);
    Ok(if is_there { Change::after(differences) } else { Change::Create(differences) })
}

/// Incus looks at every link then, too, and fails as when it makes a bridge. It takes back what it did by itself.
async fn change_network(target: &Target<'_>, differences: Vec<Difference>, wanted: &Network) -> Result<Step> {
    for _ in 1..CREATE_TRIES {
        match target.put_right(differences.clone(), wanted).await {
            Err(Error::Incus(error)) if is_passing(&error) => sleep(BREATH).await,
            outcome => return outcome,
        }
    }
    target.put_right(differences, wanted).await
}

/// Whether it may go well next time: a link went away just then, or the bridge's old dnsmasq had not ended yet, which
/// a daemon that was killed leaves to the next one.
fn is_passing(error: &incus::Error) -> bool {
    let text = error.to_string();
    ["does not exist", "No such device", "Address already in use"].iter().any(|reason| text.contains(reason))
}

/// How the rules of the fence differ: one difference a rule, by the chain that it is in.
fn compare_lines(is: &[Line], wanted: &[Line]) -> Vec<Difference> {
    let rule = |line: &Line| Some(line.rule.clone());
    let mut differences = Vec::new();
    let interner = Interner::new(is.len() + wanted.len());
    let mut input = InternedInput { before: Vec::new(), after: Vec::new(), interner };
    input.update_before(is.iter());
    input.update_after(wanted.iter());
    let lines = |tokens: &[Token], range: Range<u32>| -> Vec<&Line> {
        let tokens = tokens.get(range.start as usize..range.end as usize).unwrap_or_default();
        tokens.iter().map(|token| input.interner[*token]).collect()
    };
    for hunk in Diff::compute(Algorithm::Myers, &input).hunks() {
        let gone = lines(&input.before, hunk.before).into_iter();
        let new = lines(&input.after, hunk.after).into_iter();
        differences.extend(gone.map(|line| Difference { key: line.chain.clone(), old: rule(line), new: None }));
        differences.extend(new.map(|line| Difference { key: line.chain.clone(), old: None, new: rule(line) }));
    }
    differences
}

impl Lab {
    /// Incus itself would make a bridge on a subnet that the host already reaches otherwise, and break that.
    async fn subnet_must_be_free(&self) -> Result<()> {
        let subnet = self.settings.network.subnet.net();
        let own = self.settings.name.network();
        let taken = self.host_addresses().await?.into_iter().find(|(interface, address)| {
            *interface != own && (address.contains(&subnet.network()) || subnet.contains(&address.network()))
        });
        match taken {
            None => Ok(()),
            Some((interface, address)) => Err(Error::SubnetTaken {
                subnet: subnet.trunc().to_string(),
                address: address.to_string(),
                interface: crate::text::excerpt(&interface, 15),
            }),
        }
    }
}
