//! Launching with the real base image, real cloud-init and a small gateway: the life of a guest, and every way in which
//! a launch is refused before anything is made.

use std::fs;

use serde_json::Value;

use crate::harness::{Daemon, Gateway, Lab, Test, tests};

pub(crate) const TESTS: &[Test] =
    tests![the_life_of_a_guest, five_at_once, a_dry_run_shows_what_is_sent, refusals_before_anything_is_made];

/// A lab with its images, ready to launch.
pub(super) fn ready<'d>(daemon: &'d Daemon, gateway: Gateway, more: &str) -> Lab<'d> {
    let lab = Lab::with(daemon, &format!("{}{more}", gateway.lab_file()));
    lab.podclaw(&["init"]).run().ok();
    lab.podclaw(&["image", "build"]).timeout(std::time::Duration::from_mins(15)).run().ok();
    lab
}

pub(super) fn instances(lab: &Lab) -> Value {
    lab.daemon().get(&format!("/1.0/instances?project={}", lab.name()))
}

fn the_life_of_a_guest(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let launched = lab.podclaw(&["launch", "--cold", "demo"]).run().exits(0);
    for stage in [
        "1/7 packages",
        "3/7 service user",
        "4/7 gateway image",
        "5/7 gateway configuration",
        "6/7 gateway unit",
        "7/7 gateway start",
    ] {
        assert!(launched.stderr.contains(&format!("✓ {stage} ")), "{stage} is missing: {launched}");
    }
    for row in [
        "running, gateway started after ",
        "podclaw shell demo",
        "podclaw logs demo --follow",
        "podclaw forward demo",
        "podclaw delete demo",
    ] {
        assert!(launched.stdout.contains(&lab.typed(row)), "{row} is missing: {launched}");
    }

    let list = lab.podclaw(&["list", "--format", "json"]).run().json();
    let guest = &list["guests"][0];
    assert_eq!(
        (&guest["name"], &guest["status"], &guest["readiness"]),
        (&"demo".into(), &"running".into(), &"ready".into())
    );
    let address = guest["addresses"][0].as_str().expect("an address").to_owned();
    assert!(address.starts_with(&lab.address(0)[..lab.address(0).len() - 1]), "{address} is not in {}", lab.subnet());
    let receipt = &lab.podclaw(&["info", "demo", "--format", "json"]).run().json()["guest"]["receipt"];
    assert_eq!(receipt["stages"].as_array().map(Vec::len), Some(7), "{receipt}");

    // Commands: exit code, streams, input, user.
    let said = lab.exec(&["demo", "--", "sh", "-c", "cat; echo complaint >&2; exit 7"], "in\n");
    assert_eq!((said.code, &*said.stdout, &*said.stderr), (7, "in\n", "complaint\n"));
    assert_eq!(lab.exec(&["demo", "--service-user", "--", "id", "-un"], "").ok(), "openclaw\n");
    let said = lab.exec(&["demo", "--", "/nonexistent"], "").exits(3);
    assert!(said.stderr.contains("Command not found"), "{said}");
    let said = lab.podclaw(&["shell", "demo"]).run().exits(2);
    assert!(said.stderr.starts_with("error: there is no terminal to give to the guest"), "{said}");

    // podclaw's AppArmor profiles are some for the guest's own parser, which needs no AppArmor in the kernel for that.
    let parse = "apparmor_parser --skip-kernel-load --skip-cache";
    let ours =
        format!("for profile in /usr/local/share/podclaw/apparmor/*; do {parse} $profile || exit; echo $profile; done");
    assert_eq!(lab.exec(&["demo", "--", "sh", "-c", &ours], "").ok().lines().count(), 5);
    let none = format!("echo 'profile none /none {{ usernamespaces, }}' | {parse}");
    assert_eq!(lab.exec(&["demo", "--", "sh", "-c", &none], "").code, 1, "the parser takes anything");

    // No secret and no way in, but the token in the guest.
    let config = lab.incus(&["config", "show", "demo", "--expanded"]).run().ok();
    let token = lab.exec(&["demo", "--", "cat", "/home/openclaw/.config/podclaw/gateway.env"], "").ok();
    let token = token.trim().strip_prefix("OPENCLAW_GATEWAY_TOKEN=").expect("a token");
    assert_eq!(token.len(), 64);
    assert!(!config.contains(token), "the token is in the guest's config");
    let files = "stat -c %a:%U /home/openclaw/.config/podclaw/gateway.env /home/openclaw/.openclaw; ls /etc/sudoers.d /usr/sbin/sshd /dev/incus 2>/dev/null; getent passwd 1000";
    assert_eq!(
        lab.exec(&["demo", "--", "sh", "-c", files], "").ok(),
        "600:openclaw\n700:openclaw\nopenclaw:x:1000:1000::/home/openclaw:/usr/sbin/nologin\n"
    );

    // The gateway through podclaw, and not otherwise.
    let mut forward = lab.podclaw(&["forward", "demo", "--local-port", "0"]).start();
    forward.wait_for(" to port 18789 of demo");
    let url = forward.stderr().split_whitespace().nth(1).expect("a URL").to_owned();
    let ask = |url: &str| daemon.program("curl").args(&["-s", "-m", "10", "--noproxy", "*", url]).run();
    assert!(ask(&format!("{url}/startupz")).stdout.contains("\"started\""), "nothing through {url}");
    drop(forward);
    let refused = ask(&format!("http://{address}:18789/startupz"));
    assert_eq!(refused.code, 7, "the guest's address did not refuse: {refused}");

    // Stages are safe to run again, and the gateway is not restarted by it.
    let pid = || {
        lab.exec(&["demo", "--service-user", "--", "podman", "inspect", "--format", "{{.State.Pid}}", "openclaw"], "")
            .ok()
    };
    let before = pid();
    lab.exec(&["demo", "--", "/usr/local/lib/podclaw/run"], "").ok();
    assert_eq!(pid(), before);

    let logs = lab.podclaw(&["logs", "demo", "--source", "stages"]).run().ok();
    assert!(logs.contains("== 7/7 gateway start\n"), "{logs}");
    // journalctl leaves out what has a character of control in it: a gateway could hide its lines so.
    let write =
        "printf 'CONTAINER_NAME=openclaw\\nMESSAGE=hid\\rden \\033[2J\\n' | logger --journald && journalctl --sync";
    lab.exec(&["demo", "--", "sh", "-c", write], "").ok();
    let logs = lab.podclaw(&["logs", "demo"]).run().ok();
    assert!(logs.contains("hid\\u{d}den \\u{1b}[2J\n"), "{logs}");
    lab.podclaw(&["delete", "demo"]).run().ok();
    assert_eq!(instances(&lab), serde_json::json!([]));
    let said = lab.podclaw(&["delete", "demo"]).run().exits(3);
    assert_eq!(
        said.stderr,
        lab.typed("error: there is no guest named demo\nhelp: `podclaw list` shows the guests that there are\n")
    );
    let said = lab.podclaw(&["delete", "demo", "--format", "json"]).run().exits(3).json();
    assert_eq!(said["failed"][0]["error"], "there is no guest named demo", "{said}");
    let wiped = lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    assert!(wiped.ends_with("nothing is left\n"), "{wiped}");
}

