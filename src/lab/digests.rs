//! Digests of what a guest is made of: two that are the same were made of the same.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::digest::Sha256;
use crate::incus::{Acl, Config, Devices, Profile};

/// The config key that has the user-data. It is long, and told apart from the rest.
pub(super) const USER_DATA: &str = "cloud-init.user-data";

/// What podclaw and the daemon write into a guest's config as time goes by.
const BOOKS: [&str; 3] = ["user.podclaw.", "volatile.", "image."];

/// The digests of what went into a launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// Config and devices of the guest with those of its profiles, as they were judged, but for the user-data.
    pub effective: Sha256,
    /// The user-data.
    pub user_data: Sha256,
    /// The profiles, in their order.
    pub profiles: Vec<Sha256>,
    /// The policy that all of it was judged by.
    pub policy: Sha256,
    /// The rules of the lab's ACL.
    pub acl: Option<Sha256>,
}

/// The digest of a guest's config and devices.
pub(super) fn effective(config: &Config, devices: &Devices) -> Sha256 {
    let is_judged = |key: &str| key != USER_DATA && !BOOKS.iter().any(|book| key.starts_with(book));
    let config: Config =
        config.iter().filter(|(key, _)| is_judged(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    of(&json!({ "config": config, "devices": devices }))
}

/// The digest of the user-data in a guest's config.
pub(super) fn user_data(config: &Config) -> Sha256 {
    Sha256::of(config.get(USER_DATA).map_or("", String::as_str).as_bytes())
}

/// The digest of a profile that is going to be made, after the body of its request.
pub(super) fn wanted_profile(body: &serde_json::Value) -> Sha256 {
    of(body)
}

/// The digest of a profile that is there.
pub(super) fn profile(profile: &Profile) -> Sha256 {
    // In the order of the request that made it.
    of(&json!({ "description": profile.description, "config": profile.config, "devices": profile.devices }))
}

/// The digest of an ACL's rules. Neither their order nor what they are called changes what they do.
pub(super) fn acl(acl: &Acl) -> Sha256 {
    let rules = |rules: &[crate::incus::AclRule]| {
        let bare = rules.iter().map(|rule| crate::incus::AclRule { description: String::new(), ..rule.clone() });
        let mut texts: Vec<String> = bare.map(|rule| json!(rule).to_string()).collect();
        texts.sort();
        texts
    };
    of(&json!({ "egress": rules(&acl.egress), "ingress": rules(&acl.ingress) }))
}

fn of(value: &serde_json::Value) -> Sha256 {
    Sha256::of(value.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incus::AclRule;

    fn config(pairs: &[(&str, &str)]) -> Config {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn what_changes_as_time_goes_by_does_not_count() {
        let before = config(&[("limits.cpu", "1"), ("user.podclaw.state", "launching")]);
        let after =
            config(&[("limits.cpu", "1"), ("user.podclaw.state", "ready"), ("volatile.uuid", "x"), ("image.os", "y")]);
        assert_eq!(effective(&before, &Devices::new()), effective(&after, &Devices::new()));
        let other = config(&[("limits.cpu", "2")]);
        assert_ne!(effective(&before, &Devices::new()), effective(&other, &Devices::new()));
        let device = Devices::from([("eth0".into(), Config::new())]);
        assert_ne!(effective(&before, &Devices::new()), effective(&before, &device));
        let user_data = |text: &str| super::user_data(&config(&[(USER_DATA, text)]));
        assert_ne!(user_data("a"), user_data("b"));
    }

    #[test]
    fn an_acl_is_what_its_rules_do() {
        let rule = |destination: &str, description: &str| AclRule {
            action: "reject".into(),
            destination: destination.into(),
            description: description.into(),
            ..AclRule::default()
        };
        let of = |egress: Vec<AclRule>| acl(&Acl { egress, ..Acl::default() });
        assert_eq!(of(vec![rule("a", "x"), rule("b", "")]), of(vec![rule("b", "y"), rule("a", "")]));
        assert_ne!(of(vec![rule("a", "x")]), of(vec![rule("a", "x"), rule("b", "")]));
        let ingress = acl(&Acl { ingress: vec![rule("a", "x")], ..Acl::default() });
        assert_ne!(of(vec![rule("a", "x")]), ingress);
    }
}
