//! Having npm fetch the gateway's packages. npm checks each against its hash; none of their code runs.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::command::{self, Command};
use super::error::{Error, Result};
use super::npm_lock::NpmLock;
use crate::digest::Sha256;
use crate::file;
use crate::incus::Job;
use crate::lab_file::Npm;

const PACKAGE: &str = include_str!("../../image/gateway/package.json");
const PACKAGE_LOCK: &str = include_str!("../../image/gateway/package-lock.json");

/// A lock file of npm has about a kilobyte for each package.
const LARGEST: u64 = 16 << 20;

/// The two files that say which packages the gateway is made of.
#[derive(Debug)]
pub(super) struct Packages {
    package: String,
    pub(super) lock: NpmLock,
    /// Of the lock file's bytes.
    pub(super) digest: Sha256,
}

impl Packages {
    /// Reads the two files, or takes podclaw's own.
    pub(super) fn read(source: &Npm) -> Result<Self> {
        let (package, text, path) = match &source.directory {
            None => (PACKAGE.to_owned(), PACKAGE_LOCK.to_owned(), PathBuf::from("podclaw's own package-lock.json")),
            Some(directory) => {
                let read = |name: &str| {
                    let path = directory.join(name);
                    file::read_text(&path, LARGEST).map_err(|error| Error::file("read", &path, error))
                };
                (read("package.json")?, read("package-lock.json")?, directory.join("package-lock.json"))
            }
        };
        let lock = NpmLock::parse(&text).map_err(|reason| Error::Npm { path, reason })?;
        Ok(Self { package, lock, digest: Sha256::of(text.as_bytes()) })
    }

    /// The digest of both files.
    pub(super) fn inputs(&self) -> Sha256 {
        Sha256::of(format!("{:?}", (&self.package, &self.digest)).as_bytes())
    }

    /// Installs the packages below `directory` and returns the path of `node_modules`.
    pub(super) async fn install(&self, directory: &Path, log: &Path, job: &Job) -> Result<PathBuf> {
        for (name, text) in [("package.json", &self.package), ("package-lock.json", &self.lock.for_npm)] {
            let path = directory.join(name);
            std::fs::write(&path, text).map_err(|error| Error::file("write", &path, error))?;
        }
        // No script of a package ever runs here, as root on the host: what such scripts would do is done by podclaw.
        let args = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier"];
        let command = Command {
            what: "fetch the gateway's packages",
            program: "npm",
            package: "npm",
            args: args.iter().map(Into::into).collect(),
            env: vec![("LC_ALL", "C.UTF-8".into())],
            directory: directory.into(),
            log: log.into(),
        };
        let what = command.what;
        let drain = move |out: &mut std::process::ChildStdout| {
            std::io::copy(out, &mut std::io::sink())
                .map(drop)
                .map_err(|error| Error::file("read", Path::new(what), error))
        };
        command::run(command, job, drain).await?;
        let modules = directory.join("node_modules");
        self.verify(directory)?;
        Ok(modules)
    }

    /// Whether npm installed all that it was told to: it leaves out an optional package that it cannot get, silently.
    fn verify(&self, directory: &Path) -> Result<()> {
        #[derive(Deserialize)]
        struct Manifest {
            version: String,
        }
        for (path, wanted) in &self.lock.wanted {
            let found = file::read_no_link(&directory.join(path).join("package.json"), LARGEST)
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok())
                .map(|manifest| manifest.version);
            if found.as_deref() != Some(wanted) {
                let found = found.as_deref().map_or("nothing".into(), |version| crate::text::excerpt(version, 40));
                let reason = format!("npm was to install version {wanted} there, and installed {found}");
                return Err(Error::Npm { path: path.into(), reason });
            }
        }
        Ok(())
    }
}
