//! Transports that anybody on the way can change.

use super::call::{Call, Found};
use super::fetch_and_run::{is_fetcher, is_local};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-insecure-transport",
    severity: Severity::Error,
    summary: "a transport that anybody on the way can change",
    why: "Without a check of the server's certificate, or without TLS at all, whoever is between the guest and the server decides what the guest gets. That can be another guest.",
    remedy: "use https with its checks on",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\ncurl -k -o /var/lib/podclaw/a https://example.org/a\necho \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  /var/lib/podclaw/a\" | sha256sum --check\n",
        good: "#!/bin/bash\nset -euo pipefail\ncurl -o /var/lib/podclaw/a https://example.org/a\necho \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef  /var/lib/podclaw/a\" | sha256sum --check\n",
        trial: Trial::Alone,
    }],
};

const CURL_VALUED: &str = "oHduAebxXmTFECKQPrtwyYzDcU";

pub(super) fn check(call: &Call) -> Option<Found> {
    let off = match call.name.as_str() {
        "curl" => {
            call.short('k', CURL_VALUED)
                || ["--insecure", "--proxy-insecure", "--doh-insecure"].iter().any(|o| call.long(o))
        }
        "wget" => call.long("--no-check-certificate") || call.long("--no-hsts"),
        "git" => call.args.iter().any(|word| word.any(|value| value.to_ascii_lowercase().contains("sslverify=false"))),
        "pip" | "pip3" => call.long("--trusted-host"),
        "npm" => call
            .args
            .iter()
            .any(|word| word.any(|value| value.starts_with("--strict-ssl=f") || value == "--no-strict-ssl")),
        "podman" | "docker" | "buildah" | "skopeo" => call.args.iter().any(|word| {
            word.any(|value| {
                value
                    .split_once('=')
                    .is_some_and(|(name, value)| name.ends_with("tls-verify") && !matches!(value, "true" | "1" | "t"))
            })
        }),
        _ => false,
    };
    if off {
        return Some(call.found(&RULE, format!("`{}` does not check who answers", call.name)));
    }
    let plain = |value: &str| {
        let lower = value.to_ascii_lowercase();
        ["http://", "ftp://", "git://"].iter().any(|start| lower.contains(start))
    };
    let fetches = is_fetcher(call) || matches!(call.name.as_str(), "git" | "pip" | "pip3" | "npm");
    if fetches && !is_local(call) && call.args.iter().any(|word| word.any(plain)) {
        return Some(call.found(&RULE, "this goes over the network without TLS"));
    }
    None
}
