//! What an audit finds, and somebody answers for.

use serde_json::{Value, json};

use crate::harness::{Daemon, Lab};

pub(super) fn what_somebody_answers_for_is_set_aside(daemon: &Daemon) {
    let own = daemon.another();
    let lab = Lab::new(&own);
    lab.podclaw(&["init"]).run().ok();
    let (other, acl) = (format!("{}o", lab.name()), format!("security.acls={}-egress", lab.name()));
    own.incus(&["network", "create", &other, "ipv4.address=none", "ipv6.address=none", &acl]).run().ok();
    let audit = |code: i32| lab.podclaw(&["audit", "--format", "json"]).run().exits(code).json();
    let of = |report: &Value, list: &str| report[list].as_array().expect("a list").clone();
    // All that may be waived of what is found here: the other network, and what this machine is like.
    let found = of(&audit(1), "findings");
    let counts = found.iter().filter(|one| one["severity"] != "note");
    let (waivable, others): (Vec<_>, Vec<_>) = counts.partition(|one| one["waivable"] == json!(true));
    assert!(waivable.iter().any(|one| one["rule"] == "server-shared-acl"), "{found:#?}");
    let expires = jiff::Zoned::now().date().checked_add(jiff::ToSpan::days(30)).expect("a day");
    let waiver = |one: &&Value| {
        json!({
            "rule": one["rule"], "object": one["origin"], "key": one["subject"], "owner": "Ada Lovelace",
            "reason": "it is what the tests run on", "expires": expires.to_string(),
        })
    };
    let waivers = format!("{}\n", Value::Array(waivable.iter().map(waiver).collect()));
    let policy = lab.dir().join("policy");
    std::fs::create_dir(&policy).expect("a directory");
    let written = |text: &str| std::fs::write(policy.join("waivers.yaml"), text).expect("waivers");
    written(&waivers);
    let waived = audit(i32::from(!others.is_empty()));
    assert_eq!(of(&waived, "waived").len(), waivable.len(), "{waived:#}");
    let shown = lab.podclaw(&["audit"]).run();
    assert!(shown.stdout.contains("waived[server-shared-acl]: network "), "{shown}");
    // Once the other network is gone, so is what its waiver is for.
    own.incus(&["network", "delete", &other]).run().ok();
    let unused = of(&audit(1), "findings");
    assert!(unused.iter().any(|one| one["rule"] == "waiver-unused"), "{unused:#?}");
    // Whoever may change the waivers may hide what an audit finds.
    std::os::unix::fs::chown(policy.join("waivers.yaml"), Some(65534), None).expect("another owner");
    let said = lab.podclaw(&["audit"]).run().exits(3);
    assert!(said.stderr.contains("the file of waivers") && said.stderr.contains("--policy"), "{said}");
    let named = lab.podclaw(&["audit", "--policy", &policy.display().to_string()]).run();
    assert_ne!(named.code, 3, "{named}");
}
