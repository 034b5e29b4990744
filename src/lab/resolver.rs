//! What the lab's resolver answers: the bridge's `raw.dnsmasq`.
//!
//! The resolver is the dnsmasq that Incus runs for the bridge. All that it is told lies in the network's own
//! configuration, block lists too: it survives a restart of the daemon and of the host, and goes with the network.

mod error;
mod list;
mod names;

use std::collections::BTreeSet;

pub use error::ResolverError;

use self::names::Names;
use crate::digest::Sha256;
use crate::lab_file::{Destination, EgressMode, Network, Settings};
use crate::profile::Difference;

/// The key of a network that holds this.
pub(super) const KEY: &str = "raw.dnsmasq";

/// What is always right as soon as there is a `raw.dnsmasq` at all: guests are told neither the names in the host's
/// `/etc/hosts`, nor which resolvers it uses, nor the names that other guests give themselves.
const ALWAYS: [&str; 3] = ["no-hosts", "no-ident", "dhcp-ignore-names"];

/// What the last letter of a name can be.
const ENDINGS: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/// The lab's `raw.dnsmasq`; nothing where Incus' own settings do, because Incus runs a dnsmasq with a `raw.dnsmasq`
/// without the AppArmor profile that it has for it otherwise.
pub(super) fn dnsmasq(settings: &Settings) -> Result<Option<String>, ResolverError> {
    let Network { dns, subnet, .. } = &settings.network;
    let subnet = subnet.net();
    if let Some(upstream) = dns.upstream
        && subnet.contains(upstream.ip())
    {
        return Err(ResolverError::UpstreamInLab { upstream, subnet: subnet.trunc() });
    }
    let blocked = list::read(&dns.block)?;
    Ok(text(&settings.network, &blocked))
}

/// `blocked` are the names of the block lists.
fn text(network: &Network, blocked: &Names) -> Option<String> {
    let named = network.egress.allow.iter().filter_map(|allowance| match &allowance.to {
        Destination::Name(name) if !blocked.cover(name) => Some(name.as_str()),
        _ => None,
    });
    let named: BTreeSet<&str> = named.collect();
    let upstream = network.dns.upstream.map(|upstream| format!("{}#{}", upstream.ip(), upstream.port()));
    let mut lines = ALWAYS.map(str::to_owned).to_vec();
    match network.egress.mode {
        EgressMode::Open if blocked.is_empty() && upstream.is_none() => return None,
        EgressMode::Open => {
            lines.extend(all_but(blocked, upstream.as_deref()));
            // Where an allowance leads is the lab file's business.
            lines.extend(named.iter().map(|name| format!("rebind-domain-ok=/{name}/")));
        }
        EgressMode::Allowlist => lines.extend(only(&named, upstream.as_deref())),
        EgressMode::Sealed => lines.extend(only(&BTreeSet::new(), None)),
    }
    Some(lines.join("\n"))
}

/// Resolves all names but the blocked ones. Answers that lead to private addresses are dropped: no guest can go there,
/// and which machines the host's network has is not for guests either.
fn all_but(blocked: &Names, upstream: Option<&str>) -> Vec<String> {
    let mut lines = ["stop-dns-rebind", "bogus-priv", "domain-needed"].map(str::to_owned).to_vec();
    if let Some(upstream) = upstream {
        lines.extend(["no-resolv".into(), format!("server={upstream}")]);
    }
    lines.extend(blocked.lines("local=/"));
    lines
}

/// Resolves these names and nothing else. Not what is below them either: it could carry data out, label by label.
fn only(names: &BTreeSet<&str>, upstream: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    if names.is_empty() || upstream.is_some() {
        lines.extend(["no-resolv".into(), "local=/#/".into()]);
    } else {
        // With servers for everything, those of the host, `local=/#/` would not hold. An ending is more exact than that.
        let endings: Vec<String> = ENDINGS.chars().map(|letter| format!("*{letter}/")).collect();
        lines.push(format!("local=/{}", endings.concat()));
    }
    for name in names {
        // `#` are the host's own.
        lines.push(format!("server=/{name}/{}", upstream.unwrap_or("#")));
        lines.push(format!("local=/*.{name}/"));
    }
    lines
}

