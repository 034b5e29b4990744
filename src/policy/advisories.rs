//! Versions of the gateway, and the holes that are known in them.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::LazyLock;

use crate::yaml::{self, Document, Node, Problem};

const BUILT_IN: &str = include_str!("../../policy/advisories.yaml");

/// A hole of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Its public name.
    pub id: String,
    /// What it lets happen, as a fragment.
    pub about: String,
    /// The first version without it.
    pub fixed: Version,
    /// Whether a gateway with it is refused; otherwise it is warned of.
    pub fatal: bool,
}

/// All holes that are known; `None` only if podclaw's own list cannot be read, which a test makes sure of.
#[must_use]
pub fn all() -> Option<&'static [Advisory]> {
    static ALL: LazyLock<Option<Vec<Advisory>>> = LazyLock::new(|| parse(BUILT_IN).ok());
    ALL.as_deref()
}

fn parse(text: &str) -> Result<Vec<Advisory>, Vec<Problem>> {
    let document = yaml::parse("policy/advisories.yaml", text.as_bytes())?;
    list(&document).map_err(|problem| vec![problem])
}

fn list(document: &Document) -> Result<Vec<Advisory>, Problem> {
    let list = document.sequence(document.required(&document.root, "advisories")?)?;
    list.iter().map(|node| advisory(document, node)).collect()
}

fn advisory(document: &Document, node: &Node) -> Result<Advisory, Problem> {
    let field = |name| document.required(node, name).and_then(|node| Ok((node, document.string(node)?)));
    let (at, fixed) = field("fixed")?;
    let fixed = fixed.parse().map_err(|NoVersion| document.bad_value(at, "this is not a version of the gateway"))?;
    let (at, severity) = field("severity")?;
    let fatal = match severity {
        "error" => true,
        "warning" => false,
        _ => return Err(document.bad_value(at, "this is neither `error` nor `warning`")),
    };
    Ok(Advisory { id: field("id")?.1.into(), about: field("about")?.1.into(), fixed, fatal })
}

/// A version of the gateway: `YYYY.M.PATCH`, `YYYY.M.PATCH-N` for a correction of it, `YYYY.M.PATCH-beta.N` before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    numbers: [u32; 3],
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Beta(u32),
    Release,
    Correction(u32),
}

/// What is not a version of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a version of the form YYYY.M.PATCH")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let number = |text: &str| {
            let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
            text.parse().ok().filter(|_| canonical).ok_or(NoVersion)
        };
        let (base, suffix) = text.split_once('-').map_or((text, None), |(base, suffix)| (base, Some(suffix)));
        let parts: Vec<u32> = base.split('.').map(number).collect::<Result<_, _>>()?;
        let stage = match suffix {
            None => Stage::Release,
            Some(suffix) => match suffix.strip_prefix("beta.") {
                Some(beta) => Stage::Beta(number(beta)?),
                None => Stage::Correction(number(suffix)?),
            },
        };
        Ok(Self { numbers: parts.try_into().map_err(|_| NoVersion)?, stage })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then(self.stage.cmp(&other.stage))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [year, month, patch] = self.numbers;
        write!(f, "{year}.{month}.{patch}")?;
        match self.stage {
            Stage::Release => Ok(()),
            Stage::Beta(number) => write!(f, "-beta.{number}"),
            Stage::Correction(number) => write!(f, "-{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_list_is_read() {
        let all = all().unwrap();
        assert!(all.len() >= 14);
        assert!(all.iter().any(|advisory| !advisory.fatal));
        assert!(parse("advisories:\n  - id: x\n    about: y\n    fixed: z\n    severity: error\n").is_err());
        assert!(parse("advisories:\n  - id: x\n    about: y\n    fixed: \"1.2.3\"\n    severity: Error\n").is_err());
    }

    #[test]
    fn versions_have_an_order() {
        let ordered = [
            "0.9.9",
            "2026.4.19",
            "2026.4.20-beta.1",
            "2026.4.20-beta.10",
            "2026.4.20",
            "2026.4.20-1",
            "2026.4.20-2",
            "2026.10.0",
        ];
        let versions: Vec<Version> = ordered.iter().map(|text| text.parse().unwrap()).collect();
        assert!(versions.is_sorted());
        assert_eq!(versions.iter().map(ToString::to_string).collect::<Vec<_>>(), ordered);
        for text in [
            "",
            "2026",
            "2026.4",
            "2026.4.20.1",
            "v2026.4.20",
            "2026.04.20",
            "2026.4.+2",
            "2026.4.20-",
            "2026.4.20-rc.1",
            "a.b.c",
        ] {
            assert_eq!(text.parse::<Version>(), Err(NoVersion), "{text}");
        }
    }
}
