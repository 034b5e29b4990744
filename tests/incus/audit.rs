//! `podclaw audit`: a lab as it has to be, and with each protection taken away by hand.

mod protections;
mod waivers;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::Output;
use crate::harness::{Daemon, Gateway, Lab, Test, tests};
use crate::launches::ready;
use protections::each_protection_that_is_gone_is_found;
use waivers::what_somebody_answers_for_is_set_aside;

pub(crate) const TESTS: &[Test] = tests![
    each_protection_that_is_gone_is_found,
    what_is_not_podclaws_is_found,
    every_format_is_whole_and_shows_no_secret,
    what_cannot_be_judged_is_never_passed,
    many_guests_are_asked_for_at_once,
    what_somebody_answers_for_is_set_aside,
];

/// A report, and what tells of it.
struct Audit {
    json: Value,
    output: Output,
}

impl std::fmt::Display for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} ended with {}\n{}", self.output.program, self.output.code, self.output.stderr)?;
        for finding in self.found() {
            let part = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            writeln!(
                f,
                "{}[{}] {}: {}: {}",
                part("severity"),
                part("rule"),
                part("origin"),
                part("subject"),
                part("message")
            )?;
        }
        writeln!(f, "{}", self.json["failures"])
    }
}

impl Audit {
    fn of(lab: &Lab) -> Self {
        Self::with(lab, &[])
    }

    fn with(lab: &Lab, names: &[&str]) -> Self {
        let output = lab.podclaw(&["audit", "--format", "json"]).args(names).run();
        let audit = Self { json: output.json(), output };
        let counts = audit.json["findings"].as_array().expect("findings").iter().any(|one| one["severity"] != "note");
        let expected = if audit.json["failures"] == json!([]) { i32::from(counts) } else { 3 };
        assert_eq!(audit.output.code, expected, "{audit}");
        audit
    }

    /// What the rules found that are tried here. What the daemon itself is like is tried elsewhere, and so is this machine.
    fn found(&self) -> Vec<&Value> {
        use podclaw::rules::{cloud_config, live, profile, secrets, shell};
        let tried = [live::RULES, profile::RULES, secrets::RULES, cloud_config::RULES, shell::RULES];
        let is_tried = |finding: &&Value| {
            // What no probe can tell is this machine's doing, too.
            finding["subject"] != "receipt.probes-unknown"
                && tried.iter().flat_map(|rules| *rules).any(|rule| finding["rule"] == rule.id)
        };
        self.json["findings"].as_array().expect("findings").iter().filter(is_tried).collect()
    }

    /// The probes of a guest that could not tell, as its receipt says.
    fn unknown(&self, guest: &str) -> BTreeSet<&str> {
        let all = self.json["findings"].as_array().expect("findings").iter();
        let of_guest = all.filter(|one| one["subject"] == "receipt.probes-unknown" && one["origin"] == guest);
        let messages = of_guest.filter_map(|one| one["message"].as_str()?.rsplit_once(": "));
        messages.flat_map(|(_, probes)| probes.split(", ")).collect()
    }

    /// The same without notes, as `rule origin subject`.
    fn that_count(&self) -> BTreeSet<String> {
        let part = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        let counting = self.found().into_iter().filter(|finding| finding["severity"] != "note");
        counting.map(|one| format!("{} {} {}", part(one, "rule"), part(one, "origin"), part(one, "subject"))).collect()
    }

    #[track_caller]
    fn red(&self, wanted: &[&str]) {
        let found = self.that_count();
        for wanted in wanted {
            assert!(found.contains(*wanted), "{wanted:?} is not found:\n{self}");
        }
    }

    #[track_caller]
    fn green(&self) {
        assert_eq!(self.that_count(), BTreeSet::new(), "{self}");
        assert_eq!(self.json["failures"], json!([]), "{self}");
    }
}

/// A lab, taken apart with the daemon's own client.
struct Tampering<'d> {
    lab: Lab<'d>,
}

impl<'d> Tampering<'d> {
    /// A lab with a real guest, `demo`.
    fn new(daemon: &'d Daemon) -> Self {
        let lab = ready(daemon, Gateway::Works, "");
        lab.podclaw(&["launch", "--cold", "demo"]).run().ok();
        Self { lab }
    }

