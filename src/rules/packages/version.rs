//! Versions of the gateway with holes.

use std::ops::Range;

use crate::policy::advisories::{self, Advisory, Version};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static VULNERABLE: Rule = Rule {
    id: "gateway-vulnerable",
    severity: Severity::Error,
    summary: "a gateway of a version in which somebody can get round its authentication or guards",
    why: "The gateway is not trusted, but it should not be anybody's either. Versions before 2026.4.20 have published \
          holes that let whoever reaches the port, or a page in a browser, become its operator.",
    remedy: "use a version that has the fixes, and make the lock file anew",
    threats: &["outdated-gateway"],
    waivable: true,
    examples: &[Example {
        path: "gateway/package.json",
        bad: "{\"dependencies\": {\"openclaw\": \"2026.3.1\"}}\n",
        good: "{\"dependencies\": {\"openclaw\": \"2026.9.6\"}}\n",
        trial: Trial::Alone,
    }],
};

pub(super) static OUTDATED: Rule = Rule {
    id: "gateway-outdated",
    severity: Severity::Warning,
    summary: "a gateway of a version with a smaller hole",
    why: "The hole does not open the gateway to others, but there is a version without it.",
    remedy: "use a version that has the fix, and make the lock file anew",
    threats: &["outdated-gateway"],
    waivable: true,
    examples: &[Example {
        path: "gateway/package.json",
        bad: "{\"dependencies\": {\"openclaw\": \"2026.7.1\"}}\n",
        good: "{\"dependencies\": {\"openclaw\": \"2026.9.6\"}}\n",
        trial: Trial::Alone,
    }],
};

/// Judges a version of the gateway.
pub(super) fn check(version: &str, subject: &str, bytes: Range<usize>, found: &mut Found) {
    let shown = excerpt(version, 64);
    let Ok(parsed) = version.parse::<Version>() else {
        let message = format!("{shown} is not a version that can be compared with those that have holes");
        return found.add(&VULNERABLE, subject, bytes, message);
    };
    let Some(all) = advisories::all() else {
        return found.add(&VULNERABLE, subject, bytes, "the list of holes cannot be read");
    };
    let holes: Vec<&Advisory> = all.iter().filter(|advisory| parsed < advisory.fixed).collect();
    let Some(fixed) = holes.iter().map(|advisory| advisory.fixed).max() else { return };
    let (rule, worst) = match holes.iter().find(|advisory| advisory.fatal) {
        Some(fatal) => (&VULNERABLE, *fatal),
        None => (&OUTDATED, holes[0]),
    };
    let more = if holes.len() > 1 { format!(", and {} more", holes.len() - 1) } else { String::new() };
    let message = format!("OpenClaw {shown} has {} ({}){more}", worst.id, worst.about);
    found.add_with(
        rule,
        subject,
        bytes,
        message,
        format!("use OpenClaw {fixed} or newer, and make the lock file anew"),
    );
}

/// Judges the version in an image's tag, if the image is the gateway's and its tag a version.
pub(super) fn image(image: &str, subject: &str, bytes: Range<usize>, found: &mut Found) {
    let name = image.split('@').next().unwrap_or_default();
    let Some((name, tag)) = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) else { return };
    if name.rsplit('/').next() != Some("openclaw") {
        return;
    }
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let version = ["-slim", "-browser"].iter().find_map(|kind| tag.strip_suffix(kind)).unwrap_or(tag);
    // Other tags, such as `latest`, name no version; that they are not pinned is said elsewhere.
    if version.starts_with(|c: char| c.is_ascii_digit()) {
        check(version, subject, bytes, found);
    }
}
