//! The ordered steps that turn a bare guest into one in which the gateway runs.
//!
//! [`render`] fills the one cloud-init template and returns the user-data of a guest. The shell of the stages has no
//! holes: whatever differs between guests goes through one file, [`SETTINGS`], whose values are typed in [`Settings`].
//! In the guest a runner executes the stages in order and writes one JSON object a line to [`EVENTS`], which
//! [`parse_event`] reads without trusting the guest.

#[cfg(test)]
mod apparmor_tests;
mod event;
mod render;
mod scalar;
#[cfg(test)]
mod script_tests;
mod settings;
mod stage;
mod templates;
mod values;

pub use event::{EventError, MAX_EVENT_BYTES, Outcome, StageEvent, parse_event};
pub use render::{RenderError, UserData, render};
pub(crate) use render::{fill, names, sample};
pub use settings::{Settings, Timeouts};
pub use stage::Stage;
pub(crate) use templates::STAGES_UNIT_TEXT;
pub use templates::{MOST_TEMPLATE_BYTES, TemplateError, Templates};
pub use values::{Boot, DEFAULT_PORT, GatewaySource, InvalidValue, MemoryMib, Seconds, ServicePort, StorageDriver};

/// Where the guest reports its stages, one JSON object a line.
pub const EVENTS: &str = "/var/log/podclaw/events.jsonl";

/// The directory of the stages' output, one file a stage: see [`Stage::log_path`].
pub const LOG_DIR: &str = "/var/log/podclaw";

/// The values of this guest, one `KEY=VALUE` a line. It holds no secret.
pub const SETTINGS: &str = "/etc/podclaw/settings";

/// Where the gateway image has to be before the guest starts, if its source is an archive. Stage 4 removes it.
pub const GATEWAY_ARCHIVE: &str = "/var/lib/podclaw/gateway.oci.tar";

/// What runs the stages; it takes no arguments, and running it again is safe.
pub const RUNNER: &str = "/usr/local/lib/podclaw/run";

/// What makes a guest with [`Boot::Bake`] fit to be an image that others are made from. It takes no arguments.
pub const SEAL: &str = "/usr/local/lib/podclaw/seal";

/// Where the guest of a bake says that nothing that it still does needs a network.
pub const OFFLINE: &str = "/run/podclaw/offline";

/// A file that is there when the stages have ended in this boot, well or not.
pub const ENDED: &str = "/run/podclaw/ended";

/// The unit that runs the stages in a guest of a baked image.
pub const STAGES_UNIT: &str = "/usr/local/share/podclaw/files/podclaw-stages.service";

/// The user, with uid and gid 1000, that the gateway runs as.
pub const SERVICE_USER: &str = "openclaw";

/// The unit of the gateway, in the service user's systemd.
pub const SERVICE_UNIT: &str = "openclaw.service";

/// The state of the gateway, mounted into its container. Only the service user can read it.
pub const STATE_DIR: &str = "/home/openclaw/.openclaw";

/// The file that holds the gateway's token, as `OPENCLAW_GATEWAY_TOKEN=...`. It is made in the guest.
pub const TOKEN_FILE: &str = "/home/openclaw/.config/podclaw/gateway.env";
