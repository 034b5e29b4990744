//! What is tried from the host, and not in the guest.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::runner::at;
use crate::cloud_init::DEFAULT_PORT;
use crate::incus::Command;
use crate::lab::Lab;
use crate::lab::inside::as_service;
use crate::probe::{self, Outcome};
use crate::text;

/// How long a connection to a guest may take that must not be.
const CONNECTION: Duration = Duration::from_millis(400);
/// How long the gateway's own audit may take.
const AUDIT: Duration = Duration::from_secs(90);
/// How much of the audit is read, in bytes.
const AUDIT_LENGTH: usize = 512 << 10;

/// Connects to the guest: to what the runner opened, and to the gateway's port. That it does not work says little: the guest
/// may have closed what it says is open. Whether packets get to it is looked at apart from this.
pub(super) async fn inbound(address: Ipv4Addr, port: Option<u16>) -> Option<Outcome> {
    for port in port.into_iter().chain([DEFAULT_PORT]) {
        if let Ok(Ok(_)) = timeout(CONNECTION, TcpStream::connect(at(address, port))).await {
            let tried = format!("to connect to {address}, port {DEFAULT_PORT} and one that was opened for it");
            return Some(Outcome::not_contained(probe::NET_INBOUND, tried, format!("port {port} is connected")));
        }
    }
    None
}

/// The gateway's own judgement of its configuration, in the time that is left. It is the guest's word.
pub(super) async fn audit(lab: &Lab, guest: &str, deadline: Instant) -> Outcome {
    let probe = probe::GATEWAY_AUDIT;
    let tried = "`openclaw security audit --json` in the gateway's container";
    let argv = ["podman", "exec", "openclaw", "node", "dist/index.js", "security", "audit", "--json"];
    let command = as_service(Command::new(argv));
    let left = AUDIT.min(deadline.saturating_duration_since(Instant::now()));
    if left.is_zero() {
        return Outcome::could_not_tell(probe, tried, "the other probes took all the time there was");
    }
    let run = lab.client.capture(&lab.project, guest, &command, b"", AUDIT_LENGTH, left);
    let said = match run.await {
        Ok(said) => said,
        Err(error) => return Outcome::could_not_tell(probe, tried, error.to_string()),
    };
    let start = said.stdout.iter().position(|byte| *byte == b'{').unwrap_or(said.stdout.len());
    let json = serde_json::from_slice::<serde_json::Value>(&said.stdout[start..]);
    let critical = json.as_ref().ok().and_then(|json| json["summary"]["critical"].as_u64());
    match critical {
        Some(0) => Outcome::contained(probe, tried, "nothing critical"),
        Some(count) => Outcome::not_contained(probe, tried, format!("{count} critical findings")),
        None => {
            let complaint = text::tail(&said.stderr, 1);
            Outcome::could_not_tell(probe, tried, format!("no audit came back (code {}) {complaint}", said.code))
        }
    }
}
