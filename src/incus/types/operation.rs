//! Background operations of the daemon.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::null_is_empty;

/// An operation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Operation {
    /// Its identity, a UUID.
    pub id: String,
    /// What kind of work it is: a `task` of the daemon, or a `websocket`, which runs as long as somebody uses it.
    pub class: String,
    /// What it does, in the daemon's words, such as `Creating instance`.
    pub description: String,
    /// How far it is.
    pub status_code: OperationStatus,
    /// The objects that it is about, as API paths by kind.
    #[serde(deserialize_with = "nulls_are_empty")]
    pub resources: BTreeMap<String, Vec<String>>,
    /// What it says besides, such as its progress.
    #[serde(deserialize_with = "null_is_empty")]
    pub metadata: Map<String, Value>,
    /// Whether it can be cancelled now.
    pub may_cancel: bool,
    /// Why it failed.
    pub err: String,
}

/// The daemon writes the list of a kind as `null`, too, where there is nothing of it.
fn nulls_are_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let lists: BTreeMap<String, Option<Vec<String>>> = null_is_empty(deserializer)?;
    Ok(lists.into_iter().map(|(kind, paths)| (kind, paths.unwrap_or_default())).collect())
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "u16")]
pub enum OperationStatus {
    /// It did not end yet.
    #[default]
    Running,
    /// It ended well.
    Success,
    /// It ended badly.
    Failure,
    /// Somebody cancelled it.
    Cancelled,
}

impl From<u16> for OperationStatus {
    fn from(code: u16) -> Self {
        match code {
            200 => Self::Success,
            400 => Self::Failure,
            401 => Self::Cancelled,
            _ => Self::Running,
        }
    }
}

impl Operation {
    /// The names of the instances that it is about.
    pub fn instances(&self) -> impl Iterator<Item = &str> {
        // The daemon lists them as paths, with the project behind the question mark.
        self.resources.get("instances").into_iter().flatten().filter_map(|path| {
            let path = path.split('?').next()?;
            path.strip_prefix("/1.0/instances/").and_then(|rest| rest.split('/').next())
        })
    }

    /// What it says about how far it is, such as `rootfs: 45% (3.10MB/s)`.
    #[must_use]
    pub fn progress(&self) -> Option<&str> {
        let told = |key: &String| key.ends_with("_progress");
        self.metadata.iter().find(|(key, _)| told(key)).and_then(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_daemon_writes() {
        let operation: Operation = serde_json::from_str(
            r#"{"id":"x","status_code":103,"metadata":{"progress":{},"download_progress":"rootfs: 45%"},"err":"",
                "resources":{"instances":["/1.0/instances/a?project=lab"]}}"#,
        )
        .unwrap();
        assert_eq!(operation.status_code, OperationStatus::Running);
        assert_eq!(operation.progress(), Some("rootfs: 45%"));
        assert_eq!(operation.instances().collect::<Vec<_>>(), ["a"]);
        let none: Operation = serde_json::from_str(r#"{"resources":{"instances":null}}"#).unwrap();
        assert_eq!(none.instances().count(), 0);
        let empty: Operation = serde_json::from_str(r#"{"metadata":null,"resources":null,"status_code":401}"#).unwrap();
        assert_eq!(empty.status_code, OperationStatus::Cancelled);
    }
}
