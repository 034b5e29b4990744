//! One object that `init` looks after.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::incus::{Config, Job, Object};
use crate::lab::{Change, Error, Lab, Result, Step};
use crate::profile::Difference;

pub(super) struct Target<'a> {
    lab: &'a Lab,
    pub(super) object: Object,
    kind: &'static str,
    dry_run: bool,
    job: &'a Job,
}

impl<'a> Target<'a> {
    pub(super) fn new(lab: &'a Lab, object: Object, kind: &'static str, dry_run: bool, job: &'a Job) -> Self {
        Self { lab, object, kind, dry_run, job }
    }

    /// The object, if it is there; an error if it is somebody else's.
    pub(super) async fn existing<T: DeserializeOwned>(&self, config: impl Fn(&T) -> &Config) -> Result<Option<T>> {
        self.own(self.lab.client.get::<T>(&self.object).await?, config)
    }

    /// The same of what was read already.
    pub(super) fn own<T>(&self, found: Option<T>, config: impl Fn(&T) -> &Config) -> Result<Option<T>> {
        match found {
            Some(found) if !self.lab.mark().is_on(config(&found)) => {
                Err(Error::Foreign { object: self.object.to_string() })
            }
            found => Ok(found),
        }
    }

    /// Makes it; `contents` is what the plan says of it.
    pub(super) async fn create(&self, contents: Vec<Difference>, wanted: &impl Serialize) -> Result<Step> {
        if !self.dry_run {
            self.lab.client.create(&self.object, wanted, self.job).await?;
        }
        Ok(self.step(Change::Create(contents)))
    }

    pub(super) async fn put_right(&self, differences: Vec<Difference>, wanted: &impl Serialize) -> Result<Step> {
        let change = Change::after(differences);
        if !self.dry_run && change != Change::Keep {
            self.lab.client.replace(&self.object, wanted, self.job).await?;
        }
        Ok(self.step(change))
    }

    pub(super) fn step(&self, change: Change) -> Step {
        Step { kind: self.kind, name: self.object.name().to_owned(), change }
    }

    pub(super) fn fixed(&self, key: &'static str, is: String, wanted: String) -> Error {
        Error::Fixed { object: self.object.to_string(), key, is, wanted }
    }
}
