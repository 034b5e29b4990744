//! The policy's data: what each config key, device type and device key of Incus may be, what the daemon itself may be set
//! to and may warn of, and which threats that serves.
//!
//! It is read from `policy/`, which is compiled in. What it does not name is denied: a policy that could not be read would
//! name nothing, and deny everything.

pub mod advisories;
mod constraint;
pub mod incus_advisories;
mod parse;
mod table;
mod threats;

use std::sync::LazyLock;

use crate::digest::Sha256;
use crate::yaml::{self, Problem};

pub use constraint::{Constraint, is_loopback};
pub use table::{Bringer, Keys, Policy, Row, Verdict};
pub use threats::{Kind, Threat};

const CONFIG: &str = include_str!("../../policy/config.yaml");
const DEVICES: &str = include_str!("../../policy/devices.yaml");
const SERVER: &str = include_str!("../../policy/server.yaml");
const THREATS: &str = include_str!("../../policy/threats.yaml");

static BUILT_IN: LazyLock<Policy> = LazyLock::new(|| Policy::read().unwrap_or_default());

impl Policy {
    /// The policy that is compiled in.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads the policy that is compiled in.
    ///
    /// # Errors
    /// None unless podclaw was built from a broken policy.
    pub fn read() -> Result<Self, Vec<Problem>> {
        let mut policy = Self::default();
        let files = [("policy/config.yaml", CONFIG), ("policy/devices.yaml", DEVICES), ("policy/server.yaml", SERVER)];
        for (name, text) in files {
            let document = yaml::parse(name, text.as_bytes())?;
            parse::groups(&document, &mut policy).map_err(|problem| vec![problem])?;
        }
        policy.finish();
        Ok(policy)
    }
}

/// The digest of the policy that is compiled in: two podclaws with the same one judge config and devices alike.
#[must_use]
pub fn digest() -> Sha256 {
    Sha256::of([CONFIG, DEVICES].concat().as_bytes())
}

/// What the threat model demands.
///
/// # Errors
/// None unless podclaw was built from a broken policy.
pub fn threats() -> Result<Vec<Threat>, Vec<Problem>> {
    let document = yaml::parse("policy/threats.yaml", THREATS.as_bytes())?;
    threats::read(&document).map_err(|problem| vec![problem])
}