    fn name(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.lab.name())
    }

    /// Incus, in the lab's project.
    fn incus(&self, arguments: &[&str]) {
        self.lab.incus(arguments).run().ok();
    }

    /// Incus, in the project `default`.
    fn daemon(&self, arguments: &[&str]) {
        self.lab.daemon().incus(arguments).run().ok();
    }

    fn project(&self, setting: &str) {
        self.daemon(&["project", "set", self.lab.name(), setting]);
    }

    fn network(&self, setting: &str) {
        self.daemon(&["network", "set", &self.lab.network(), setting]);
    }

    /// Changes an object by a request of one's own.
    fn patch(&self, path: &str, body: &Value) {
        let path = format!("{path}?project={}", self.lab.name());
        self.daemon(&["query", "--wait", "-X", "PATCH", "-d", &body.to_string(), &path]);
    }

    /// What the daemon says of the guest.
    fn of_demo(&self) -> Value {
        self.lab.daemon().get(&format!("/1.0/instances/demo?project={}", self.lab.name()))
    }

    fn audit(&self) -> Audit {
        Audit::of(&self.lab)
    }

    /// `podclaw init` puts the lab right, and nothing is found any more.
    #[track_caller]
    fn mended(&self) {
        // What waits for something that the same run puts right is done by the next one.
        if self.lab.podclaw(&["init"]).run().code != 0 {
            self.lab.podclaw(&["init"]).run().ok();
        }
        self.audit().green();
    }
}

fn what_is_not_podclaws_is_found(daemon: &Daemon) {
    let lab = Tampering { lab: Lab::new(daemon) };
    lab.lab.podclaw(&["init"]).run().ok();
    lab.audit().green();
    let (guest, small) = (lab.name("-guest"), lab.name("-small"));
    lab.project("restricted.backups=allow");
    lab.project("restricted.containers.lowlevel=allow");
    lab.lab.launch_tiny_with(&["other", "-p", &guest, "-p", &small]);
    let other = daemon.get(&format!("/1.0/instances/other?project={}", lab.lab.name()));
    let base = format!("security.idmap.base={}", other["config"]["volatile.idmap.base"].as_str().expect("a base"));
    lab.lab.launch_tiny_with(&["stranger", "-p", &guest, "-p", &small, "-c", &base]);
    lab.incus(&["storage", "volume", "create", lab.lab.name(), "theirs"]);
    lab.incus(&["profile", "create", "their-profile"]);
    lab.incus(&["stop", "--force", "stranger"]);
    let backup = json!({ "name": "b0", "compression_algorithm": "none", "instance_only": true }).to_string();
    let path = format!("/1.0/instances/stranger/backups?project={}", lab.lab.name());
    lab.daemon(&["query", "--wait", "-X", "POST", "-d", &backup, &path]);
    let audit = lab.audit();
    audit.red(&[
        "live-unmarked instance stranger object",
        "live-unmarked instance other object",
        "live-unmarked custom volume theirs object",
        "live-unmarked profile their-profile object",
        "live-snapshot instance stranger backup.b0",
        "live-ids instance stranger ids",
    ]);
    assert!(audit.that_count().iter().any(|one| one.starts_with("live-image image ")), "{audit}");
    // Of the guests only the one that is named.
    let one = Audit::with(&lab.lab, &["other"]);
    // But that it shares its ids with another one is about both.
    one.red(&["live-unmarked instance other object", "live-ids instance other ids"]);
    assert!(!one.that_count().iter().any(|one| one.contains("stranger")), "{one}");
    lab.incus(&["storage", "volume", "delete", lab.lab.name(), "theirs"]);
}

