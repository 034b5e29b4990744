//! The real thing: OpenClaw from npm, built, launched, and looked at from inside and outside.

use std::time::Duration;

use crate::harness::{Daemon, Lab, Test, tests};

pub(crate) const TESTS: &[Test] = tests![the_real_gateway_runs_contained];

fn the_real_gateway_runs_contained(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    lab.podclaw(&["image", "build"]).timeout(Duration::from_mins(20)).run().ok();
    let mut launch = lab.podclaw(&["launch", "--cold", "demo"]).timeout(Duration::from_mins(10)).start();
    launch.wait_for("✓ gateway image pushed");
    let status = std::fs::read_to_string(format!("/proc/{}/status", launch.pid())).expect("it runs");
    launch.wait().ok();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < 64 << 10, "{peak} KiB resident after 700 MB went into the guest");
    let guest = |script: &str| lab.exec(&["demo", "--", "bash", "-c", script], "").ok();

    assert!(guest("curl -s http://127.0.0.1:18789/startupz").contains("\"status\":\"started\""));
    let ask = "curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{\"tool\":\"sessions_list\",\"args\":{}}'";
    assert_eq!(guest(&format!("{ask} http://127.0.0.1:18789/tools/invoke")), "401", "a request without the token");

    // By the kernel's word: every process of the gateway.
    let service = |command: &[&str]| lab.exec(&[&["demo", "--service-user", "--"], command].concat(), "");
    let pid = service(&["podman", "inspect", "--format", "{{.State.Pid}}", "openclaw"]).ok();
    let processes = guest(&format!(
        "space=$(readlink /proc/{}/ns/pid)
         for p in /proc/[0-9]*; do
             [ \"$(readlink $p/ns/pid)\" = \"$space\" ] || continue
             echo $(sed -n 's/^CapEff:\\t//p; s/^CapBnd:\\t//p; s/^NoNewPrivs:\\t//p; s/^Seccomp:\\t//p' $p/status)
         done",
        pid.trim()
    ));
    assert!(processes.lines().count() > 0, "no process of the gateway");
    for process in processes.lines() {
        assert_eq!(
            process, "0000000000000000 0000000000000000 1 2",
            "capabilities, bounding set, no new privileges, seccomp"
        );
    }
    let touched =
        service(&["podman", "exec", "openclaw", "sh", "-c", "touch /x /usr/x /app/x 2>&1 | grep -c 'Read-only'"]).ok();
    assert_eq!(touched.trim(), "3", "the gateway's root is not read-only");

    // From outside: the guest's address refuses the port.
    let list = lab.podclaw(&["list", "--format", "json"]).run().json();
    let address = list["guests"][0]["addresses"][0].as_str().expect("an address").to_owned();
    let refused = daemon
        .program("curl")
        .args(&["-s", "-m", "10", "--noproxy", "*", &format!("http://{address}:18789/startupz")])
        .run();
    assert_eq!(refused.code, 7, "the guest's address did not refuse: {refused}");

    // The gateway's own judgement of its configuration.
    let audit = service(&["podman", "exec", "openclaw", "node", "dist/index.js", "security", "audit", "--json"]).stdout;
    let audit: serde_json::Value = serde_json::from_str(&audit[audit.find('{').unwrap_or(0)..]).expect("JSON");
    assert_eq!(audit["summary"]["critical"], 0, "{audit}");
    let config = guest("cat /home/openclaw/.openclaw/openclaw.json");
    assert!(!config.contains("dangerous"), "{config}");

    // All of it once more, as podclaw proves it, and driven into its limits.
    let proof = lab.podclaw(&["prove", "demo", "--full", "--format", "json"]).timeout(Duration::from_secs(400)).run();
    let probes = proof.json()["guests"][0]["probes"].as_array().cloned().unwrap_or_default();
    assert!(probes.iter().all(|probe| probe["verdict"] != "not-contained"), "{proof}");
    let told = |group: &str| probes.iter().filter(|probe| probe["group"] == group).cloned().collect::<Vec<_>>();
    for probe in told("gateway") {
        assert_eq!(probe["verdict"], "contained", "{proof}");
    }

    lab.podclaw(&["delete", "demo"]).run().ok();
}
