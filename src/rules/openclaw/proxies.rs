//! Proxies that are believed.

use ipnet::IpNet;
use std::net::IpAddr;

use super::file::Config;
use crate::json::Value;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "openclaw-proxies",
    severity: Severity::Error,
    summary: "a gateway that believes many machines, or any header, about where a request comes from",
    why: "A trusted proxy says for whom it asks. If a whole network is trusted, everything in it can claim to be local, \
          and local clients are asked for less.",
    remedy: "name each proxy by its own address in `gateway.trustedProxies`, and leave `allowRealIpFallback` out",
    threats: &["authentication", "exposure"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: r#"{"gateway": {"bind": "loopback", "auth": {"mode": "token"}, "trustedProxies": ["0.0.0.0/0"]}}"#,
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

const PATH: &str = "gateway.trustedProxies";

pub(super) fn check(config: &Config, found: &mut Found) {
    if let Some(proxies) = config.root.at(PATH) {
        if !matches!(proxies.value, Value::Array(_)) {
            found.add(&RULE, PATH, proxies.bytes.clone(), "this is not a list of addresses");
        }
        for proxy in proxies.items() {
            let text = proxy.as_str().unwrap_or_default();
            if !is_single(text) {
                let message = format!("{} is more than one machine, or not an address", excerpt(text, 80));
                found.add(&RULE, PATH, proxy.bytes.clone(), message);
            }
        }
    }
    let path = "gateway.allowRealIpFallback";
    if let Some(node) = config.root.at(path).filter(|node| node.as_bool() != Some(false)) {
        found.add(&RULE, path, node.bytes.clone(), "a header that anybody can write says where a request comes from");
    }
}

/// One address, or a network of one.
fn is_single(text: &str) -> bool {
    let one = |address: IpAddr| !address.is_unspecified() && !address.is_multicast();
    match text.parse::<IpNet>() {
        Ok(net) => net.prefix_len() == net.max_prefix_len() && one(net.addr()),
        Err(_) => text.parse::<IpAddr>().is_ok_and(one),
    }
}