/// Puts in place of a whole `raw.dnsmasq`, which can be megabytes, what tells one from another.
pub(super) fn shorten(differences: &mut [Difference]) {
    for difference in differences.iter_mut().filter(|difference| difference.key == KEY) {
        for text in [&mut difference.old, &mut difference.new].into_iter().flatten() {
            *text = in_short(text);
        }
    }
}

fn in_short(text: &str) -> String {
    let lists = text.lines().filter_map(|line| line.strip_prefix("local=/"));
    let blocked: usize =
        lists.filter(|names| !names.starts_with(['#', '*'])).map(|names| names.matches('/').count()).sum();
    let digest = Sha256::of(text.as_bytes());
    format!("{blocked} blocked names, {} lines, sha256:{}", text.lines().count(), &digest.hex()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab_file::{Allowance, Dns, Egress, Transport};

    fn network(mode: EgressMode, allowed: &[&str], upstream: Option<&str>) -> Network {
        let allow = |name: &&str| Allowance {
            to: Destination::try_from((*name).to_owned()).unwrap(),
            protocol: Transport::default(),
            ports: Vec::new(),
        };
        Network {
            egress: Egress { mode, allow: allowed.iter().map(allow).collect() },
            dns: Dns { block: Vec::new(), upstream: upstream.map(|upstream| upstream.parse().unwrap()) },
            ..Network::default()
        }
    }

    fn told(network: &Network, blocked: &[&str]) -> String {
        let names = blocked.iter().map(|name| (*name).to_owned()).collect::<Names>();
        text(network, &names).map(|text| text.replace(&format!("{}\n", ALWAYS.join("\n")), "")).unwrap_or_default()
    }

    #[test]
    fn an_open_lab_without_a_filter_keeps_apparmor() {
        let open = |allowed: &[&str]| network(EgressMode::Open, allowed, None);
        assert_eq!(told(&open(&[]), &[]), "");
        assert_eq!(told(&open(&["db.lan.test"]), &[]), "");
        let filtered = told(&open(&["db.lan.test", "ads.test"]), &["ads.test"]);
        assert!(filtered.ends_with("local=/ads.test/\nrebind-domain-ok=/db.lan.test/"), "{filtered}");
        assert!(filtered.contains("stop-dns-rebind\n") && !filtered.contains("no-resolv"), "{filtered}");
        let upstream = told(&network(EgressMode::Open, &[], Some("127.0.0.1:5300")), &[]);
        assert!(upstream.ends_with("no-resolv\nserver=127.0.0.1#5300"), "{upstream}");
    }

    #[test]
    fn an_allowlist_resolves_its_names_and_nothing_below_them() {
        let list = |upstream| network(EgressMode::Allowlist, &["b.test", "a.test", "10.0.0.1"], upstream);
        assert_eq!(
            told(&list(Some("127.0.0.1:53")), &[]),
            "no-resolv\nlocal=/#/\nserver=/a.test/127.0.0.1#53\nlocal=/*.a.test/\nserver=/b.test/127.0.0.1#53\nlocal=/*.b.test/"
        );
        let told_hosts = told(&list(None), &["b.test"]);
        assert!(told_hosts.starts_with("local=/*a/*b/"), "{told_hosts}");
        assert!(told_hosts.ends_with("/*_/\nserver=/a.test/#\nlocal=/*.a.test/"), "{told_hosts}");
        // All are blocked: nobody is to be asked.
        assert_eq!(told(&list(None), &["test"]), "no-resolv\nlocal=/#/");
    }

    #[test]
    fn a_sealed_lab_asks_nobody() {
        assert_eq!(told(&network(EgressMode::Sealed, &[], Some("127.0.0.1:53")), &["a.test"]), "no-resolv\nlocal=/#/");
    }

    #[test]
    fn a_difference_is_shown_in_short() {
        let text = "no-hosts\nlocal=/#/\nlocal=/*.c.test/\nlocal=/a.test/b.test/\nlocal=/c.test/";
        let mut differences = vec![
            Difference { key: "other".into(), old: Some(text.into()), new: None },
            Difference { key: KEY.into(), old: Some(text.into()), new: Some(text.replace("c.test", "d.test")) },
        ];
        shorten(&mut differences);
        assert_eq!(differences[0].old.as_deref(), Some(text));
        let (old, new) = (differences[1].old.as_deref().unwrap(), differences[1].new.as_deref().unwrap());
        assert!(old.starts_with("3 blocked names, 5 lines, sha256:"), "{old}");
        assert_ne!(old, new);
    }
}
