//! How guests that stand by are made, claimed and replaced, and which are never claimed.

use podclaw::incus::{Client, Config, Instance, Object, Refusal};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{LONG, names, podclaw, refused, set, that_are, token};
use crate::harness::{Daemon, Gateway, Lab, Test, block_on, tests};
use crate::launches::{instances, ready};

pub(crate) const TESTS: &[Test] = tests![
    guests_are_claimed_and_replaced,
    what_is_stale_is_not_claimed,
    a_killed_pool_is_cleaned_up_after,
    one_of_two_changes_wins,
];

fn guests_are_claimed_and_replaced(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    assert!(lab.podclaw(&["pool"]).run().exits(0).stderr.contains("no guest stands by"));
    assert_eq!(instances(&lab), json!([]));
    let filled = podclaw(&lab, &["pool", "--standby", "2"]).run().exits(0).json();
    let both = set(&["claw-1", "claw-2"]);
    assert_eq!((&names(&filled["guests"]), &names(&filled["launched"])), (&both, &both), "{filled}");
    assert_eq!(that_are(&lab, "standby"), both);

    // What `pool` wrote on the project is no difference, and `init` keeps it.
    let init = podclaw(&lab, &["init"]).run().exits(0).json();
    let steps = init["steps"].as_array().or(init["plan"].as_array()).cloned().unwrap_or_default();
    assert!(!steps.is_empty() && steps.iter().all(|step| step["change"] == "keep"), "{init}");
    let audit = podclaw(&lab, &["audit"]).run().json();
    let findings = audit["findings"].as_array().expect("findings").iter();
    let of_guests = findings.filter(|it| it["origin"].as_str().is_some_and(|origin| origin.starts_with("guest ")));
    // What nobody can tell on this machine is said of every guest.
    let of_guests = of_guests.filter(|it| it["severity"] != "note" && it["subject"] != "receipt.probes-unknown");
    assert_eq!(of_guests.collect::<Vec<_>>(), Vec::<&Value>::new());
    let again = podclaw(&lab, &["pool"]).run().exits(0).json();
    assert_eq!(
        (names(&again["guests"]), &again["launched"], &again["removed"]),
        (both.clone(), &json!([]), &json!([]))
    );

    // Of two at the same moment each gets one of its own, and nothing is launched.
    let tokens = [token(&lab, "claw-1"), token(&lab, "claw-2")];
    let launches = [(), ()].map(|()| podclaw(&lab, &["launch"]).start());
    let claims = launches.map(|launch| launch.wait().exits(0));
    let claimed = claims.each_ref().map(|claim| claim.json()["launched"][0].clone());
    assert_eq!(names(&json!(claimed)), both, "{} {}", claims[0], claims[1]);
    for one in &claimed {
        assert!(one["receipt"]["claimed"].is_string(), "{one}");
        // Where the time of the claim went, and not that of the launch before it.
        let phases: Vec<&Value> =
            one["timings"]["phases"].as_array().into_iter().flatten().map(|phase| &phase["name"]).collect();
        assert_eq!(phases, ["settle", "claim"], "{one}");
        assert!(one["addresses"][0].is_string(), "{one}");
    }
    assert_eq!((that_are(&lab, "ready"), that_are(&lab, "standby")), (both.clone(), set(&[])));

    // It is what it was, with a token that no other has.
    assert_eq!([token(&lab, "claw-1"), token(&lab, "claw-2")], tokens);
    assert_ne!(tokens[0], tokens[1]);
    let ask = "curl -s http://127.0.0.1:18789/startupz";
    assert!(lab.exec(&["claw-1", "--", "sh", "-c", ask], "").ok().contains("started"));
    let info = &podclaw(&lab, &["info", "claw-1"]).run().json()["guest"];
    assert_eq!((&info["readiness"], &info["mismatches"]), (&json!("ready"), &json!([])), "{info}");

    // One is missing, then two: as many as there are are claimed, and the rest is launched.
    let refilled = podclaw(&lab, &["pool", "--standby", "1"]).run().exits(0).json();
    assert_eq!(names(&refilled["launched"]), set(&["claw-3"]), "{refilled}");
    let more = podclaw(&lab, &["launch", "-n", "2"]).run().exits(0).json();
    let more = more["launched"].as_array().expect("guests");
    let came: Vec<(&Value, bool)> =
        more.iter().map(|one| (&one["name"], one["receipt"]["claimed"].is_string())).collect();
    assert_eq!(came, [(&json!("claw-3"), true), (&json!("claw-4"), false)]);

    // Nobody takes one by a name, by other profiles, or for a cold launch.
    let refilled = podclaw(&lab, &["pool", "--standby", "2"]).run().exits(0).json();
    assert_eq!(names(&refilled["launched"]), set(&["claw-5", "claw-6"]), "{refilled}");
    for args in [&["x"][..], &["-p", "guest", "-p", "small"], &["--cold"]] {
        let dry = podclaw(&lab, &["launch", "--dry-run"]).args(args).run().exits(0).json();
        assert_eq!((&dry["claims"], dry["requests"].as_array().map(Vec::len)), (&json!([]), Some(1)), "{args:?}");
    }
    let dry = podclaw(&lab, &["launch", "--dry-run", "-n", "3"]).run().exits(0).json();
    assert_eq!(names(&dry["claims"]), set(&["claw-5", "claw-6"]));
    assert_eq!(dry["requests"].as_array().map(Vec::len), Some(1));
    assert_eq!(that_are(&lab, "standby"), set(&["claw-5", "claw-6"]));

    // Fewer: the oldest goes. None: all of them, and nothing else.
    let fewer = podclaw(&lab, &["pool", "--standby", "1"]).run().exits(0).json();
    assert_eq!(fewer["removed"].as_array().map(Vec::len), Some(1), "{fewer}");
    let none = podclaw(&lab, &["pool", "--standby", "0"]).run().exits(0).json();
    assert_eq!((&none["guests"], names(&none["removed"]).len()), (&json!([]), 1), "{none}");
    assert_eq!(that_are(&lab, "ready"), set(&["claw-1", "claw-2", "claw-3", "claw-4"]));
    assert_eq!(instances(&lab).as_array().map(Vec::len), Some(4));
}

