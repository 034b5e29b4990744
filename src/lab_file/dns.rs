//! What the lab's resolver answers, as the lab file says.

use std::net::SocketAddrV4;
use std::path::PathBuf;

use serde::Deserialize;

/// The lab's resolver.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dns {
    /// Files with names that are not to be resolved.
    pub block: Vec<PathBuf>,
    /// The resolver that is asked in place of the host's own; one on the host that encrypts what it sends on, say.
    #[serde(deserialize_with = "upstream")]
    pub upstream: Option<SocketAddrV4>,
}

/// An address that one resolver can have.
fn upstream<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<SocketAddrV4>, D::Error> {
    let upstream = SocketAddrV4::deserialize(from)?;
    let address = upstream.ip();
    if upstream.port() == 0 || address.is_unspecified() || address.is_broadcast() || address.is_multicast() {
        return Err(serde::de::Error::custom("no resolver can be asked there"));
    }
    Ok(Some(upstream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_one_address_and_a_port() {
        let dns = |upstream: &str| serde_saphyr::from_str::<Dns>(&format!("upstream: {upstream}"));
        assert_eq!(dns("127.0.0.1:5300").unwrap().upstream, Some("127.0.0.1:5300".parse().unwrap()));
        for bad in ["127.0.0.1", "127.0.0.1:0", "0.0.0.0:53", "224.0.0.251:5353", "255.255.255.255:53", "one.test:53"] {
            assert!(dns(bad).is_err(), "{bad}");
        }
    }
}
