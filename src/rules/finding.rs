//! What a rule found.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::{Rule, Severity};
use crate::place::{Origin, Place};

/// Something that a rule found. Shown as `origin: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about, in the file's own terms, independent of where it stands: `config.security.privileged`,
    /// `devices.eth0.parent`, `runcmd[2]`, `Container.PublishPort`. Waivers name it, and it makes fingerprints stable.
    pub subject: String,
    /// Where it is.
    pub origin: Origin,
    /// What is wrong there, as a lower-case fragment that is safe to print. Never the value of a secret.
    pub message: String,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
    /// Whether a waiver may set it aside.
    pub waivable: bool,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// The one safe mend, where there is one.
    pub fix: Option<Fix>,
}

/// Another place that has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub origin: Origin,
    /// What is there, as a fragment.
    pub message: String,
}

/// A mend that changes nothing but what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an instruction: `quote the value`.
    pub what: Cow<'static, str>,
    /// The changes to the text of the finding's own file, which do not overlap.
    pub edits: Vec<Edit>,
}

/// One change of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub bytes: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl Finding {
    /// A finding of a rule, with the rule's severity and remedy.
    #[must_use]
    pub fn new(rule: &'static Rule, subject: impl Into<String>, origin: Origin, message: impl Into<String>) -> Self {
        Self {
            rule: rule.id.into(),
            severity: rule.severity,
            subject: subject.into(),
            origin,
            message: message.into(),
            remedy: rule.remedy.into(),
            waivable: rule.waivable,
            related: Vec::new(),
            fix: None,
        }
    }

    /// A finding at a place of a file.
    #[must_use]
    pub fn at(rule: &'static Rule, subject: impl Into<String>, place: Place, message: impl Into<String>) -> Self {
        Self::new(rule, subject, Origin::File(place), message)
    }

    /// With a remedy that fits better than the rule's own.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// With another place that has to do with it.
    #[must_use]
    pub fn related(mut self, origin: Origin, message: impl Into<String>) -> Self {
        self.related.push(Related { origin, message: message.into() });
        self
    }

    /// With the one safe mend.
    #[must_use]
    pub fn fix(mut self, what: impl Into<Cow<'static, str>>, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix { what: what.into(), edits });
        self
    }

    /// Whether it keeps podclaw from going on.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.severity > Severity::Note
    }

    /// The place in a file, if it is in one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match &self.origin {
            Origin::File(place) => Some(place),
            Origin::Named(_) => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.origin, self.message, self.rule)
    }
}