fn what_is_stale_is_not_claimed(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    podclaw(&lab, &["pool", "--standby", "1"]).run().ok();
    let incus = |args: &[&str]| lab.incus(args).run().ok();
    let is = |why: &str| assert_eq!(refused(&lab).as_deref(), Some(why));
    let is_fit = || assert_eq!(refused(&lab), None);
    is_fit();

    incus(&["pause", "claw-1"]);
    is("it does not run");
    incus(&["resume", "claw-1"]);
    is_fit();

    incus(&["config", "set", "claw-1", "limits.cpu=1"]);
    is("its config or devices are not those that were judged before it was launched");
    incus(&["config", "unset", "claw-1", "limits.cpu"]);
    is_fit();

    let key = "user.podclaw.receipt";
    let receipt = incus(&["config", "get", "claw-1", key]);
    let mut old: Value = serde_json::from_str(&receipt).expect("a receipt");
    old["finished"] = json!("2020-01-01T00:00:00Z");
    let write = |receipt: &str| drop(incus(&["config", "set", "claw-1", &format!("{key}={}", receipt.trim())]));
    write(&old.to_string());
    is("its proof is more than a day old");
    write(&receipt);
    is_fit();

    let unit = |verb: &str| {
        let command = ["claw-1", "--service-user", "--", "systemctl", "--user", verb, "openclaw.service"];
        lab.exec(&command, "").ok();
    };
    unit("stop");
    is("its gateway does not answer (curl: 7)");
    unit("start");
    let up = "for i in $(seq 120); do curl -s http://127.0.0.1:18789/startupz | grep -q started && exit 0; sleep 0.5; done; exit 1";
    lab.exec(&["claw-1", "--", "bash", "-c", up], "").ok();
    is_fit();
    // The real gateway would be locked out by the lease of the one before it, had it another name than that.
    let name = ["claw-1", "--service-user", "--", "podman", "inspect", "--format", "{{.Config.Hostname}}", "openclaw"];
    assert_eq!(lab.exec(&name, "").ok().trim(), "openclaw");

    // What the lab file makes of guests now; as long as it is not in effect, nothing is claimed or launched at all.
    let with = |more: &str| lab.set_file(&format!("{}{more}", Gateway::Works.lab_file()));
    for (change, why) in [
        ("limits: {memory: 4GiB}\n", "a launch would give it other profiles"),
        (
            "network:\n  egress: {mode: allowlist, allow: [{to: 203.0.113.7, ports: [443]}]}\n",
            "the lab's ACL has other rules than when it was proven",
        ),
    ] {
        // The lab file has a network already.
        let file = std::fs::read_to_string(lab.file()).expect("a lab file");
        match change.strip_prefix("network:\n") {
            Some(egress) => {
                let network = format!("network:\n{egress}");
                std::fs::write(lab.file(), file.replace("network:\n", &network)).expect("a lab file");
            }
            None => with(change),
        }
        let drifted = lab.podclaw(&["launch"]).run().exits(3);
        assert!(drifted.stderr.contains("is not as it has to be"), "{drifted}");
        lab.podclaw(&["init"]).run().ok();
        is(why);
        with("");
        lab.podclaw(&["init"]).run().ok();
        is_fit();
    }

    // Another image, of the same parts.
    let images = podclaw(&lab, &["image", "list"]).run().json();
    let image = images["images"].as_array().and_then(|all| all.iter().find(|one| one["kind"] == "baked")).cloned();
    let digest = image.as_ref().and_then(|image| image["digest"].as_str()).expect("a baked image");
    lab.podclaw(&["image", "delete", digest]).run().ok();
    podclaw(&lab, &["image", "bake"]).run().ok();
    is("the image that it was made from is not the current one");
    assert_eq!(that_are(&lab, "standby"), set(&["claw-1"]));
    let replaced = podclaw(&lab, &["pool"]).run().exits(0).json();
    assert_eq!(names(&replaced["launched"]), set(&["claw-2"]), "{replaced}");
    let why = "the image that it was made from is not the current one";
    assert_eq!(replaced["removed"], json!([{ "name": "claw-1", "why": why }]));

    // A launch goes its own way past what is stale, and says so.
    incus(&["restart", "--force", "claw-2"]);
    let launched = podclaw(&lab, &["launch"]).run().exits(0);
    assert!(launched.stderr.contains("claw-2 stands by and is not claimed: it was started again"), "{launched}");
    let one = &launched.json()["launched"][0];
    assert_eq!((&one["name"], &one["receipt"]["claimed"]), (&json!("claw-1"), &Value::Null));
    incus(&["stop", "--force", "claw-2"]);
    let replaced = podclaw(&lab, &["pool"]).run().exits(0).json();
    assert_eq!(replaced["removed"], json!([{ "name": "claw-2", "why": "it does not run" }]));
    assert_eq!(that_are(&lab, "ready"), set(&["claw-1"]));
}

