//! Ways to the gateway from outside of its guest.

use super::file::Config;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "openclaw-exposure",
    severity: Severity::Error,
    summary: "a gateway that opens a way to itself: a tunnel, a portal, an address of its own",
    why: "A lab's gateway is reached by `podclaw forward` alone. Tailscale's funnel puts it on the public internet, a \
          portal or a name of its own on somebody's network.",
    remedy: "remove it; `gateway.bind` is `lan` in a container whose port is published on the loopback, else `loopback`",
    threats: &["exposure"],
    waivable: true,
    examples: &[Example {
        path: "files/openclaw.json",
        bad: r#"{"gateway": {"bind": "loopback", "auth": {"mode": "token"}, "tailscale": {"mode": "funnel"}}}"#,
        good: super::example!(""),
        trial: Trial::Alone,
    }],
};

pub(super) fn check(config: &Config, found: &mut Found) {
    for (path, allowed) in [
        ("gateway.tailscale.mode", &["off"][..]),
        ("gateway.bind", &["lan", "loopback", "auto"]),
        ("gateway.mode", &["local"]),
        ("gateway.controlUi.embedSandbox", &["strict", "scripts"]),
    ] {
        if let Some(node) =
            config.root.at(path).filter(|node| !node.as_str().is_some_and(|text| allowed.contains(&text)))
        {
            let message = format!("{} is not allowed in a lab", excerpt(node.as_str().unwrap_or("this"), 64));
            found.add(&RULE, path, node.bytes.clone(), message);
        }
    }
    for path in [
        "gateway.publicOrigin",
        "gateway.portals",
        "gateway.customBindHost",
        "gateway.tailscale.preserveFunnel",
        "gateway.controlUi.root",
        "gateway.controlUi.allowExternalEmbedUrls",
        "gateway.push",
        "discovery.wideArea",
    ] {
        let node = config.root.at(path).filter(|node| node.as_bool() != Some(false) && !super::auth::is_empty(node));
        if let Some(node) = node {
            found.add(&RULE, path, node.bytes.clone(), "this opens a way to the gateway from outside of the lab");
        }
    }
}
