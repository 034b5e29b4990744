//! Quadlet units: what Podman is asked to run.
//!
//! Sections and keys are judged by allow-list. Drop-ins (`NAME.container.d/*.conf`) are judged like the files that they
//! add to, except for what is required, which the other file may hold.

mod capabilities;
mod confinement;
mod device;
mod expansion;
mod file;
mod gateway;
mod image;
mod limits;
mod mount;
mod network;
mod podman_args;
mod publish;
mod pull;
mod read_only;
mod secret;
mod service;
mod syntax;
mod unjudged;
mod unknown;
mod user_namespace;

use std::sync::Arc;

use super::found::Found;
use super::{Finding, Rule};
use crate::place::Source;
pub(super) use confinement::is_root;
pub(super) use mount::volume as volume_doubt;
pub(super) use podman_args::{is_allowed as is_allowed_argument, is_known as is_argument};
pub(super) use secret::is_token;
pub(super) use user_namespace::is_known as is_user_namespace;

/// Whether the name of a Quadlet ends like this, as in `NAME.container`.
#[must_use]
pub fn is_ending(extension: &str) -> bool {
    file::Type::of(extension).is_some()
}

/// A container with everything that is required, and one more line, for the examples.
macro_rules! example {
    ($line:literal) => {
        concat!(
            "[Container]\nImage=localhost/app\nPull=never\nDropCapability=all\nNoNewPrivileges=true\nReadOnly=true\n",
            "PidsLimit=512\nMemory=1g\n",
            $line,
            "\n"
        )
    };
}
use example;

/// The rules of this module.
pub const RULES: &[&Rule] = &[
    &image::RULE,
    &pull::RULE,
    &publish::RULE,
    &network::RULE,
    &capabilities::RULE,
    &confinement::RULE,
    &user_namespace::RULE,
    &mount::RULE,
    &device::RULE,
    &read_only::RULE,
    &limits::RULE,
    &podman_args::RULE,
    &service::RULE,
    &gateway::RULE,
    &secret::RULE,
    &expansion::RULE,
    &unjudged::RULE,
    &unknown::RULE,
    &syntax::RULE,
];

/// Judges one file.
#[must_use]
pub fn judge(source: &Arc<Source>) -> Vec<Finding> {
    let quadlet = file::Quadlet::read(source);
    let mut found = Found::new(source);
    for check in [
        syntax::check,
        unknown::check,
        unjudged::check,
        expansion::check,
        image::check,
        pull::check,
        publish::check,
        network::check,
        capabilities::check,
        confinement::check,
        user_namespace::check,
        mount::check,
        device::check,
        read_only::check,
        limits::check,
        podman_args::check,
        service::check,
        gateway::check,
        secret::check,
    ] {
        check(&quadlet, &mut found);
    }
    found.finish()
}