fn a_killed_pool_is_cleaned_up_after(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    lab.podclaw(&["image", "bake"]).timeout(LONG).run().ok();
    let mut pool = lab.podclaw(&["pool", "--standby", "1"]).start();
    pool.wait_for("✓ started");
    pool.signal(Signal::KILL);
    drop(pool.wait());
    assert_eq!(that_are(&lab, "filling"), set(&["claw-1"]));
    let refilled = podclaw(&lab, &["pool"]).run().exits(0).json();
    let why = "the `podclaw pool` that made it was killed";
    assert_eq!(refilled["removed"], json!([{ "name": "claw-1", "why": why }]));
    assert_eq!(names(&refilled["guests"]), names(&refilled["launched"]));
    assert_eq!(that_are(&lab, "standby").len(), 1);

    // A guest that got out is kept. What runs again and again must not make one after the other of those.
    let kept = that_are(&lab, "standby").into_iter().next().expect("a guest");
    lab.incus(&["config", "set", &kept, "user.podclaw.state=failed"]).run().ok();
    let held = lab.podclaw(&["pool"]).run().exits(3);
    let said = format!("no guest is launched to stand by as long as {kept} is kept, whose launch failed");
    assert!(held.stderr.contains(&said), "{held}");
    assert_eq!(instances(&lab).as_array().map(Vec::len), Some(1));
}

fn one_of_two_changes_wins(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.launch_tiny("one");
    block_on(async {
        let client = Client::connect(&daemon.socket()).await.expect("a daemon");
        let object = Object::instance(&lab.name().parse().expect("a name"), "one");
        let body = |value: &str| json!({ "config": Config::from([("user.x".to_owned(), value.to_owned())]) });
        let (_, before) = client.get_tagged::<Instance>(&object).await.expect("an answer").expect("a guest");
        // Its state is no part of what it is.
        let (_, same) = client.get_tagged_with_state(&object).await.expect("an answer").expect("a guest");
        assert_eq!(before, same);
        client.patch_if(&before, &object, &body("first")).await.expect("nobody changed it");
        let second = client.patch_if(&before, &object, &body("second")).await.expect_err("somebody changed it");
        assert_eq!(second.refusal(), Some(Refusal::Changed), "{second}");
        let (now, _) = client.get_tagged::<Instance>(&object).await.expect("an answer").expect("a guest");
        assert_eq!(now.config.get("user.x").map(String::as_str), Some("first"));
    });
}
