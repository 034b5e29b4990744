//! Whether the gateway of a guest answers.

use std::time::Duration;

use crate::cloud_init::DEFAULT_PORT;
use crate::incus::Command;
use crate::lab::Lab;

/// How long one answer may take, and how much of it is read.
const WITHIN: Duration = Duration::from_secs(1);
const MOST_BYTES: usize = 4096;
/// How often it is asked: Incus 6.0 loses a command, or what it says, now and then.
const TRIES: usize = 3;

/// Why the gateway of a guest does not say that it has started; nothing if it does. It is the guest's word, as that of stage
/// 7 was: what is asked is whether it is of use, and not whether it is contained.
pub(super) async fn answers(lab: &Lab, guest: &str) -> Result<(), String> {
    let mut said = String::new();
    for _ in 0..TRIES {
        match ask(lab, guest).await {
            Answer::Started => return Ok(()),
            Answer::Not(why) => return Err(why),
            Answer::Lost(why) => said = why,
        }
    }
    Err(said)
}

enum Answer {
    Started,
    /// It says something else, or nobody is there.
    Not(String),
    /// Nothing came back, which need not be the gateway's doing.
    Lost(String),
}

async fn ask(lab: &Lab, guest: &str) -> Answer {
    let url = format!("http://127.0.0.1:{DEFAULT_PORT}/startupz");
    let command = Command::new(["curl", "--silent", "--noproxy", "*", "--max-time", "2", &url]);
    let said = match lab.client.capture(&lab.project, guest, &command, b"", MOST_BYTES, WITHIN).await {
        Ok(said) => said,
        Err(error) => return Answer::Lost(format!("its gateway can't be asked: {error}")),
    };
    let body: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
    let not = "its gateway does not say that it has started".to_owned();
    match said.code {
        0 if body["status"] == "started" => Answer::Started,
        0 if said.stdout.is_empty() => Answer::Lost(not),
        0 => Answer::Not(not),
        code => Answer::Not(format!("its gateway does not answer (curl: {code})")),
    }
}
