//! Instances as a whole.

use std::time::Duration;

use podclaw::incus::{Collection, Error, Instance, Object, Refusal, Snapshot, StateChange, Status};
use serde_json::json;

use super::{connect, quiet, tiny};
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] = tests![a_guest_lives_and_dies, a_restricted_project_says_no];

fn a_guest_lives_and_dies(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.import_tiny();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let guest = Object::instance(&project, "g");
        let mut new = tiny(&client, &project).await;
        new.config.insert("user.podclaw.lab".into(), lab.name().into());
        client.create(&guest, &new, &quiet()).await.unwrap();
        let again = client.create(&guest, &new, &quiet()).await.unwrap_err();
        assert_eq!(again.refusal(), Some(Refusal::AlreadyExists), "{again}");
        new.profiles = vec!["none".into()];
        let other = client.create(&Object::instance(&project, "h"), &new, &quiet()).await.unwrap_err();
        assert_eq!(other.refusal(), Some(Refusal::NotFound), "{other}");

        for change in [StateChange::Start, StateChange::Start, StateChange::Freeze, StateChange::Unfreeze] {
            client.change_state(&project, "g", change, &quiet()).await.unwrap();
        }
        let found = client.get_with_state(&guest).await.unwrap().unwrap();
        assert_eq!(found.instance.status, Status::Running);
        assert_eq!(found.instance.config["user.podclaw.lab"], lab.name());
        assert_eq!(found.instance.expanded_devices["eth0"]["network"], lab.network());
        assert!(found.state.pid > 0 && found.state.processes > 0 && found.state.memory.usage > 0, "{found:?}");
        assert!(found.state.network.contains_key("eth0"));

        client.patch(&guest, &json!({ "config": { "user.podclaw.receipt": "x" } }), &quiet()).await.unwrap();
        client.create(&Object::snapshot(&project, "g", "s"), &json!({ "stateful": false }), &quiet()).await.unwrap();
        let snapshots: Vec<Snapshot> = client.list(&Collection::snapshots(&project, "g")).await.unwrap();
        assert_eq!(snapshots.len(), 1);
        let all = client.list_with_state(&Collection::instances(&project)).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].instance.config["user.podclaw.receipt"].as_str(), all[0].snapshots.len()), ("x", 1));

        let running = client.delete(&guest, &quiet()).await.unwrap_err();
        assert!(running.to_string().contains("running"), "{running}");
        client.change_state(&project, "g", StateChange::Kill, &quiet()).await.unwrap();
        client.change_state(&project, "g", StateChange::Stop(Duration::from_secs(1)), &quiet()).await.unwrap();
        assert_eq!(client.get::<Instance>(&guest).await.unwrap().unwrap().status, Status::Stopped);
        assert!(client.delete(&guest, &quiet()).await.unwrap());
        assert!(!client.delete(&guest, &quiet()).await.unwrap());
        let gone = client.change_state(&project, "g", StateChange::Start, &quiet()).await.unwrap_err();
        assert_eq!(gone.refusal(), Some(Refusal::NotFound), "{gone}");
    });
}

fn a_restricted_project_says_no(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.import_tiny();
    lab.daemon().incus(&["project", "set", lab.name(), "restricted=true"]).run().ok();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let mut new = tiny(&client, &project).await;
        new.config.insert("security.privileged".into(), "true".into());
        let error = client.create(&Object::instance(&project, "g"), &new, &quiet()).await.unwrap_err();
        assert!(matches!(error, Error::Refused { kind: Refusal::Forbidden, .. }), "{error}");
        assert!(error.to_string().contains("Privileged containers are forbidden"), "{error}");
        assert!(!client.exists(&Object::instance(&project, "g")).await.unwrap());
    });
}
