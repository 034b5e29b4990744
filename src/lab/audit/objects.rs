//! The lab's objects, in the words of the rules.

use ipnet::Ipv4Net;

use super::fetch::Fetch;
use crate::image::{BakeNote, made_of};
use crate::incus::{Acl, AclRule, Image, Network, Profile, StoragePool};
use crate::lab::Lab;
use crate::lab::egress::Closed;
use crate::mark::Mark;
use crate::profile::Layer;
use crate::rules::live::{self, ProfileFacts, Reach, Used};

/// What guests may reach. `host` are the networks that the host itself is in.
pub(super) fn reach(lab: &Lab, host: &[Ipv4Net]) -> Reach {
    let network = &lab.settings.network;
    let Closed { ranges, never } = Closed::on(network, host);
    let closed = ranges.into_iter().map(|range| (range.net, range.what.to_owned())).collect();
    let (mode, allow) = (network.egress.mode, network.egress.allow.clone());
    Reach { bridge: network.subnet.net(), mode, allow, closed, never }
}

/// The ACLs that the bridge names. One that it names and nobody finds can't be judged.
pub(super) fn attached(network: Option<&Network>, acls: Vec<Acl>, fetch: &mut Fetch<'_>) -> Vec<Acl> {
    let names = network.and_then(|network| network.config.get("security.acls")).map_or("", String::as_str);
    let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    for name in names.iter().filter(|name| !acls.iter().any(|acl| acl.name == **name)) {
        fetch.report.fail(format!("network ACL {name}"), "the bridge names it, and the daemon does not list it");
    }
    // The lab's own one is judged although the bridge may have lost it: it is not attached then, which is found.
    let own = fetch.lab.settings.name.acl();
    let attached: Vec<_> =
        acls.into_iter().filter(|acl| acl.name == own || names.contains(&acl.name.as_str())).collect();
    fetch.count("network ACL", attached.len());
    attached
}

pub(super) fn network(network: &Network) -> live::Network {
    live::Network { name: network.name.clone(), kind: network.kind.clone(), config: network.config.clone() }
}

pub(super) fn acl(acl: &Acl) -> live::Acl {
    let rules = |rules: &[AclRule]| rules.iter().cloned().map(rule).collect();
    live::Acl { name: acl.name.clone(), egress: rules(&acl.egress), ingress: rules(&acl.ingress) }
}

fn rule(rule: AclRule) -> live::AclRule {
    live::AclRule {
        action: rule.action,
        state: rule.state,
        source: rule.source,
        destination: rule.destination,
        protocol: rule.protocol,
        source_port: rule.source_port,
        destination_port: rule.destination_port,
        is_some_icmp: !rule.icmp_type.is_empty() || !rule.icmp_code.is_empty(),
    }
}

pub(super) fn pool(pool: StoragePool, used_by: Vec<Used>) -> live::Pool {
    live::Pool { name: pool.name, driver: pool.driver, status: pool.status, used_by }
}

/// What is in a pool, after the API paths that the daemon gives.
pub(super) fn used_by(pool: &StoragePool) -> Vec<Used> {
    pool.used_by.iter().map(|path| used(path)).collect()
}

fn used(path: &str) -> Used {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let project = query.split('&').find_map(|pair| pair.strip_prefix("project=")).unwrap_or("default");
    let parts: Vec<&str> = place.trim_start_matches('/').split('/').skip(1).collect();
    let (kind, name) = match parts.as_slice() {
        ["instances", guest, "snapshots", snapshot] => ("snapshots", format!("{guest}/{snapshot}")),
        [kind @ ("instances" | "images" | "profiles"), name] => (*kind, (*name).to_owned()),
        ["storage-pools", _, "volumes", "custom", name, ..] => ("custom volume", (*name).to_owned()),
        ["storage-pools", _, "buckets", name, ..] => ("bucket", (*name).to_owned()),
        _ => ("object", place.to_owned()),
    };
    Used { kind: kind.into(), name, project: project.into() }
}

/// The profiles of the project. Which of them the lab has a file of is known from its library.
pub(super) fn profiles(profiles: Vec<Profile>, fetch: &mut Fetch<'_>) -> Vec<ProfileFacts> {
    let lab = fetch.lab;
    let library = fetch.unless_failed("the lab's own profiles", lab.library());
    let known: Vec<String> = library
        .iter()
        .flat_map(crate::profile::Library::iter)
        .map(|profile| lab.settings.name.profile(&profile.name))
        .collect();
    let facts = |mut profile: Profile| {
        let is_marked = lab.mark().is_on(&profile.config);
        if is_marked {
            profile.config.remove(Mark::KEY);
        }
        ProfileFacts {
            is_known: known.contains(&profile.name),
            name: profile.name,
            is_marked,
            layer: Layer { config: profile.config, devices: profile.devices },
        }
    };
    profiles.into_iter().map(facts).collect()
}

pub(super) fn image(lab: &Lab, image: &Image, note: Option<&BakeNote>) -> live::Image {
    live::Image {
        is_marked: lab.mark().is_on(&image.properties),
        fingerprint: image.fingerprint.clone(),
        baked_of: made_of(&image.properties).map(|(base, gateway)| (base.to_owned(), gateway.to_owned())),
        is_named: note.is_some_and(|note| note.vouches_for(image)),
        is_public: image.public,
        is_renewed: image.auto_update,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_pool_is_told_by_its_path() {
        for (path, kind, name, project) in [
            ("/1.0/instances/a?project=lab", "instances", "a", "lab"),
            ("/1.0/instances/a", "instances", "a", "default"),
            ("/1.0/instances/a/snapshots/s?project=lab", "snapshots", "a/s", "lab"),
            ("/1.0/storage-pools/p/volumes/custom/v?project=lab&target=x", "custom volume", "v", "lab"),
            ("/1.0/storage-pools/p/buckets/b?project=lab", "bucket", "b", "lab"),
            ("/1.0/images/ab?target=none&project=lab", "images", "ab", "lab"),
            ("/1.0/storage-pools/p/volumes/image/x", "object", "/1.0/storage-pools/p/volumes/image/x", "default"),
            ("", "object", "", "default"),
        ] {
            let expected = Used { kind: kind.into(), name: name.into(), project: project.into() };
            assert_eq!(used(path), expected, "{path}");
        }
    }
}
