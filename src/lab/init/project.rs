//! The restricted project.

use serde_json::json;

use super::Init;
use super::target::Target;
use crate::incus::{self, Object, Project};
use crate::lab::plan::{Held, compare, contents};
use crate::lab::{Change, Plan, Result};
use crate::profile::Difference;

impl Init<'_> {
    pub(super) async fn project(&self, wanted: &Project, plan: &mut Plan) -> Result<()> {
        let target = self.target(Object::project(&self.lab.project), "project");
        let Some(is) = target.existing::<Project>(|project| &project.config).await? else {
            let all = contents(&[("description", &wanted.description)], &wanted.config);
            plan.steps.push(target.create(all, wanted).await?);
            return Ok(());
        };
        let differences = compare(&is.config, &wanted.config, &[]);
        match target.put_right(differences.clone(), wanted).await {
            Ok(step) => plan.steps.push(step),
            // The daemon refuses a project that its guests do not fit into, and says which guest it is.
            Err(crate::lab::Error::Incus(incus::Error::Refused { .. })) => {
                self.one_by_one(&target, differences, plan).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sets each key by itself, so that one that a guest stands in the way of does not keep the others open.
    async fn one_by_one(&self, target: &Target<'_>, differences: Vec<Difference>, plan: &mut Plan) -> Result<()> {
        let (mut done, mut held) = (Vec::new(), Vec::new());
        for difference in differences {
            // An empty value removes the key.
            let body = json!({ "config": { &difference.key: difference.new.as_deref().unwrap_or_default() } });
            match self.lab.client.patch(&target.object, &body, self.job).await {
                Ok(()) => done.push(difference),
                Err(incus::Error::Refused { message, .. }) => held.push((difference, message)),
                Err(error) => return Err(error.into()),
            }
        }
        if !done.is_empty() {
            plan.steps.push(target.step(Change::Update(done)));
        }
        for (difference, message) in held {
            let help = crate::lab::totals::help(&message);
            let reason = match help {
                Some(help) => format!("{message} ({help})"),
                None => format!("{message} (change or delete the guest or profile that is named)"),
            };
            plan.steps.push(target.step(Change::Hold(vec![difference], Held { reason, can_disrupt: false })));
        }
        Ok(())
    }
}