fn five_at_once(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    // And one of another process, which does not wait for its turn.
    let other = lab.podclaw(&["launch", "--cold", "other", "-p", "guest", "-p", "small"]).start();
    let many = lab.podclaw(&["launch", "--cold", "many", "-n", "5", "-p", "guest", "-p", "small"]);
    let said = many.timeout(std::time::Duration::from_secs(400)).run().exits(0);
    other.wait().ok();
    let list = lab.podclaw(&["list", "--format", "json"]).run().json();
    let guests = list["guests"].as_array().expect("guests");
    assert_eq!(guests.len(), 6, "{said}");
    assert!(guests.iter().all(|guest| guest["readiness"] == "ready"), "{list}");
    let names: Vec<&str> = guests.iter().filter_map(|guest| guest["name"].as_str()).collect();
    for path in ["/home/openclaw/.config/podclaw/gateway.env", "/etc/machine-id", "/proc/self/uid_map"] {
        let read = |name: &&str| lab.exec(&[*name, "--", "cat", path], "").ok();
        let different: std::collections::BTreeSet<String> = names.iter().map(read).collect();
        assert_eq!(different.len(), names.len(), "guests share what is in {path}: {different:?}");
    }
    lab.podclaw(&["delete"]).args(&names).run().ok();
    assert_eq!(instances(&lab), serde_json::json!([]));
}

fn a_dry_run_shows_what_is_sent(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let dry = lab.podclaw(&["launch", "--cold", "demo", "--dry-run", "--format", "json"]).run().json();
    assert_eq!(instances(&lab), serde_json::json!([]));
    let text = lab.podclaw(&["launch", "--cold", "demo", "--dry-run"]).run().ok();
    assert!(text.contains("#cloud-config\n") && text.contains("hostname: \"demo\""), "{text}");
    lab.podclaw(&["launch", "--cold", "demo"]).run().ok();
    let made = daemon.get(&format!("/1.0/instances/demo?project={}", lab.name()));
    let sent = &dry["requests"][0]["instance"];
    assert_eq!(sent["profiles"], made["profiles"]);
    assert_eq!(sent["devices"], made["devices"]);
    assert_eq!(sent["config"]["cloud-init.user-data"], made["config"]["cloud-init.user-data"]);
    assert_eq!(sent["source"]["fingerprint"], made["config"]["volatile.base_image"]);
}

