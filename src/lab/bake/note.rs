//! What the lab's project says of the image that was baked.

use std::path::Path;

use crate::image::{BAKE_NOTE, BakeNote, BakedImage};
use crate::incus::{Job, Object, Refusal};
use crate::lab::{Error, Lab, Result, Work};

/// How often it is tried to write it down, where somebody else writes to the project.
const TRIES: usize = 5;

impl Lab {
    /// Which image the project says was baked.
    pub(super) async fn bake_note(&self) -> Result<Option<BakeNote>> {
        Ok(BakeNote::read(&self.own_project().await?.0.config))
    }

    /// Has the project name this image. `directory` is where the lab's lock is.
    pub(super) async fn name_baked(&self, baked: &BakedImage, directory: &Path, job: &Job) -> Result<()> {
        self.note(directory, job, |_| Some(Some(BakeNote::from(baked)))).await
    }

    /// Has the project name none of these images any more.
    ///
    /// # Errors
    /// What the daemon says; [`Error::Lock`].
    pub async fn forget_baked(&self, gone: &[&str], directory: &Path, job: &Job) -> Result<()> {
        let is_gone = |note: &BakeNote| gone.iter().any(|fingerprint| note.names(fingerprint));
        if !self.bake_note().await?.is_some_and(|note| is_gone(&note)) {
            return Ok(());
        }
        self.note(directory, job, |note| note.is_some_and(|note| is_gone(&note)).then_some(None)).await
    }

    /// Writes down what `change` makes of it, if anything. Whoever works on the lab is waited for, because `init` writes all
    /// of the project.
    async fn note(
        &self,
        directory: &Path,
        job: &Job,
        change: impl Fn(Option<BakeNote>) -> Option<Option<BakeNote>>,
    ) -> Result<()> {
        let _lock = self.clone().lock(directory, Work::Bake, job).await?;
        let mut tries = 1;
        loop {
            let (mut project, tag) = self.own_project().await?;
            match change(BakeNote::read(&project.config)) {
                None => return Ok(()),
                Some(Some(note)) => project.config.insert(BAKE_NOTE.into(), note.to_string()),
                Some(None) => project.config.remove(BAKE_NOTE),
            };
            match self.client.replace_if(&tag, &Object::project(&self.project), &project).await {
                // Somebody with another lock.
                Err(error) if error.refusal() == Some(Refusal::Changed) && tries < TRIES => tries += 1,
                written => return written.map_err(Error::from),
            }
        }
    }
}
