//! What each guest of a lab costs does not grow with their number: requests to the daemon, and what it answers.

use std::time::{Duration, Instant};

use crate::harness::{Daemon, Gateway, Lab, Relay, Test, tests};
use crate::launches::ready;
use crate::wipe::{fill, number};

pub(crate) const TESTS: &[Test] = tests![a_guest_costs_the_same_among_many, whoever_has_the_ids_is_seen];

/// How many guests there are at first.
const FEW: usize = 4;
/// What the daemon says of one guest at most in one look at all of them, and what is read of each other guest where one is
/// launched or proven: where it is named among what uses the project, its profiles, the network and the pool.
const SAID_OF_EACH: usize = 32 << 10;
const NAMED: usize = 1 << 10;

/// What a command took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    requests: usize,
    bytes: usize,
    seconds: f64,
}

/// A lab behind something that counts.
struct Counted<'l> {
    lab: &'l Lab<'l>,
    relay: &'l Relay,
}

impl Counted<'_> {
    fn cost(&self, command: &[&str]) -> Cost {
        let (requests, bytes, began) = (self.relay.requests().len(), self.relay.answered(), Instant::now());
        let said = self.lab.podclaw_at(self.relay.socket(), command).timeout(Duration::from_mins(30)).run();
        // A proof may not be able to tell everything on this machine.
        assert!(said.code <= 1 || command[0] == "prove" && said.code == 3, "{said}");
        let seconds = began.elapsed().as_secs_f64();
        let all = self.relay.requests().split_off(requests);
        // How often it is looked at an operation says how busy this machine is.
        let asked = all.iter().filter(|line| !line.contains(" /1.0/operations/")).count();
        Cost { requests: asked, bytes: self.relay.answered() - bytes, seconds }
    }

    /// All commands, with so many guests; the last one takes them away.
    fn costs(&self, count: usize, launches: bool) -> Vec<(&'static str, Cost)> {
        let mut costs = Vec::new();
        if launches {
            costs.push(("launch", self.cost(&["launch", "demo", "--cold"])));
            costs.push(("prove", self.cost(&["prove", "demo"])));
        }
        costs.push(("list", self.cost(&["list"])));
        costs.push(("audit", self.cost(&["audit"])));
        costs.push(("init", self.cost(&["init", "--dry-run"])));
        costs.push(("plan", self.cost(&["wipe", "--dry-run"])));
        costs.push(("wipe", self.cost(&["wipe", "--level", "guests", "--yes", self.lab.name()])));
        for (command, Cost { requests, bytes, seconds }) in &costs {
            eprintln!("{count} guests, {command}: {requests} requests, {bytes} bytes, {seconds:.1} s");
        }
        costs
    }
}

fn a_guest_costs_the_same_among_many(daemon: &Daemon) {
    let many = number("PODCLAW_SCALE_GUESTS", 16);
    let runs = number("PODCLAW_SCALE_RUNNING", 1) == 1;
    let lab = ready(daemon, Gateway::Works, "");
    if many > 200 {
        let file = std::fs::read_to_string(lab.file()).expect("a lab file");
        let wide = lab.address(1).rsplitn(3, '.').nth(2).map(|start| format!("{start}.252.1/22")).expect("an address");
        lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
        std::fs::write(lab.file(), file.replace(&format!("{}/24", lab.address(1)), &wide)).expect("it can be written");
        lab.podclaw(&["init"]).run().ok();
        lab.podclaw(&["image", "build"]).timeout(Duration::from_mins(15)).run().ok();
    }
    let relay = Relay::start(lab.dir().join("relay.socket"), &daemon.socket());
    let counted = Counted { lab: &lab, relay: &relay };
    fill(&lab, FEW, runs);
    let few = counted.costs(FEW, true);
    let began = Instant::now();
    fill(&lab, many, runs);
    eprintln!("{many} guests made in {:.1} s", began.elapsed().as_secs_f64());
    let all = counted.costs(many, true);
    for ((command, few), (_, all)) in few.iter().zip(&all) {
        let more = many - FEW;
        let each = all.bytes.saturating_sub(few.bytes) / more;
        let said = format!("{command}: {few:?} with {FEW} guests, {all:?} with {many}");
        match *command {
            // Of many, those with ids near by are asked for by themselves. How much the stages say differs from launch to launch.
            "launch" => assert!(all.requests <= few.requests + 1 && each < SAID_OF_EACH, "{said}"),
            "prove" => assert!(all.requests <= few.requests && each < NAMED, "{said}"),
            // Each guest is killed and deleted, and has a task that is waited for.
            "wipe" => assert!(all.requests * (FEW + 1) <= few.requests * (many + 1), "{said}"),
            _ => assert!(all.requests <= few.requests && each < SAID_OF_EACH, "{said}"),
        }
    }
}

/// Somebody else's guest gets ids that a new one has, just after that was made. It is in another project, and shares one.
fn whoever_has_the_ids_is_seen(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    fill(&lab, FEW, true);
    let other = Lab::new(daemon);
    other.make_by_hand();
    other.import_tiny();
    other.incus(&["init", "tiny", "theirs", "-c", "security.idmap.isolated=true"]).run().ok();
    let base = |lab: &Lab, guest: &str| -> u64 {
        let found = daemon.get(&format!("/1.0/instances/{guest}?project={}", lab.name()));
        found["config"]["volatile.idmap.base"].as_str().and_then(|base| base.parse().ok()).expect("a base")
    };
    let relay = Relay::start(lab.dir().join("relay.socket"), &daemon.socket());
    let held = relay.hold("GET /1.0/instances?all-projects=true&recursion=1 ");
    let launch = lab.podclaw_at(relay.socket(), &["launch", "demo", "--cold"]).timeout(Duration::from_mins(5)).start();
    held.wait();
    let shared = base(&lab, "demo") + 65535;
    other.incus(&["config", "set", "theirs", &format!("volatile.idmap.base={shared}")]).run().ok();
    drop(held);
    drop(launch.wait().exits(0));
    let made = format!("POST /1.0/instances?project={} ", lab.name());
    let requests = relay.requests();
    assert_eq!(requests.iter().filter(|asked| asked.starts_with(&made)).count(), 2, "{}", requests.join("\n"));
    assert!(base(&lab, "demo").abs_diff(shared) >= 65536, "{} and {shared}", base(&lab, "demo"));
}
