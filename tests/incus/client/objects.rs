//! Reading, creating, changing and deleting.

use podclaw::incus::{
    Acl, AclRule, Client, Collection, Network, Object, Profile, Project, Refusal, ServerKind, StoragePool,
};
use serde_json::json;

use super::{connect, connect_to, quiet};
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] =
    tests![the_server_says_what_it_can, objects_come_and_go, a_change_of_one_key, many_questions_at_once];

fn the_server_says_what_it_can(daemon: &Daemon) {
    block_on(async {
        let client = connect_to(daemon).await;
        let server = client.server();
        assert_eq!(server.kind, ServerKind::Incus);
        assert!(server.version.starts_with(|c: char| c.is_ascii_digit()), "{}", server.version);
        assert!(["nftables", "xtables"].contains(&server.firewall.as_str()), "{}", server.firewall);
        assert!(server.storage_drivers.iter().any(|driver| driver.name == "dir"));
        client.require(&["projects", "network_acl", "container_exec_signal_handling"]).unwrap();
        let error = client.require(&["projects", "no_such_extension"]).unwrap_err();
        assert!(error.to_string().ends_with("needs: no_such_extension"), "{error}");
    });
}

fn objects_come_and_go(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let pool = Object::pool(lab.name());
    let network = Object::network(&lab.network());
    let acl = Object::acl(&format!("{}-egress", lab.name()));
    block_on(async {
        let (client, project) = connect(&lab).await;
        let instances = Collection::instances(&project);
        let error = client.list::<serde_json::Value>(&instances).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::NotFound), "{error}");

        let wanted = Project { config: [("features.networks".into(), "false".into())].into(), ..Project::default() };
        client.create(&Object::project(&project), &wanted, &quiet()).await.unwrap();
        let again = client.create(&Object::project(&project), &wanted, &quiet()).await.unwrap_err();
        assert_eq!(again.refusal(), Some(Refusal::AlreadyExists), "{again}");
        assert!(client.list::<serde_json::Value>(&instances).await.unwrap().is_empty());

        let wanted = StoragePool { driver: "dir".into(), ..StoragePool::default() };
        client.create(&pool, &wanted, &quiet()).await.unwrap();
        let rule = AclRule { action: "reject".into(), state: "enabled".into(), ..AclRule::default() };
        let wanted = Acl { egress: vec![rule], ..Acl::default() };
        client.create(&acl, &wanted, &quiet()).await.unwrap();
        let config = [
            ("ipv4.address".into(), format!("{}/24", lab.address(1))),
            ("ipv6.address".into(), "none".into()),
            ("security.acls".into(), acl.name().into()),
        ];
        let wanted = Network { kind: "bridge".into(), config: config.into(), ..Network::default() };
        client.create(&network, &wanted, &quiet()).await.unwrap();
        // Both live in the project `default`, whatever the lab's is.
        let ours = |names: serde_json::Value| {
            names.as_array().unwrap().iter().any(|name| name.as_str().unwrap().contains(lab.name()))
        };
        assert!(ours(daemon.get("/1.0/networks?project=default")));
        assert!(ours(daemon.get("/1.0/network-acls?project=default")));

        let in_use = client.delete(&acl, &quiet()).await.unwrap_err();
        assert_eq!(in_use.refusal(), Some(Refusal::InUse), "{in_use}");
        let found: StoragePool = client.get(&pool).await.unwrap().unwrap();
        assert_eq!(found.driver, "dir");
        assert!(client.pool_resources(lab.name()).await.unwrap().unwrap().space.total > 0);

        for object in [&network, &acl, &pool, &Object::project(&project)] {
            assert!(deleted(&client, object).await, "{object}");
            assert!(!client.delete(object, &quiet()).await.unwrap(), "{object}");
            assert_eq!(client.get::<serde_json::Value>(object).await.unwrap(), None, "{object}");
        }
    });
}

/// Deletes an object. Incus looks at all links of the machine to delete a network, and fails when one goes away meanwhile, which
/// may be another daemon's.
async fn deleted(client: &Client, object: &Object) -> bool {
    for _ in 0..9 {
        match client.delete(object, &quiet()).await {
            Err(error) if error.to_string().contains("does not exist") => {}
            deleted => return deleted.unwrap(),
        }
    }
    panic!("{object} can't be deleted: links go away all the time");
}

fn a_change_of_one_key(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let profile = Object::profile(&project, "p");
        client.create(&profile, &Profile::default(), &quiet()).await.unwrap();
        let mine = Profile { description: "mine".into(), ..Profile::default() };
        client.replace(&profile, &mine, &quiet()).await.unwrap();
        client.patch(&profile, &json!({ "config": { "user.a": "1" } }), &quiet()).await.unwrap();
        let found: Profile = client.get(&profile).await.unwrap().unwrap();
        assert_eq!((found.description.as_str(), &found.config["user.a"][..]), ("mine", "1"));
    });
}

/// A daemon whose newest connection says nothing answers nobody: see `Client::connect_with`.
fn many_questions_at_once(daemon: &Daemon) {
    block_on(async {
        let client = connect_to(daemon).await;
        for round in 0..100 {
            let (pools, networks) = (Collection::pools(), Collection::networks());
            let asked = tokio::join!(
                client.list::<serde_json::Value>(&pools),
                client.list::<serde_json::Value>(&networks),
                client.details(),
                client.list::<serde_json::Value>(&pools),
                client.list::<serde_json::Value>(&networks),
            );
            assert!(
                asked.0.is_ok() && asked.1.is_ok() && asked.2.is_ok() && asked.3.is_ok() && asked.4.is_ok(),
                "{round}"
            );
        }
    });
}
