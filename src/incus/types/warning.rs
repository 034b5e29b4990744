//! What the daemon warns of.

use serde::Deserialize;

/// Something that the daemon warns of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Warning {
    /// Its identity.
    pub uuid: String,
    /// What it is about, in the daemon's words.
    #[serde(rename = "type")]
    pub kind: String,
    /// `new`, `acknowledged` or `resolved`.
    pub status: String,
    /// `low`, `moderate` or `high`. Incus calls a missing AppArmor `low`.
    pub severity: String,
    /// What was said the last time.
    pub last_message: String,
    /// The object that it is about, as an API path; empty where it is about the daemon.
    pub entity_url: String,
}

impl Warning {
    /// Whether what it is about goes on. That somebody has seen it ends nothing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status != "resolved"
    }
}
