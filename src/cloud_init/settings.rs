//! What differs between guests, and the file that carries it.

use std::fmt::Write as _;

use super::stage::Stage;
use super::values::{Boot, GatewaySource, MemoryMib, Seconds, ServicePort, StorageDriver};
use crate::names::GuestName;

/// How long the slow stages may take before they fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Installing packages; not used when the image has them all.
    pub packages: Seconds,
    /// Loading or pulling the gateway's image.
    pub image: Seconds,
    /// From the start of the gateway's unit until the gateway says that it has started.
    pub start: Seconds,
}

impl Default for Timeouts {
    fn default() -> Self {
        // Each is more than five times what was measured on two slow cores, and less than a launch may take by default.
        Self { packages: seconds(480), image: seconds(300), start: seconds(300) }
    }
}

fn seconds(number: u64) -> Seconds {
    Seconds::try_from(number).unwrap_or_default()
}

/// What differs between guests. Every value is typed, so that none can mean anything in YAML, shell or a unit file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The guest's host name.
    pub hostname: GuestName,
    /// Where the gateway's image comes from.
    pub gateway: GatewaySource,
    /// The port of the gateway on the guest's loopback.
    pub port: ServicePort,
    /// How much memory the gateway's container may use.
    pub gateway_memory: MemoryMib,
    /// How images are stacked.
    pub storage: StorageDriver,
    /// How the guest came to be.
    pub boot: Boot,
    /// The last stage to run: [`Stage::Start`], or [`Stage::Image`] to bake an image.
    pub last: Stage,
    /// How long the slow stages may take.
    pub timeouts: Timeouts,
}

impl Settings {
    /// Settings with the default of everything that has one.
    #[must_use]
    pub fn new(hostname: GuestName, gateway: GatewaySource) -> Self {
        Self {
            hostname,
            gateway,
            port: ServicePort::default(),
            gateway_memory: MemoryMib::default(),
            storage: StorageDriver::default(),
            boot: Boot::default(),
            last: Stage::Start,
            timeouts: Timeouts::default(),
        }
    }

    /// The same for a guest that came to be in another way.
    #[must_use]
    pub fn with_boot(self, boot: Boot) -> Self {
        Self { boot, ..self }
    }

    /// The text of [`super::SETTINGS`]: one `KEY=VALUE` a line, with nothing in a value that a shell could obey.
    #[must_use]
    pub(super) fn file(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &dyn std::fmt::Display| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{key}={value}");
        };
        match &self.gateway {
            GatewaySource::Archive { id } => {
                line("GATEWAY_SOURCE", &"archive");
                line("GATEWAY_IMAGE", &id.hex());
            }
            GatewaySource::Registry(reference) => {
                line("GATEWAY_SOURCE", &"registry");
                line("GATEWAY_IMAGE", reference);
            }
        }
        line("GATEWAY_PORT", &self.port);
        line("GATEWAY_MEMORY_MIB", &self.gateway_memory);
        line("STORAGE_DRIVER", &self.storage.as_str());
        line("BOOT", &self.boot.as_str());
        line("LAST_STAGE", &self.last.number());
        line("PACKAGES_TIMEOUT", &self.timeouts.packages);
        line("IMAGE_TIMEOUT", &self.timeouts.image);
        line("START_TIMEOUT", &self.timeouts.start);
        text
    }
}
