//! Connections past the network.

use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "proxy-device",
    severity: Severity::Error,
    summary: "a proxy device",
    why: "A proxy is a program of the host that carries connections between the guest's network and the host's \
          own, and to the host's Unix sockets, such as the daemon's. It opens the gateway to wherever it listens, \
          past the bridge and its filter.",
    remedy: "leave it out; reach a gateway with `podclaw forward`, or by a reverse proxy with TLS and authentication",
    threats: &["exposure", "authentication"],
    waivable: false,
    examples: &[Example {
        path: "profiles/extra.yaml",
        bad: "description: extra\ndevices:\n  web: {type: proxy, listen: \"tcp:0.0.0.0:80\", connect: \"tcp:127.0.0.1:18789\"}\n",
        good: "description: extra\nconfig:\n  limits.cpu: \"4\"\n",
        trial: Trial::OnTop,
    }],
};
