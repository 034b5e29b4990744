//! A distribution's packages: which suite, from which mirrors, checked with which keyring.

use std::path::{Path, PathBuf};

use super::apt::{self, SignedBy, Source};
use super::error::{Error, Result};
use crate::lab_file::Archive;

/// A distribution that podclaw can build images of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Debian,
    Ubuntu,
}

impl Family {
    /// The value of `ID` in its `os-release`.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Ubuntu => "ubuntu",
        }
    }

    /// Its name, for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Debian => "Debian",
            Self::Ubuntu => "Ubuntu",
        }
    }

    fn default_suite(self) -> &'static str {
        match self {
            Self::Debian => "trixie",
            Self::Ubuntu => "noble",
        }
    }

    /// Where the distribution's own keyring is, on the host and in the image.
    pub(super) fn keyring(self) -> &'static str {
        match self {
            Self::Debian => "/usr/share/keyrings/debian-archive-keyring.gpg",
            Self::Ubuntu => "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
        }
    }

    /// The Debian package that has the keyring.
    fn keyring_package(self) -> &'static str {
        match self {
            Self::Debian => "debian-archive-keyring",
            Self::Ubuntu => "ubuntu-keyring",
        }
    }

    /// The components that have the packages which podclaw needs.
    fn components(self) -> &'static str {
        match self {
            Self::Debian => "main",
            Self::Ubuntu => "main universe",
        }
    }
}

/// What podclaw looks up on the host; a directory of its own in tests.
#[derive(Debug, Clone)]
pub(super) struct Host {
    root: PathBuf,
}

impl Host {
    pub(super) fn this() -> Self {
        Self { root: "/".into() }
    }

    fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    /// The field of `os-release`, without its quotes.
    fn os_release(&self, field: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.path("/etc/os-release")).ok()?;
        text.lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').into())
    }

    /// The distribution that the host itself is, if podclaw can build it.
    pub(super) fn family(&self) -> Option<Family> {
        let id = self.os_release("ID")?;
        [Family::Debian, Family::Ubuntu].into_iter().find(|family| family.id() == id)
    }
}

/// A suite of a distribution, ready to be installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Distribution {
    pub(super) family: Family,
    pub(super) suite: String,
    /// The lines of the one-line format, without options: `deb URI SUITE COMPONENT...`. The first has the suite itself.
    pub(super) lines: Vec<String>,
    pub(super) keyring: PathBuf,
}

impl Distribution {
    /// The suite alone, without looking for its mirrors and keyring: enough to say which images are built from it.
    pub(super) fn named(family: Family, archive: &Archive) -> Self {
        let suite = archive.suite.clone().unwrap_or_else(|| family.default_suite().into());
        Self { family, suite, lines: Vec::new(), keyring: PathBuf::new() }
    }

    /// Finds what the lab file left out on the host.
    pub(super) fn find(family: Family, archive: &Archive, host: &Host) -> Result<Self> {
        let suite = Self::named(family, archive).suite;
        let error = |reason: String, help: String| Error::Distribution {
            distribution: format!("{} {}", family.name(), crate::text::excerpt(&suite, 40)),
            reason,
            help,
        };
        if !is_suite(&suite) {
            let help = "write the code name of a release, such as `trixie` or `noble`, without `-updates`".into();
            return Err(error("that is not the name of a suite".into(), help));
        }
        let lab_file = format!("base.{}", family.id());
        let sources = match &archive.mirror {
            Some(mirror) => vec![(mirror.clone(), suite.clone())],
            None => own_mirrors(family, &suite, host),
        };
        if sources.is_empty() {
            let reason = format!("the apt sources of this host name no mirror of {}", family.name());
            return Err(error(reason, format!("set `{lab_file}.mirror` in the lab file")));
        }
        for (uri, _) in &sources {
            if let Err(reason) = check_mirror(uri) {
                let shown = crate::text::excerpt(&without_user(uri), 120);
                return Err(error(
                    format!("the mirror {shown} {reason}"),
                    format!("set `{lab_file}.mirror` in the lab file to one that anybody may read, by http or https"),
                ));
            }
        }
        let keyring = archive.keyring.clone().unwrap_or_else(|| host.path(family.keyring()));
        if !keyring.is_file() {
            let reason = format!("there is no keyring at {}", keyring.display());
            let package = family.keyring_package();
            let help = format!("`apt-get install {package}`, or set `{lab_file}.keyring` in the lab file");
            return Err(error(reason, help));
        }
        let lines = sources.iter().map(|(uri, suite)| format!("deb {uri} {suite} {}", family.components())).collect();
        Ok(Self { family, suite, lines, keyring })
    }

    /// `Debian trixie`.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.family.name(), self.suite)
    }
}

