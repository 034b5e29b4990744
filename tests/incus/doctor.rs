//! `doctor` with a real daemon: what it says of it is what the daemon says of itself.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::labs::everything;
use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] =
    tests![a_daemon_is_looked_at_and_not_changed, what_the_daemon_does_not_know_is_left_over, strangers_see_less];

/// What one check says.
fn check(lab: &Lab, id: &str) -> Value {
    let said = lab.podclaw(&["doctor", "--format", "json"]).run();
    assert!([0, 1, 3].contains(&said.code), "{said}");
    let json = said.json();
    let found = json["checks"].as_array().expect("checks").iter().find(|check| check["id"] == id);
    found.unwrap_or_else(|| panic!("there is no {id} in {said}")).clone()
}

fn seen(check: &Value) -> &str {
    check["seen"].as_str().expect("what was seen")
}

fn a_daemon_is_looked_at_and_not_changed(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let server = daemon.get("/1.0");
    let version = server["environment"]["server_version"].as_str().expect("a version");
    let before = everything(daemon);
    assert_eq!(seen(&check(&lab, "incus-daemon")), format!("Incus {version}"));
    assert_eq!(check(&lab, "incus-extensions")["verdict"], "ok");
    assert!(seen(&check(&lab, "incus-pool")).starts_with("there is no pool"), "{}", check(&lab, "incus-pool"));
    assert_eq!(everything(daemon), before);

    let warnings = daemon.get("/1.0/warnings?recursion=1");
    let open = warnings.as_array().map(|all| all.iter().filter(|it| it["status"] != "resolved").collect::<Vec<_>>());
    let open = open.unwrap_or_default();
    let said = check(&lab, "incus-warnings");
    assert_eq!(said["verdict"], if open.is_empty() { "ok" } else { "warn" }, "{said}");
    for warning in open.iter().take(20) {
        assert!(said["details"].to_string().contains(warning["type"].as_str().expect("a type")), "{said}");
    }

    // The tests' daemon is the distribution's; what its changes name is not held against it.
    let advisories = check(&lab, "incus-advisories");
    assert!(seen(&advisories).contains(version), "{advisories}");
    let capabilities = check(&lab, "incus-capabilities");
    assert!(seen(&capabilities).contains("CAP_SYS_RESOURCE"), "{capabilities}");

    assert_eq!(check(&lab, "incus-listens")["verdict"], "ok");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    daemon.incus(&["config", "set", &format!("core.metrics_address=127.0.0.1:{port}")]).run().ok();
    let listens = check(&lab, "incus-listens");
    daemon.incus(&["config", "unset", "core.metrics_address"]).run().ok();
    assert_eq!(listens["verdict"], "warn", "{listens}");
    assert_eq!(listens["remedy"], "`incus config unset core.metrics_address`");

    lab.podclaw(&["init"]).run().ok();
    let pool = check(&lab, "incus-pool");
    assert_eq!(seen(&pool), format!("the pool {} has the driver btrfs", lab.name()));
    assert_eq!(check(&lab, "net-nat")["details"].to_string().matches("incus").count(), 0);
}

fn what_the_daemon_does_not_know_is_left_over(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let ours = |check: &Value| check["details"].to_string().contains(lab.name());
    let before = check(&lab, "machine-leftovers");
    assert!(!ours(&before), "{before}");
    lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    daemon.program("ip").args(&["link", "add", &lab.network(), "type", "bridge"]).run().ok();
    let after = check(&lab, "machine-leftovers");
    daemon.program("ip").args(&["link", "delete", &lab.network()]).run().ok();
    assert!(ours(&after), "{after}");
    assert_eq!(after["verdict"], "warn");
}

fn strangers_see_less(daemon: &Daemon) {
    // Nobody can reach the program where it was built, so it is taken to where everybody can.
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let program = dir.path().join("podclaw");
    std::fs::copy(crate::common::PODCLAW, &program).expect("a copy");
    let nobody = daemon.program("setpriv").args(&["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    let said =
        nobody.arg(&program).args(&["doctor", "--format", "json", "--socket"]).arg(daemon.socket()).run().exits(3);
    let json = said.json();
    let checks = json["checks"].as_array().expect("checks");
    let verdict = |id: &str| checks.iter().find(|check| check["id"] == id).expect("the check")["verdict"].clone();
    assert_eq!(verdict("incus-daemon"), "unknown", "{said}");
    assert_eq!(verdict("secrets-ssh-keys"), "unknown", "{said}");
    assert_eq!(verdict("kernel-cgroups").as_str().map(|it| it == "unknown"), Some(false), "{said}");
}
