//! The known weaknesses of Incus, which are data: `policy/incus-advisories.yaml`. `doctor` and `audit` judge by them.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::host::kernel::Version;

/// The list that is compiled in.
const TEXT: &str = include_str!("../../policy/incus-advisories.yaml");

/// The list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisories {
    /// The day of the newest thing that is in it.
    pub as_of: String,
    /// The weaknesses.
    pub advisories: Vec<Advisory>,
}

/// A known weakness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    /// Its name.
    pub id: String,
    /// Its other names.
    #[serde(default)]
    pub also: Vec<String>,
    /// The first release that had the weakness, in each series; none where it was always there.
    #[serde(default)]
    pub since: Vec<Release>,
    /// The first release with the fix, in each series.
    pub fixed: Vec<Release>,
    /// Who needs to be hostile.
    pub reach: Reach,
    /// What happens.
    pub what: String,
}

/// Who needs to be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// A guest.
    Guest,
    /// Whoever made an image or a backup.
    Image,
    /// Whoever may talk to the daemon, or has an account on the host.
    User,
}

/// A release of Incus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Release(Version);

impl TryFrom<String> for Release {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Version::parse(&text).map(Self).ok_or_else(|| format!("{text:?} is no release"))
    }
}

impl Release {
    /// Whether what came with it is in another release.
    fn is_before(self, version: Version) -> bool {
        let Self(this) = self;
        // 6.0.5 comes after 6.1 in time: it says something about the series 6.0 only.
        let is_long_term_point = this.1 == 0 && this.2 != 0;
        let same_series = (this.0, this.1) == (version.0, version.1);
        version >= this && (same_series || !is_long_term_point)
    }
}

impl Advisories {
    /// The list that is compiled in.
    ///
    /// # Errors
    /// That it can't be read, which a test rules out.
    pub fn built_in() -> Result<&'static Self, String> {
        static READ: LazyLock<Result<Advisories, String>> =
            LazyLock::new(|| serde_saphyr::from_str(TEXT).map_err(|error| error.to_string()));
        READ.as_ref().map_err(Clone::clone)
    }
}

impl Advisory {
    /// Whether a release of Incus itself has the weakness.
    #[must_use]
    pub fn is_in(&self, version: Version) -> bool {
        let came = self.since.is_empty() || self.since.iter().any(|since| since.is_before(version));
        came && !self.fixed.iter().any(|fixed| fixed.is_before(version))
    }

    /// Whether a text names it.
    #[must_use]
    pub fn is_named_in(&self, text: &str) -> bool {
        let names = std::iter::once(&self.id).chain(&self.also);
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_digit());
        names.into_iter().any(|name| text.match_indices(name.as_str()).any(|(at, _)| ends(&text[at + name.len()..])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read_and_each_is_there_once() {
        let list = Advisories::built_in().unwrap();
        let mut ids: Vec<_> = list.advisories.iter().map(|it| &it.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), list.advisories.len());
        assert!(list.advisories.iter().all(|it| !it.fixed.is_empty() && !it.what.is_empty()));
        assert!(list.as_of.parse::<jiff::civil::Date>().is_ok());
    }

    #[test]
    fn a_point_release_says_nothing_about_other_series() {
        let list = Advisories::built_in().unwrap();
        let is_in = |id: &str, version: &str| {
            let advisory = list.advisories.iter().find(|it| it.id == id).unwrap();
            advisory.is_in(Version::parse(version).unwrap())
        };
        for (id, versions, expected) in [
            ("CVE-2025-52890", ["6.0.5", "6.0.6", "6.14.0", "7.0.0", "7.3"], false),
            ("CVE-2025-52890", ["6.0.0", "6.0.3", "6.1", "6.11.0", "5.21"], false),
            ("CVE-2025-52890", ["6.0.4", "6.12", "6.12.0", "6.13", "6.13.9"], true),
            ("CVE-2026-48749", ["7.0.1", "7.2.0", "7.2", "7.3", "8.0"], false),
            ("CVE-2026-48749", ["7.0.0", "7.1.0", "6.0.6", "6.23", "6.0.99"], true),
            ("CVE-2026-33542", ["6.23", "7.0.0", "7.1.0", "7.2", "7.3"], false),
            ("CVE-2026-33542", ["6.0.6", "6.0.9", "6.22", "6.1", "6.0.0"], true),
        ] {
            for version in versions {
                assert_eq!(is_in(id, version), expected, "{id} in {version}");
            }
        }
    }

    #[test]
    fn a_longer_number_is_another_name() {
        let list = Advisories::built_in().unwrap();
        let advisory = &list.advisories[0];
        assert!(advisory.is_named_in(&format!("fixes {} and more", advisory.id)));
        assert!(advisory.is_named_in(&advisory.also[0]));
        assert!(!advisory.is_named_in(&format!("fixes {}1", advisory.id)));
    }
}