/// The distribution's word for the processor that podclaw runs on.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The mirrors in the host's own apt sources, with the suites to take from them: what the host takes from its own
/// release, its updates and its security suite, is taken from the wanted one's.
fn own_mirrors(family: Family, suite: &str, host: &Host) -> Vec<(String, String)> {
    let (Some(own), Some(codename)) = (host.family(), host.os_release("VERSION_CODENAME")) else {
        return Vec::new();
    };
    if own != family {
        return Vec::new();
    }
    let mut found: Vec<(String, String)> = Vec::new();
    // Unstable has neither updates nor a security suite of its own.
    let pockets: &[&str] = if matches!(suite, "sid" | "unstable") { &[""] } else { &["", "-updates", "-security"] };
    for pocket in pockets {
        let wanted = format!("{codename}{pocket}");
        let sources = apt::read(&host.path("/etc/apt"));
        let own = sources.into_iter().find(|source| source.suite == wanted && is_own(family, source));
        match own {
            Some(source) => found.push((source.uri, format!("{suite}{pocket}"))),
            None if pocket.is_empty() => return Vec::new(),
            None => {}
        }
    }
    found
}

/// Whether a source is the distribution's own archive. Others use its code names too, so what signs it decides.
fn is_own(family: Family, source: &Source) -> bool {
    let signed = match &source.signed_by {
        None => true,
        Some(SignedBy::Key) => false,
        Some(SignedBy::Keyring(path)) => path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(&format!("{}-archive-", family.id()))),
    };
    signed && source.components.iter().any(|component| component == "main") && check_mirror(&source.uri).is_ok()
}

/// The URI ends up in the image, which every guest can read, so it must hold no password.
fn check_mirror(uri: &str) -> std::result::Result<(), &'static str> {
    let rest = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    let Some(rest) = rest else {
        return Err("is not an http or https URL");
    };
    if rest.split('/').next().unwrap_or_default().contains('@') {
        return Err("has a user name or password in it, which every guest could read");
    }
    if rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_graphic() && !b"[]#\"'\\`$<>".contains(&b)) {
        return Err("has characters that a mirror's URL cannot have");
    }
    Ok(())
}

fn without_user(uri: &str) -> String {
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/{path}")
}

fn is_suite(suite: &str) -> bool {
    suite.starts_with(|c: char| c.is_ascii_lowercase()) && suite.bytes().all(|b| b.is_ascii_lowercase())
}

/// Whether the file is the distribution's own keyring, which is in the image anyway.
pub(super) fn is_default_keyring(family: Family, keyring: &Path) -> bool {
    keyring == Path::new(family.keyring())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "ID=debian\nVERSION_CODENAME=bookworm\n";

    fn host(os_release: &str, list: &str) -> (tempfile::TempDir, Host) {
        let root = tempfile::tempdir().expect("a temporary directory");
        for directory in ["etc/apt", "usr/share/keyrings"] {
            std::fs::create_dir_all(root.path().join(directory)).expect("a directory");
        }
        let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).expect("a file");
        write("etc/os-release", os_release);
        write("etc/apt/sources.list", list);
        write("usr/share/keyrings/debian-archive-keyring.gpg", "");
        let host = Host { root: root.path().into() };
        (root, host)
    }

    #[test]
    fn takes_the_hosts_own_mirrors() {
        let list = "deb [signed-by=/k/vendor.gpg] http://vendor.test bookworm main\n\
                    deb http://m.test/debian bookworm main\n\
                    deb http://m.test/debian bookworm-backports main\n\
                    deb [signed-by=/k/debian-archive-keyring.gpg] http://s.test/sec bookworm-security main\n";
        let (_root, host) = host(DEBIAN, list);
        let found = Distribution::find(Family::Debian, &Archive::default(), &host).expect("a distribution");
        assert_eq!(found.lines, ["deb http://m.test/debian trixie main", "deb http://s.test/sec trixie-security main"]);
        let sid = Archive { suite: Some("sid".into()), ..Archive::default() };
        let found = Distribution::find(Family::Debian, &sid, &host).expect("a distribution");
        assert_eq!(found.lines, ["deb http://m.test/debian sid main"]);
    }

    #[test]
    fn says_what_is_missing() {
        let (root, host) = host(DEBIAN, "deb http://m.test/debian bookworm main\n");
        let refused = |family, archive: &Archive| match Distribution::find(family, archive, &host) {
            Err(Error::Distribution { reason, help, .. }) => format!("{reason}; {help}"),
            other => format!("{other:?}"),
        };
        let none = refused(Family::Ubuntu, &Archive::default());
        assert!(none.contains("no mirror of Ubuntu; set `base.ubuntu.mirror`"), "{none}");
        let mirror = Archive { mirror: Some("http://m.test/ubuntu".into()), ..Archive::default() };
        let keyring = refused(Family::Ubuntu, &mirror);
        assert!(keyring.contains("apt-get install ubuntu-keyring"), "{keyring}");
        for bad in ["ftp://m.test/x", "http://me:secret@m.test/x", "http://m.test/x y", "http://"] {
            let archive = Archive { mirror: Some(bad.into()), ..Archive::default() };
            let text = refused(Family::Debian, &archive);
            assert!(text.contains("the mirror") && !text.contains("secret"), "{bad}: {text}");
        }
        for bad in ["", "trixie-updates", "../x", "Trixie", "a b"] {
            let archive = Archive { suite: Some(bad.into()), ..Archive::default() };
            assert!(refused(Family::Debian, &archive).contains("not the name of a suite"), "{bad}");
        }
        drop(root);
    }
}
