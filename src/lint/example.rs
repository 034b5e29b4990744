//! Judges the examples of rules.

use super::{Input, Report, Request, lint};
use crate::names::LabName;
use crate::profile::{DEFAULT_STACK, Limits};
use crate::rules::{Example, Trial};

/// Judges one version of an example, as its trial says, on a day that is always the same.
#[must_use]
pub fn example(example: &Example, text: &str) -> Report {
    let Ok(lab) = "podclaw".parse::<LabName>() else { return Report::default() };
    let file = example.path.rsplit('/').next().unwrap_or_default();
    let name = file.split('.').next().unwrap_or_default();
    let stack = match example.trial {
        Trial::Alone => None,
        Trial::OnTop => Some(DEFAULT_STACK.into_iter().chain([name]).map(str::to_owned).collect()),
    };
    lint(&Request {
        inputs: vec![Input::Text { name: example.path.into(), bytes: text.as_bytes().into() }],
        stack,
        lab,
        lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
        lab_file: None,
        limits: Limits::default(),
        policy: None,
        today: jiff::civil::date(2026, 11, 22),
    })
}
