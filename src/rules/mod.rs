//! The rules: what each looks for, why, and how its findings are made.
//!
//! A rule has a file of its own with its [`Rule`] and its check. The files of one language are one module, whose
//! `judge` is called for each file of that language, and whose `RULES` the [`catalogue`] lists. The same rules judge
//! files, the instance that is about to be created, and what the daemon reports.

pub mod catalogue;
mod finding;
mod found;
mod kind;
mod rule;

pub mod apparmor;
pub mod cloud_config;
pub mod file;
pub mod json;
pub mod lab_file;
pub mod live;
pub mod openclaw;
pub mod own;
pub mod packages;
pub mod profile;
pub mod quadlet;
pub mod secrets;
pub mod server;
pub mod shell;
pub mod template;
pub mod waiver;
pub mod yaml;

pub use finding::{Edit, Finding, Fix, Related};
pub use kind::Kind;
pub use rule::{Example, Rule, Severity, Trial};
