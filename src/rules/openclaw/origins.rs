//! Web pages that may talk to the gateway.

use super::file::Config;
use crate::json::Value;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "openclaw-origins",
    severity: Severity::Error,
    summary: "a control UI that any web page, or one without TLS, may use",
    why: "A browser sends what a page asks it to. Only the list of allowed origins keeps a page on the internet from \
          talking to a gateway that its reader can reach.",
    remedy: "write `gateway.controlUi.allowedOrigins` with the addresses that people open, such as \"http://127.0.0.1:18789\"",
    threats: &["exposure", "authentication"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: r#"{"gateway": {"bind": "loopback", "auth": {"mode": "token"}, "controlUi": {"allowedOrigins": ["*"]}}}"#,
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

const PATH: &str = "gateway.controlUi.allowedOrigins";

pub(super) fn check(config: &Config, found: &mut Found) {
    let enabled = config.root.at("gateway.controlUi.enabled").and_then(crate::json::Node::as_bool) != Some(false);
    let Some(origins) = config.root.at(PATH) else {
        if enabled && !config.is_loopback() {
            found.add(&RULE, PATH, config.nearest(PATH), "there is no list of allowed origins");
        }
        return;
    };
    if !matches!(&origins.value, Value::Array(items) if !items.is_empty()) && !config.is_loopback() {
        found.add(&RULE, PATH, origins.bytes.clone(), "the list of allowed origins is empty, or none");
    }
    for origin in origins.items() {
        let text = origin.as_str().unwrap_or_default();
        if let Some(reason) = doubt(text) {
            found.add(&RULE, PATH, origin.bytes.clone(), format!("the origin {} {reason}", excerpt(text, 80)));
        }
    }
}

fn doubt(origin: &str) -> Option<&'static str> {
    // What stage 5 fills in.
    let origin = origin.replace("@GATEWAY_PORT@", "18789");
    let (scheme, rest) = origin.split_once("://").unwrap_or(("", &origin));
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port),
        None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':');
    let numbered = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    if host.is_empty() || !host.bytes().all(plain) || !numbered {
        return Some("is not a certain one");
    }
    match scheme {
        "https" => None,
        "http" if matches!(host, "localhost" | "127.0.0.1" | "::1") => None,
        "http" => Some("is without TLS, and not on the loopback"),
        _ => Some("is not one of http or https"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_origins_are_fine() {
        for origin in [
            "http://127.0.0.1:18789",
            "http://localhost",
            "http://[::1]:1",
            "https://lab.example:8443",
            "http://localhost:@GATEWAY_PORT@",
        ] {
            assert_eq!(doubt(origin), None, "{origin}");
        }
        for origin in [
            "*",
            "https://*",
            "https://*.example",
            "http://lab.example",
            "null",
            "",
            "localhost",
            "http://",
            "HTTP://localhost",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "https://a/b",
            "file://x",
            "http://localhost:99999",
            "http://127.0.0.2",
            "https://@NAME@",
        ] {
            assert!(doubt(origin).is_some(), "{origin}");
        }
    }
}