fn refusals_before_anything_is_made(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let refused = |args: &[&str], error: &str, help: &str| {
        let said = lab.podclaw(args).run().exits(3);
        let error = format!("error: {error}");
        assert!(said.stderr.lines().any(|line| line.starts_with(&error)), "{said}");
        assert!(said.stderr.contains(&format!("\nhelp: {help}")), "{said}");
        assert_eq!(instances(&lab), serde_json::json!([]), "something was made: {said}");
    };
    refused(
        &["launch", "--cold", "a", "-p", "nope"],
        "there is no profile \"nope\"; there are: guest, large, small, standard",
        "name a profile",
    );
    refused(&["launch", "--cold", "a", "-p", "small"], "the guest would not be contained:", "take what is named out");

    // A profile that somebody changed on the daemon.
    let guest = format!("{}-guest", lab.name());
    lab.incus(&["profile", "set", &guest, "security.guestapi=true"]).run().ok();
    let drifted = |what: &str| format!("the lab's profile {guest} is not as it has to be: {what}");
    let init = &*lab.typed("put it right with `podclaw init`");
    refused(&["launch", "--cold", "a", "--dry-run"], &drifted("config security.guestapi"), init);
    // What the daemon makes of it is looked at before it is started.
    let cannot = |what: &str| format!("cannot launch a: {}", drifted(what));
    refused(&["launch", "--cold", "a"], &cannot("config security.guestapi"), init);
    lab.podclaw(&["init"]).run().ok();
    lab.incus(&["profile", "device", "set", &guest, "eth0", "security.port_isolation=false"]).run().ok();
    refused(&["launch", "--cold", "a"], &cannot("device eth0: security.port_isolation"), init);
    lab.podclaw(&["init"]).run().ok();
    // One that the daemon refuses by itself.
    lab.incus(&["profile", "rename", &guest, "elsewhere"]).run().ok();
    refused(&["launch", "--cold", "a"], &cannot("it is missing"), init);
    lab.incus(&["profile", "rename", "elsewhere", &guest]).run().ok();

    // A base image that is not the lock's.
    let path = lab.file().with_file_name("podclaw.lock");
    let lock = fs::read_to_string(&path).expect("a lock");
    let fingerprint = lock.split("\"fingerprint\": \"").nth(1).and_then(|rest| rest.get(..64)).expect("a fingerprint");
    fs::write(&path, lock.replace(fingerprint, &"0".repeat(64))).expect("a lock");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.contains("does not have 000000000000, which podclaw.lock pins\nhelp: "), "{said}");
    fs::write(&path, "{}").expect("a lock");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.contains("podclaw.lock"), "{said}");
    fs::write(&path, &lock).expect("a lock");

    // A gateway image with one changed byte.
    let archive = lab.dir().join("gateway.tar");
    fs::copy(Gateway::Works.archive(), &archive).expect("a copy");
    let file = fs::read_to_string(lab.file()).expect("a lab file");
    fs::write(
        lab.file(),
        file.replace(&Gateway::Works.archive().display().to_string(), &archive.display().to_string()),
    )
    .expect("a lab file");
    lab.podclaw(&["image", "build"]).run().ok();
    let mut bytes = fs::read(&archive).expect("an archive");
    let last = bytes.len() - 2000;
    bytes[last] ^= 1;
    fs::write(&archive, bytes).expect("an archive");
    let said = lab.podclaw(&["launch", "--cold", "a"]).run().exits(3);
    assert!(said.stderr.contains("digest"), "{said}");
    assert_eq!(instances(&lab), serde_json::json!([]), "{said}");

    // A profile of the user's own that would not contain the guest.
    let data = lab.dir().join("data");
    fs::create_dir_all(&data).expect("a directory");
    for part in ["cloud-init", "apparmor", "profiles"] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
        crate::common::Program::new("cp").arg("-r").arg(from).arg(&data).run().ok();
    }
    let evil = "description: \"evil\"\nconfig:\n  security.privileged: \"oN\"\n";
    fs::write(data.join("profiles/evil.yaml"), evil).expect("a profile");
    fs::write(lab.file(), format!("{file}data: data\n")).expect("a lab file");
    for command in [&["init"][..], &["launch", "--cold", "a", "-p", "guest", "-p", "standard", "-p", "evil"]] {
        let said = lab.podclaw(command).run().exits(3);
        assert!(said.stderr.contains("the guest would not be contained"), "{said}");
        assert!(
            said.stderr.contains("profiles/evil.yaml:3:24") && said.stderr.contains("security.privileged"),
            "{said}"
        );
    }
    assert!(!lab.incus(&["profile", "list"]).run().ok().contains("evil"), "the daemon got a profile that was refused");
    assert_eq!(instances(&lab), serde_json::json!([]));
}
