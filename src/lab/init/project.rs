//! The restricted project.

use super::Init;
use super::target::Target;
use crate::image::BAKE_NOTE;
use crate::incus::{self, Object, Project};
use crate::lab::plan::{Held, compare, contents, with_own_books};
use crate::lab::{Change, Error, Plan, Result, standby, totals};
use crate::profile::Difference;

/// What is set on the project by other commands.
const BOOKS: [&str; 2] = [standby::KEY, BAKE_NOTE];

impl Init<'_> {
    pub(super) async fn project(&self, wanted: &Project, plan: &mut Plan) -> Result<()> {
        let target = self.target(Object::project(&self.lab.project), "project");
        let is = match &self.project {
            Some(known) => Some(known.clone()),
            None => target.existing::<Project>(|project| &project.config).await?,
        };
        let Some(is) = is else {
            let all = contents(&[("description", &wanted.description)], &wanted.config);
            plan.steps.push(target.create(all, wanted).await?);
            return Ok(());
        };
        let differences = compare(&is.config, &wanted.config, &BOOKS);
        let wanted = Project { config: with_own_books(&wanted.config, &is.config, &BOOKS), ..wanted.clone() };
        match target.put_right(differences.clone(), &wanted).await {
            Ok(step) => plan.steps.push(step),
            // The daemon refuses a project that its guests do not fit into, and says which guest it is.
            Err(Error::Incus(incus::Error::Refused { .. })) => {
                self.one_by_one(&target, is, differences, plan).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sets each key by itself, so that one that a guest stands in the way of does not keep the others open. Each time the
    /// whole project is sent: to Incus 6.0, a key that is missing in a change is one to be removed.
    async fn one_by_one(
        &self,
        target: &Target<'_>,
        mut is: Project,
        differences: Vec<Difference>,
        plan: &mut Plan,
    ) -> Result<()> {
        let (mut done, mut held) = (Vec::new(), Vec::new());
        for difference in differences {
            let mut config = is.config.clone();
            match &difference.new {
                Some(new) => config.insert(difference.key.clone(), new.clone()),
                None => config.remove(&difference.key),
            };
            let changed = Project { config, ..is.clone() };
            match self.lab.client.replace(&target.object, &changed, self.job).await {
                Ok(()) => {
                    is = changed;
                    done.push(difference);
                }
                Err(incus::Error::Refused { message, .. }) => held.push((difference, message)),
                Err(error) => return Err(error.into()),
            }
        }
        if !done.is_empty() {
            plan.steps.push(target.step(Change::Update(done)));
        }
        for (difference, message) in held {
            let help = totals::help(&message);
            let reason = match help {
                Some(help) => format!("{message} ({help})"),
                None => format!("{message} (change or delete the guest or profile that is named)"),
            };
            plan.steps.push(target.step(Change::Hold(vec![difference], Held { reason, can_disrupt: false })));
        }
        Ok(())
    }
}
