//! Packet filters.

use super::call::{Call, Found};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-firewall",
    severity: Severity::Error,
    summary: "packet filters or routes that a guest changes",
    why: "The lab's network decides where a guest may send packets. A script that empties filters, accepts everything or forwards makes the guest a router into other networks.",
    remedy: "leave filters and routes to the lab",
    threats: &["router", "foreign-network"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\niptables -F\n",
        good: "#!/bin/bash\nset -euo pipefail\nss -Hltn\n",
        trial: Trial::Alone,
    }],
};

/// Commands that change filters, bridges and tunnels.
pub(super) const NAMES: &str = "nft iptables ip6tables iptables-restore ip6tables-restore iptables-nft iptables-legacy ip6tables-nft
ip6tables-legacy ebtables arptables ipset ufw firewall-cmd ipvsadm brctl wg wg-quick openvpn netplan ifup ifdown ifconfig route tc
bridge tunctl dhclient nmcli networkctl resolvectl";

pub(super) fn check(call: &Call) -> Option<Found> {
    let name = call.name.as_str();
    if super::known::in_list(NAMES, name) {
        return Some(call.found(&RULE, format!("`{name}` changes where the guest's packets go")));
    }
    if name != "ip" {
        return None;
    }
    // `ip` takes every verb by its first letters, so what only reads is told, and all else changes.
    let plain = call.plain(&["-f", "-family"]);
    let reads = plain.get(1).is_none_or(|verb| ["show", "list", "ls", "get"].iter().any(|known| verb.is(known)))
        && !plain.first().is_some_and(|object| object.any(|object| object.starts_with(['n', 'v'])));
    let changes = !reads || call.is_open() || call.short('b', "f") || call.long("-batch");
    changes.then(|| call.found(&RULE, "`ip` changes addresses, routes or namespaces here"))
}
