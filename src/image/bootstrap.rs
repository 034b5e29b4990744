//! Having mmdebstrap make a distribution's root file system.

use std::ffi::OsString;
use std::path::Path;

use super::command::Command;
use super::distribution::{Distribution, architecture, is_default_keyring};
use super::error::{Error, Result};
use super::lock::System;
use super::rootfs::Packages;
use super::tarball::EPOCH;
use crate::digest::Sha256;

/// What nobody reads in a guest. Licences stay.
const UNREAD: [&str; 7] = [
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-include=/usr/share/locale/locale.alias",
];

/// Where a keyring that is not the distribution's own is put in the image.
const OTHER_KEYRING: &str = "usr/share/keyrings/podclaw-archive.gpg";

/// What mmdebstrap writes that says something about this host, or that podclaw writes anew.
pub(super) const REPLACED: [&str; 4] =
    ["etc/hostname", "etc/resolv.conf", "etc/apt/sources.list", "etc/apt/sources.list.d/"];

/// A root file system to make.
#[derive(Debug, Clone)]
pub(super) struct Bootstrap<'a> {
    /// What for: `build the base image`.
    pub(super) what: &'static str,
    pub(super) distribution: &'a Distribution,
    /// The packages besides the minimal set, as in `packages.txt`.
    pub(super) packages: &'a str,
    /// Shell commands that run when all is installed; `$1` is the root file system.
    pub(super) hooks: &'a [&'a str],
}

impl Bootstrap<'_> {
    /// The program that writes the root file system to its standard output, as a tar archive.
    pub(super) fn command(&self, workspace: &Path, log: &Path) -> Command {
        let mut args: Vec<OsString> = [
            "--mode=root",
            "--format=tar",
            "--variant=minbase",
            // Without it mmdebstrap would look for the signature's key among those that the host trusts by itself.
            &format!("--keyring={}", self.distribution.keyring.display()),
            &format!("--architectures={}", architecture()),
            &format!("--include={}", list(self.packages).collect::<Vec<_>>().join(",")),
        ]
        .map(OsString::from)
        .into();
        args.extend(UNREAD.iter().map(|option| format!("--dpkgopt={option}").into()));
        args.extend(self.hooks.iter().map(|hook| format!("--customize-hook={hook}").into()));
        args.extend([self.distribution.suite.clone().into(), "-".into()]);
        args.extend(self.distribution.lines.iter().map(OsString::from));
        let env = vec![
            ("SOURCE_DATE_EPOCH", EPOCH.to_string().into()),
            ("TMPDIR", workspace.into()),
            ("LC_ALL", "C.UTF-8".into()),
        ];
        Command {
            what: self.what,
            program: "mmdebstrap",
            package: "mmdebstrap",
            args,
            env,
            directory: workspace.into(),
            log: log.into(),
        }
    }

    /// The digest of what podclaw decides about the root file system. The mirror's address and its contents of the day
    /// are not in it.
    pub(super) fn inputs(&self) -> Sha256 {
        let Distribution { family, suite, .. } = self.distribution;
        let packages = list(self.packages).collect::<Vec<_>>();
        Sha256::of(
            format!("{:?}", (EPOCH, UNREAD, family.id(), suite, architecture(), packages, self.hooks)).as_bytes(),
        )
    }

    /// What the lock file says about the packages.
    pub(super) fn system(&self, packages: Packages) -> System {
        System {
            distribution: self.distribution.family.id().into(),
            suite: self.distribution.suite.clone(),
            architecture: architecture().into(),
            sources: self.distribution.lines.clone(),
            packages,
        }
    }

    /// The files for apt in the image: its sources, and the keyring if it is not the distribution's own.
    pub(super) fn apt_files(&self) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let Distribution { family, keyring, lines, .. } = self.distribution;
        let mut files = Vec::new();
        let signed_by = if is_default_keyring(*family, keyring) {
            family.keyring().to_owned()
        } else {
            let bytes = std::fs::read(keyring).map_err(|error| Error::file("read", keyring, error))?;
            files.push((OTHER_KEYRING, bytes));
            format!("/{OTHER_KEYRING}")
        };
        let sources: Vec<String> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("deb "))
            .map(|rest| format!("deb [signed-by={signed_by}] {rest}\n"))
            .collect();
        files.push(("etc/apt/sources.list", sources.concat().into_bytes()));
        Ok(files)
    }
}

/// The entries of a list file: one a line, `#` starts a comment.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The kernel's and Incus' word for the processor that podclaw runs on.
pub(super) fn incus_architecture() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::distribution::Family;

    fn distribution(suite: &str, mirror: &str) -> Distribution {
        Distribution {
            family: Family::Debian,
            suite: suite.into(),
            lines: vec![format!("deb {mirror} {suite} main")],
            keyring: "/usr/share/keyrings/debian-archive-keyring.gpg".into(),
        }
    }

    #[test]
    fn the_digest_is_about_the_recipe_only() {
        let inputs = |suite, mirror, packages| {
            let distribution = distribution(suite, mirror);
            Bootstrap { what: "try", distribution: &distribution, packages, hooks: &[] }.inputs()
        };
        let one = inputs("trixie", "http://a.test", "a\nb");
        assert_eq!(one, inputs("trixie", "http://b.test", "# about\na\n\n b \n"));
        assert_ne!(one, inputs("sid", "http://a.test", "a\nb"));
        assert_ne!(one, inputs("trixie", "http://a.test", "a\nb\nc"));
    }

    #[test]
    fn the_images_own_sources_are_signed() {
        let mut distribution = distribution("trixie", "http://a.test");
        let files = |distribution: &Distribution| {
            let bootstrap = Bootstrap { what: "try", distribution, packages: "", hooks: &[] };
            bootstrap.apt_files().expect("files")
        };
        let line = |keyring| format!("deb [signed-by={keyring}] http://a.test trixie main\n").into_bytes();
        let own = "/usr/share/keyrings/debian-archive-keyring.gpg";
        assert_eq!(files(&distribution), [("etc/apt/sources.list", line(own))]);
        let keyring = tempfile::NamedTempFile::new().expect("a temporary file");
        distribution.keyring = keyring.path().into();
        let other = "/usr/share/keyrings/podclaw-archive.gpg";
        assert_eq!(files(&distribution), [(OTHER_KEYRING, vec![]), ("etc/apt/sources.list", line(other))]);
    }
}
