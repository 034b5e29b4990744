//! Instances.

use serde::{Deserialize, Serialize};

use super::{Config, Devices, InstanceState, null_is_empty};

/// Whether an instance is a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum InstanceKind {
    /// A container.
    #[default]
    #[serde(rename = "container")]
    Container,
    /// A virtual machine.
    #[serde(rename = "virtual-machine")]
    VirtualMachine,
}

/// What an instance does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", rename_all = "lowercase")]
pub enum Status {
    /// It runs.
    Running,
    /// It is stopped.
    Stopped,
    /// Its processes are halted.
    Frozen,
    /// It is in an error state.
    Error,
    /// It is on its way from one to another, or the daemon says something that podclaw does not know.
    #[default]
    Other,
}

impl Status {
    /// Whether it runs, or stands still and could go on. What is not known does.
    #[must_use]
    pub fn is_up(self) -> bool {
        !matches!(self, Self::Stopped | Self::Error)
    }
}

impl From<String> for Status {
    fn from(status: String) -> Self {
        match status.as_str() {
            "Running" => Self::Running,
            "Stopped" => Self::Stopped,
            "Frozen" => Self::Frozen,
            "Error" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// An instance.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its project.
    pub project: String,
    /// Container or virtual machine.
    #[serde(rename = "type")]
    pub kind: InstanceKind,
    /// What it does.
    pub status: Status,
    /// What it is for.
    pub description: String,
    /// Its architecture.
    pub architecture: String,
    /// When it was created, RFC 3339.
    pub created_at: String,
    /// When it was last started, RFC 3339; long ago where it never was.
    pub last_used_at: String,
    /// Whether it is deleted when it stops.
    pub ephemeral: bool,
    /// Its profiles, in order.
    #[serde(deserialize_with = "null_is_empty")]
    pub profiles: Vec<String>,
    /// Its own configuration.
    #[serde(deserialize_with = "null_is_empty")]
    pub config: Config,
    /// Its own devices.
    #[serde(deserialize_with = "null_is_empty")]
    pub devices: Devices,
    /// Its configuration with that of its profiles.
    #[serde(deserialize_with = "null_is_empty")]
    pub expanded_config: Config,
    /// Its devices with those of its profiles.
    #[serde(deserialize_with = "null_is_empty")]
    pub expanded_devices: Devices,
}

impl Instance {
    /// Whether the daemon can't read it itself, and says only its name. Each one that it can read has a disk, and config that
    /// the daemon itself wrote.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.expanded_config.is_empty() || self.expanded_devices.is_empty()
    }
}

/// An instance, with what it uses and its snapshots.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct InstanceWithState {
    /// The instance.
    #[serde(flatten)]
    pub instance: Instance,
    /// What it uses.
    #[serde(deserialize_with = "null_is_empty")]
    pub state: InstanceState,
    /// Its snapshots.
    #[serde(deserialize_with = "null_is_empty")]
    pub snapshots: Vec<Snapshot>,
    /// Its backups.
    #[serde(deserialize_with = "null_is_empty")]
    pub backups: Vec<Backup>,
}

/// A backup of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Backup {
    /// Its name, which may have the instance's before it.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

/// A snapshot of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Its name, without the instance's.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// How much of the pool is its alone, in bytes; not more than 0 where the daemon does not know.
    pub size: i64,
}

/// What an instance is created from. The name is the [`super::super::Object`]'s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewInstance {
    /// Its configuration.
    pub config: Config,
    /// Its devices, besides those of its profiles.
    pub devices: Devices,
    /// Its profiles, in order. Always sent: without them the daemon would choose.
    pub profiles: Vec<String>,
    /// What it is for.
    pub description: String,
    /// Container or virtual machine.
    #[serde(rename = "type")]
    pub kind: InstanceKind,
    /// The fingerprint of the image, which must be in the instance's project.
    #[serde(rename = "source", serialize_with = "image_source")]
    pub image: String,
}

fn image_source<S: serde::Serializer>(fingerprint: &str, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Source<'a> {
        r#type: &'static str,
        fingerprint: &'a str,
    }
    Source { r#type: "image", fingerprint }.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn reads_what_the_daemon_writes() {
        let found: InstanceWithState = serde_json::from_str(
            r#"{"name":"a","status":"Running","type":"container","config":null,"snapshots":null,"state":{
                "pid":1,"network":{"eth0":{"addresses":[{"address":"fd00::1","scope":"global"},
                {"address":"10.0.0.2","scope":"global"},{"address":"\u001b[2J","scope":"global"},
                {"address":"fe80::1","scope":"link"}]}}}}"#,
        )
        .unwrap();
        assert_eq!(found.instance.status, Status::Running);
        assert_eq!(found.state.addresses(), ["10.0.0.2".parse::<IpAddr>().unwrap(), "fd00::1".parse().unwrap()]);
        let stopped: InstanceWithState = serde_json::from_str(r#"{"status":"Stopping","state":null}"#).unwrap();
        assert_eq!(stopped.instance.status, Status::Other);
    }

    #[test]
    fn tells_an_instance_that_the_daemon_cannot_read() {
        let unread = |text: &str| serde_json::from_str::<Instance>(text).unwrap().is_unread();
        let (config, devices) = (r#""expanded_config":{"a":"b"}"#, r#""expanded_devices":{"root":{"type":"disk"}}"#);
        assert!(!unread(&format!(r#"{{"name":"a","status":"Error",{config},{devices}}}"#)));
        // As the daemon writes it, and as another release may.
        assert!(unread(r#"{"name":"a","status":"Error","expanded_config":null,"expanded_devices":null}"#));
        assert!(unread(&format!(r#"{{"name":"a","status":"Running",{config}}}"#)));
        assert!(unread(&format!(r#"{{"name":"a","status":"Running",{devices}}}"#)));
    }

    #[test]
    fn sends_profiles_even_when_there_are_none() {
        let new = NewInstance {
            config: Config::new(),
            devices: Devices::new(),
            profiles: Vec::new(),
            description: String::new(),
            kind: InstanceKind::Container,
            image: "ab".into(),
        };
        assert_eq!(
            serde_json::to_string(&new).unwrap(),
            r#"{"config":{},"devices":{},"profiles":[],"description":"","type":"container","source":{"type":"image","fingerprint":"ab"}}"#
        );
    }
}
