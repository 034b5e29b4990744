//! What the daemon says of its own configuration.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::request::Request;
use super::types::Config;

/// The daemon's own configuration, and the process that it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Its configuration.
    pub config: Config,
    /// Its process.
    pub pid: Option<u32>,
    /// As whom it knows us: `unix` is whoever may use its socket, and so sees everything; others see what they may.
    pub method: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    config: Option<BTreeMap<String, Value>>,
    environment: Environment,
    auth_user_method: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Environment {
    server_pid: u32,
}

impl Client {
    /// The daemon's configuration and process.
    ///
    /// # Errors
    /// Whatever keeps the daemon from answering.
    pub async fn details(&self) -> Result<Details> {
        let asked = Asked::new("read", &"the daemon's configuration");
        let answer: Answer = self.read(&asked, &Request::server(&[])).await?.unwrap_or_default();
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let config = answer.config.unwrap_or_default().into_iter().map(|(key, value)| (key, text(value))).collect();
        let pid = Some(answer.environment.server_pid).filter(|pid| *pid != 0);
        Ok(Details { config, pid, method: answer.auth_user_method })
    }
}
