//! Whom the daemon trusts, and whom it is about to.

use serde::Deserialize;
use serde_json::Value;

use super::{Operation, null_is_empty};

/// A certificate that the daemon trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// What somebody called it.
    pub name: String,
    /// `client`, `server` or `metrics`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is for some projects only.
    pub restricted: bool,
    /// The projects that it is for, where it is for some only.
    #[serde(deserialize_with = "null_is_empty")]
    pub projects: Vec<String>,
    /// The SHA-256 of it, in hexadecimal.
    pub fingerprint: String,
}

/// A token that waits for whoever has it. What makes it worth something, its secret, is never read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The operation that stands for it, a UUID.
    pub operation: String,
    /// What it is good for.
    pub grants: Grant,
}

/// What a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Having a certificate trusted, which is known of it already.
    Trust(Certificate),
    /// Joining the cluster, as a machine of this name.
    Member(String),
    /// Something else, such as downloading an image.
    Other,
}

impl Token {
    /// The token that an operation stands for, if it is for one.
    #[must_use]
    pub fn of(operation: &Operation) -> Option<Self> {
        if operation.class != "token" {
            return None;
        }
        let about = &operation.metadata;
        let grants = match (about.get("request"), about.get("serverName")) {
            // What can't be read of it is as for a certificate of which nothing is known: for everything.
            (Some(request), _) => Grant::Trust(serde_json::from_value(request.clone()).unwrap_or_default()),
            (None, Some(Value::String(name))) => Grant::Member(name.clone()),
            _ => Grant::Other,
        };
        Some(Self { operation: operation.id.clone(), grants })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(metadata: &str) -> Option<Token> {
        let text = format!(r#"{{"id":"x","class":"token","metadata":{metadata}}}"#);
        Token::of(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_token_says_what_it_is_good_for() {
        let said = token(
            r#"{"secret":"s3cr3t","addresses":["127.0.0.1:1"],"fingerprint":"ab","request":{"name":"a","type":"client",
                "restricted":true,"projects":["p"],"certificate":"","token":true,"trust_token":""}}"#,
        )
        .unwrap();
        assert!(!format!("{said:?}").contains("s3cr3t"));
        let Grant::Trust(certificate) = said.grants else { panic!("{said:?}") };
        assert_eq!((certificate.name.as_str(), certificate.restricted), ("a", true));
        assert_eq!(certificate.projects, ["p"]);
        assert_eq!(token(r#"{"serverName":"b"}"#).unwrap().grants, Grant::Member("b".into()));
        assert_eq!(token(r#"{"secret":"x"}"#).unwrap().grants, Grant::Other);
        assert_eq!(token(r#"{"request":7}"#).unwrap().grants, Grant::Trust(Certificate::default()));
        assert_eq!(Token::of(&Operation { class: "task".into(), ..Operation::default() }), None);
    }
}
