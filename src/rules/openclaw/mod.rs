//! The gateway's configuration.
//!
//! Below `gateway`, which decides who gets in, settings are judged by allow-list. Of the rest, which is large and
//! changes with each version, only what is known to be dangerous is found.

mod auth;
mod dangerous;
mod exposure;
mod file;
mod hardening;
mod origins;
mod proxies;
mod token;
mod tools;
mod unjudged;

use std::sync::Arc;

use super::found::Found;
use super::{Finding, Rule, json};
use crate::place::Source;

/// A configuration with everything that is required, and something more, for the examples.
macro_rules! example {
    ($more:literal) => {
        concat!(
            r#"{"gateway": {"mode": "local", "bind": "loopback", "auth": {"mode": "token", "rateLimit": "#,
            r#"{"maxAttempts": 10, "windowMs": 60000, "lockoutMs": 300000, "exemptLoopback": false}}, "#,
            r#""terminal": {"enabled": false}}, "discovery": {"mdns": {"mode": "off"}}"#,
            $more,
            "}\n"
        )
    };
}
use example;

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &auth::RULE,
    &token::RULE,
    &origins::RULE,
    &proxies::RULE,
    &exposure::RULE,
    &dangerous::RULE,
    &hardening::RULE,
    &tools::RULE,
    &unjudged::RULE,
];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    let mut found = Found::new(source);
    if let Some(root) = json::read(source, &mut found) {
        let config = file::Config { root };
        for check in [
            auth::check,
            token::check,
            origins::check,
            proxies::check,
            exposure::check,
            dangerous::check,
            hardening::check,
            tools::check,
            unjudged::check,
        ] {
            check(&config, &mut found);
        }
    }
    found.finish()
}
