//! One Quadlet, as the rules look at it.

use std::ops::Range;
use std::path::Path;

use crate::place::Source;
use crate::unit_file::{self, Entry, Unit};

/// What Podman makes of a Quadlet, by its file's extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Container,
    Pod,
    Network,
    Volume,
    Kube,
    Image,
    Build,
    Artifact,
}

impl Type {
    /// The section that Podman obeys in such a file.
    pub(super) fn section(self) -> &'static str {
        match self {
            Self::Container => "Container",
            Self::Pod => "Pod",
            Self::Network => "Network",
            Self::Volume => "Volume",
            Self::Kube => "Kube",
            Self::Image => "Image",
            Self::Build => "Build",
            Self::Artifact => "Artifact",
        }
    }

    pub(super) fn of(extension: &str) -> Option<Self> {
        Some(match extension {
            "container" => Self::Container,
            "pod" => Self::Pod,
            "network" => Self::Network,
            "volume" => Self::Volume,
            "kube" => Self::Kube,
            "image" => Self::Image,
            "build" => Self::Build,
            "artifact" => Self::Artifact,
            _ => return None,
        })
    }
}

/// A Quadlet, with what the stages fill in filled in.
#[derive(Debug)]
pub(super) struct Quadlet {
    pub(super) kind: Type,
    /// Whether it is a drop-in, which adds to another file and need not hold what is required.
    pub(super) drop_in: bool,
    pub(super) unit: Unit,
}

/// What stage 6 puts in place of the names between @ signs. The values are examples; that they stand for what is safe is
/// up to the stages, which make them.
const FILLED: [(&str, &str); 8] = [
    ("@IMAGE@", "localhost/podclaw/gateway"),
    ("@CONTAINER@", "openclaw"),
    ("@GATEWAY_PORT@", "18789"),
    ("@PODMAN_ARGS@", "--memory=2048m --stop-timeout=90 --read-only-tmpfs=false"),
    ("@SERVICE_HOME@", "/home/openclaw"),
    ("@COMPILE_CACHE@", "/var/lib/podclaw/compile-cache"),
    ("@CACHE_MODE@", "ro"),
    ("@TOKEN_FILE@", "/home/openclaw/.config/podclaw/gateway.env"),
];

impl Quadlet {
    pub(super) fn read(source: &Source) -> Self {
        let path = Path::new(&source.name);
        let directory = path.parent().and_then(|parent| parent.file_name()).and_then(|name| name.to_str());
        // Both `a.container.d` and `container.d` hold drop-ins.
        let dropped_into = directory.and_then(|name| name.strip_suffix(".d")).and_then(|name| {
            let extension = name.rsplit_once('.').map_or(name, |(_, extension)| extension);
            Type::of(extension)
        });
        let own = path.extension().and_then(|extension| extension.to_str()).and_then(Type::of);
        let mut unit = unit_file::read(&source.text);
        for entry in &mut unit.entries {
            if entry.value.contains('@') {
                for (name, value) in FILLED {
                    entry.value = entry.value.replace(name, value);
                }
            }
        }
        Self {
            kind: own.or(dropped_into).unwrap_or(Type::Container),
            drop_in: own.is_none() && dropped_into.is_some(),
            unit,
        }
    }

    /// All assignments of a key in the section that Podman obeys, also those that a later one takes back.
    pub(super) fn all(&self, key: &'static str) -> impl Iterator<Item = &Entry> {
        self.in_section(self.kind.section()).filter(move |entry| entry.key == key)
    }

    /// The assignments of a list that count: those after the last empty one.
    pub(super) fn counting(&self, key: &'static str) -> Vec<&Entry> {
        let all: Vec<_> = self.all(key).collect();
        let start = all.iter().rposition(|entry| entry.value.is_empty()).map_or(0, |empty| empty + 1);
        all[start..].to_vec()
    }

    pub(super) fn in_section(&self, section: &'static str) -> impl Iterator<Item = &Entry> {
        self.unit.entries.iter().filter(move |entry| &*entry.section == section)
    }

    /// Whether it runs a container of which everything required must be here.
    pub(super) fn is_whole_container(&self) -> bool {
        self.kind == Type::Container && !self.drop_in
    }

    /// Where what is missing should stand: the heading.
    pub(super) fn heading(&self) -> Range<usize> {
        let section = self.unit.sections.iter().find(|section| &*section.name == self.kind.section());
        section.map_or(0..0, |section| section.bytes.clone())
    }

    /// The name of a key in findings.
    pub(super) fn subject(&self, key: &str) -> String {
        format!("{}.{key}", self.kind.section())
    }
}

/// The name of an assignment in findings.
pub(super) fn subject(entry: &Entry) -> String {
    let short = |text: &str| crate::text::excerpt(text, 64);
    format!("{}.{}", short(&entry.section), short(&entry.key))
}
