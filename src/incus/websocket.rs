//! Websockets over the daemon's Unix socket.

use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::{Method, StatusCode, Upgraded};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::asked::Asked;
use super::client::Client;
use super::error::Result;
use super::request::Request;
use super::timeline::Wait;
use super::transport::{Verdict, header};
use super::wire::Wire;

/// The largest message that is taken, in bytes. The daemon sends at most 32 KiB at once.
const LARGEST_MESSAGE: usize = 1 << 20;

pub(super) type Socket = WebSocketStream<Wire<Upgraded>>;

impl Client {
    /// Opens a websocket.
    pub(super) async fn websocket(&self, asked: &Asked, to: &Request) -> Result<Socket> {
        let key = generate_key();
        let request = self
            .request(asked, Method::GET, to)?
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let open = async {
            let (response, _span) = self.send(asked, Wait::Websocket, request).await?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                return match self.verdict(asked, response).await? {
                    Verdict::Refusal { code, message, .. } => Err(asked.refused(code, &message)),
                    Verdict::Answer(_) => Err(asked.malformed(&"it does not open a websocket")),
                };
            }
            if header(response.headers(), SEC_WEBSOCKET_ACCEPT.as_str()) != Some(derive_accept_key(key.as_bytes())) {
                return Err(asked.malformed(&"its websocket is not for this request"));
            }
            let connection = response.upgrade().await.map_err(|error| asked.broken(error))?;
            let config = WebSocketConfig::default()
                .max_message_size(Some(LARGEST_MESSAGE))
                .max_frame_size(Some(LARGEST_MESSAGE));
            Ok(WebSocketStream::from_raw_socket(Wire::new(connection), Role::Client, Some(config)).await)
        };
        timeout(self.limits.read, open).await.map_err(|_| asked.timed_out(self.limits.read))?
    }
}