fn every_format_is_whole_and_shows_no_secret(daemon: &Daemon) {
    let lab = Tampering { lab: Lab::new(daemon) };
    lab.lab.podclaw(&["init"]).run().ok();
    let key = ["sk-ant", "-api03-", &"q7Wz9Kp2".repeat(12)].concat();
    let (guest, small) = (lab.name("-guest"), lab.name("-small"));
    lab.lab.launch_tiny_with(&["hostile", "-p", &guest, "-p", &small]);
    let hostile = "x\u{1b}[2J\n::error::y\u{202e}\"><&]]>";
    lab.patch(
        "/1.0/instances/hostile",
        &json!({ "config": { "environment.API_KEY": key, format!("user.{hostile}"): hostile } }),
    );
    lab.incus(&["profile", "set", &guest, &format!("environment.KEY={key}")]);
    lab.patch(&format!("/1.0/profiles/{small}"), &json!({ "description": hostile }));
    for (kind, name) in
        [("project", lab.name("")), ("network", lab.lab.network()), ("network acl", lab.name("-egress"))]
    {
        let kind: Vec<&str> = kind.split(' ').collect();
        lab.daemon(&[&kind[..], &["set", &name, &format!("user.note=key {key}")]].concat());
    }
    lab.daemon(&["storage", "set", lab.lab.name(), &format!("user.note=key {key}")]);
    let shown = |format: &str| {
        let output = lab.lab.podclaw(&["audit", "--format", format]).run().exits(1);
        assert!(!output.stdout.contains("q7Wz9Kp2") && !output.stderr.contains("q7Wz9Kp2"), "{format}: {output}");
        assert!(!output.stdout.contains(['\u{1b}', '\u{202e}']), "{format}: {output}");
        output
    };
    let human = shown("human").stdout;
    for object in ["project ", "storage pool ", "network ", "network ACL "] {
        let found = lab.audit();
        let is_of = |one: &&Value| one["rule"] == "secret-model-key" && one["subject"] == "config.user.note";
        let origins: Vec<_> =
            found.found().into_iter().filter(is_of).filter_map(|one| one["origin"].as_str()).collect();
        assert!(origins.iter().any(|origin| origin.starts_with(object)), "{object}: {found}");
    }
    for part in [
        "error[live-unmarked]: something in the lab that podclaw did not make\n --> instance hostile\n  = ",
        "error[secret-model-key]: ",
        "failed: ",
        " objects judged (1 project, 1 storage pool, 1 network, 1 network ACL, ",
    ] {
        assert!(human.contains(part), "{part:?} is missing:\n{human}");
    }
    let schema: Value = serde_json::from_str(include_str!("../report/sarif-2.1.0.schema.json")).expect("a schema");
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
    let sarif = shown("sarif").json();
    let errors: Vec<_> = validator.iter_errors(&sarif).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let place = &results[0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
    assert!(place.is_string(), "{}", results[0]);
    let junit = quick_junit::Report::deserialize_from_str(&shown("junit").stdout).expect("JUnit");
    let name = junit.name.as_ref().map(quick_junit::XmlString::as_str);
    assert_eq!((name, junit.failures > 0), (Some("podclaw audit"), true));
    let github = shown("github").stdout;
    assert!(github.lines().all(|line| line.starts_with("::") || line.starts_with("podclaw audit: ")), "{github}");
    assert!(!github.contains("\n::error::y"), "{github}");
}

fn what_cannot_be_judged_is_never_passed(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    let said = lab.podclaw(&["audit"]).run().exits(3);
    assert!(said.stderr.starts_with(&format!("error: there is no lab {} on this daemon", lab.name())), "{said}");
    let said = lab.podclaw(&["audit", "--socket", "/nonexistent/socket"]).run();
    assert_ne!(said.code, 0, "{said}");
    lab.podclaw(&["init"]).run().ok();
    let said = lab.podclaw(&["audit", "nobody"]).run().exits(3);
    assert!(said.stderr.contains("there is no guest named nobody"), "{said}");
    std::fs::write(lab.dir().join("podclaw.lock"), "{").expect("a lock");
    let said = lab.podclaw(&["audit"]).run().exits(3);
    assert!(said.stdout.contains("cannot judge podclaw.lock: ") && said.stdout.contains("not judged: "), "{said}");
    std::fs::remove_file(lab.dir().join("podclaw.lock")).expect("a lock");
    Audit::of(&lab).green();
    // Part of the lab is there, and somebody else's: what is behind it was not compared.
    daemon.incus(&["storage", "unset", lab.name(), "user.podclaw.lab"]).run().ok();
    let audit = Audit::of(&lab);
    audit.red(&[&format!("live-unmarked storage pool {} object", lab.name())]);
    assert_eq!(audit.output.code, 3, "{audit}");
    daemon.incus(&["storage", "set", lab.name(), &format!("user.podclaw.lab={}", lab.name())]).run().ok();
    // A pool that limits nothing.
    let plain = Lab::new(daemon);
    let subnet = format!("{}/24", plain.address(1));
    let text = format!("name: {}\npool:\n  driver: dir\nnetwork:\n  subnet: {subnet}\n", plain.name());
    std::fs::write(plain.file(), text).expect("a lab file");
    plain.podclaw(&["init"]).run().ok();
    Audit::of(&plain).red(&[&format!("live-pool storage pool {} driver", plain.name())]);
    // A lab file that asks for less than there is.
    lab.set_file("limits:\n  memory: 1GiB\n");
    Audit::of(&lab).red(&[&format!("live-drift profile {}-standard config limits.memory", lab.name())]);
}

fn many_guests_are_asked_for_at_once(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let (guest, small) = (format!("{}-guest", lab.name()), format!("{}-small", lab.name()));
    let launch = |name: &str| lab.launch_tiny_with(&[name, "-p", &guest, "-p", &small]);
    let requests = || {
        let output = lab.podclaw(&["audit", "-v", "--color", "never"]).run().exits(1);
        // How many interfaces the machine has is others' business.
        let asked =
            output.stderr.lines().filter(|line| line.contains("GET") && !line.contains("read the addresses of"));
        asked.count()
    };
    // A limit that guests could feel being lowered takes a look at what they use.
    let limit = |processes: &str| {
        let processes = format!("limits.processes={processes}");
        lab.incus(&["profile", "set", &small, &processes]).run().ok();
    };
    launch("one");
    let few = requests();
    assert!((10..60).contains(&few), "{few}");
    limit("1025");
    let few_drifted = requests();
    assert!(few_drifted > few, "{few_drifted}");
    for name in ["two", "three", "four"] {
        launch(name);
    }
    assert_eq!(requests(), few_drifted);
    limit("1024");
    assert_eq!(requests(), few);
}
