//! What the objects of a lab say in words: descriptions, and settings that no rule of their own looks at.

use crate::incus::{Acl, Config, Image, Network, Profile, Project, StoragePool};
use crate::place::Origin;
use crate::rules::live::{self, Words};

/// The objects. What profiles are configured with is judged by rules of their own, and so are guests.
pub(super) struct Objects<'a> {
    pub(super) project: Option<&'a Project>,
    pub(super) pool: Option<&'a StoragePool>,
    pub(super) network: Option<&'a Network>,
    pub(super) acls: &'a [Acl],
    pub(super) profiles: &'a [Profile],
    pub(super) images: &'a [Image],
}

/// All words.
pub(super) fn words(objects: &Objects<'_>) -> Vec<Words> {
    let none = Config::new();
    let mut all = Vec::new();
    let mut say = |of: Origin, description: &str, config: &Config| {
        all.push(Words { of, description: description.to_owned(), config: config.clone() });
    };
    let named = |kind: &str, name: &str| Origin::named(format!("{kind} {name}"));
    if let Some(project) = objects.project {
        say(named("project", &project.name), &project.description, &project.config);
    }
    if let Some(pool) = objects.pool {
        say(named("storage pool", &pool.name), &pool.description, &pool.config);
    }
    if let Some(network) = objects.network {
        say(named("network", &network.name), &network.description, &network.config);
    }
    for acl in objects.acls {
        let of = named("network ACL", &acl.name);
        say(of.clone(), &acl.description, &acl.config);
        for rule in acl.egress.iter().chain(&acl.ingress) {
            say(of.clone(), &rule.description, &none);
        }
    }
    for profile in objects.profiles {
        say(named("profile", &profile.name), &profile.description, &none);
    }
    for image in objects.images {
        let of = named("image", live::short(&image.fingerprint).as_str());
        say(of.clone(), "", &image.properties);
        for alias in &image.aliases {
            say(of.clone(), &alias.description, &none);
        }
    }
    all.retain(|words| !words.description.is_empty() || !words.config.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incus::{AclRule, ImageAlias};

    #[test]
    fn no_words_are_left_out() {
        let config = |word: &str| Config::from([("user.note".to_owned(), word.to_owned())]);
        let rule = |word: &str| AclRule { description: word.into(), ..AclRule::default() };
        let alias = ImageAlias { description: "w12".into(), ..ImageAlias::default() };
        let (project, pool, network) = (
            Project { description: "w01".into(), config: config("w02"), ..Project::default() },
            StoragePool { description: "w03".into(), config: config("w04"), ..StoragePool::default() },
            Network { description: "w05".into(), config: config("w06"), ..Network::default() },
        );
        let acl = Acl {
            description: "w07".into(),
            config: config("w08"),
            egress: vec![rule("w09")],
            ingress: vec![rule("w10")],
            ..Acl::default()
        };
        let image = Image { properties: config("w11"), aliases: vec![alias], ..Image::default() };
        let profile = Profile { description: "w13".into(), ..Profile::default() };
        let found = words(&Objects {
            project: Some(&project),
            pool: Some(&pool),
            network: Some(&network),
            acls: &[acl],
            profiles: &[profile],
            images: &[image],
        });
        let mut said: Vec<String> = found
            .iter()
            .flat_map(|words| words.config.values().chain([&words.description]))
            .filter(|word| !word.is_empty())
            .cloned()
            .collect();
        said.sort();
        assert_eq!(said, (1..=13).map(|n| format!("w{n:02}")).collect::<Vec<_>>());
    }
}
