//! Quadlet units.

mod cases;

use super::{found, judge};

/// A container with everything that is required, and more lines.
fn container(lines: &str) -> String {
    format!(
        "[Container]\nImage=localhost/app\nPull=never\nDropCapability=all\nNoNewPrivileges=true\nReadOnly=true\n\
         PidsLimit=512\nMemory=1g\n{lines}\n"
    )
}

#[test]
fn the_shipped_unit_is_fine() {
    let path = "cloud-init/files/openclaw.container";
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let report = judge(&[(path, &text)], None);
    assert!(report.findings.is_empty() && report.failures.is_empty(), "{report:?}");
}

#[test]
fn what_is_harmless_passes() {
    for lines in [
        "PublishPort=127.0.0.1:80:80",
        "PublishPort=[::1]:80:80",
        "Volume=data.volume:/data",
        "Network=pasta",
        "Network=lab.network",
        "UserNS=keep-id:uid=1000,gid=1000",
        "Exec=node dist/index.js gateway --bind lan \\\n  --port 18789",
        "User=1000\nGroup=1000",
        "HealthCmd=curl -f http://127.0.0.1/",
        "Environment=A=b \"C=d e\"",
        "[Service]\nRestart=always",
        "[Install]\nWantedBy=default.target",
        "PodmanArgs=--memory=2g --stop-timeout=90",
        "AddCapability=\nSeccompProfile=",
    ] {
        assert_eq!(found("a.container", &container(lines)), [""; 0], "{lines}");
    }
}

/// What weakens a container, in each spelling that Podman takes, and the rule that says so.
#[test]
fn nothing_is_talked_round() {
    let mut wrong = Vec::new();
    for &(rule, lines) in cases::CASES {
        for line in lines {
            // A key that counts once is written where the fine one was.
            let mut text = container(line);
            for key in ["Image", "NoNewPrivileges", "ReadOnly", "PidsLimit", "Memory", "Pull"] {
                if line.starts_with(&format!("{key}=")) {
                    text = text
                        .lines()
                        .filter(|given| !given.starts_with(&format!("{key}=")) || line.contains(given))
                        .fold(String::new(), |text, line| text + line + "\n");
                }
            }
            let rules = found("a.container", &text);
            if !rules.iter().any(|found| found == rule) {
                wrong.push(format!("{rule}: {line:?}: {rules:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_required_must_be_there() {
    let whole = container("");
    for (line, rule) in [
        ("Image=localhost/app\n", "quadlet-image"),
        ("Pull=never\n", "quadlet-image"),
        ("DropCapability=all\n", "quadlet-capabilities"),
        ("NoNewPrivileges=true\n", "quadlet-confinement"),
        ("ReadOnly=true\n", "quadlet-read-only"),
        ("PidsLimit=512\n", "quadlet-limits"),
        ("Memory=1g\n", "quadlet-limits"),
    ] {
        assert_eq!(found("a.container", &whole.replace(line, "")), [rule], "{line}");
    }
    assert_eq!(found("a.container", "[Unit]\nDescription=x\n").len(), 6);
}

#[test]
fn drop_ins_are_judged_as_what_they_add_to() {
    for (name, text, rule) in [
        ("openclaw.container.d/x.conf", "[Container]\nPublishPort=80:80\n", Some("quadlet-publish")),
        ("container.d/x.conf", "[Container]\nNetwork=host\n", Some("quadlet-network")),
        ("openclaw.container.d/x.conf", "[Container]\nDropCapability=\n", Some("quadlet-capabilities")),
        ("openclaw.container.d/x.conf", "[Container]\nNoNewPrivileges=\n", Some("quadlet-confinement")),
        ("openclaw.container.d/x.conf", "[Container]\nPodmanArgs=\n", Some("quadlet-limits")),
        ("openclaw.container.d/x.conf", "[Service]\nExecStartPre=/bin/true\n", Some("quadlet-service")),
        ("a.pod.d/x.conf", "[Pod]\nUserNS=host\n", Some("quadlet-user-namespace")),
        ("openclaw.container.d/x.conf", "[Container]\nUserNS=\n", Some("quadlet-user-namespace")),
        ("openclaw.container.d/x.conf", "[Container]\nUser=\n", Some("quadlet-confinement")),
        ("openclaw.container.d/x.conf", "[Container]\nPull=missing\n", Some("quadlet-pull")),
        ("openclaw.container.d/x.conf", "[Container]\nEnvironment=A=b\n", None),
        ("openclaw.container.d/x.conf", "[Service]\nRestartSec=9\n", None),
    ] {
        assert_eq!(found(name, text), rule.into_iter().collect::<Vec<_>>(), "{name} {text}");
    }
}

#[test]
fn other_kinds_of_quadlets() {
    for (name, text, rule) in [
        ("a.volume", "[Volume]\nDevice=/\nType=none\nOptions=bind\n", "quadlet-mount"),
        ("a.volume", "[Volume]\nDriver=sshfs\n", "quadlet-mount"),
        ("a.volume", "[Volume]\nDriver=image\nImage=registry.example/a\n", "quadlet-image"),
        ("a.network", "[Network]\nDriver=macvlan\n", "quadlet-network"),
        ("a.network", "[Network]\nDriver=ipvlan\nOptions=parent=eth0\n", "quadlet-network"),
        ("a.network", "[Network]\nIPAMDriver=dhcp\n", "quadlet-network"),
        ("a.network", "[Network]\nPodmanArgs=--driver=macvlan\n", "quadlet-podman-args"),
        ("a.pod", "[Pod]\nNetwork=host\n", "quadlet-network"),
        ("a.pod", "[Pod]\nServiceName=ssh\n", "quadlet-service"),
        ("a.pod", "[Pod]\nDNS=192.0.2.1\n", "quadlet-network"),
        ("a.network", "[Network]\nDNS=192.0.2.1\n", "quadlet-network"),
        ("a.pod", "[Pod]\nPodmanArgs=--share=pid\n", "quadlet-podman-args"),
        ("a.kube", "[Kube]\nYaml=/tmp/x.yaml\n", "quadlet-unjudged"),
        ("a.kube", "[Kube]\nPublishPort=80:80\n", "quadlet-publish"),
        ("a.build", "[Build]\nFile=https://example.org/Containerfile\n", "quadlet-unjudged"),
        ("a.image", "[Image]\nImage=registry.example/a:1\n", "quadlet-image"),
        ("a.image", "[Image]\nTLSVerify=false\n", "quadlet-image"),
        ("a.artifact", "[Artifact]\nArtifact=registry.example/a:1\n", "quadlet-image"),
        ("a.volume", "[Container]\nImage=x\n", "quadlet-unknown"),
        ("a.container", "[Pod]\nPublishPort=1:1\n", "quadlet-unknown"),
        ("a.volume", "", "quadlet-syntax"),
    ] {
        if text.is_empty() {
            assert_eq!(judge(&[(name, text)], None).failures.len(), 1);
            continue;
        }
        assert!(found(name, text).iter().any(|found| found == rule), "{name} {text}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let report = judge(
        &[("a.container", &container("Environment=OPENCLAW_GATEWAY_TOKEN=topsecret99\nExec=x --token topsecret99"))],
        None,
    );
    assert!(report.has_findings());
    assert!(report.findings.iter().all(|finding| !finding.message.contains("topsecret99")));
}

#[test]
fn a_huge_file_is_judged_too() {
    let many = format!("[Container]\n{}", "AddCapability=ALL\n".repeat(50_000));
    let section = format!("[{}]\n{}", "x".repeat(400_000), "a=b\n".repeat(100_000));
    for text in [many, section, "[Container]\nExec=\\\n".repeat(50_000)] {
        assert!(!found("a.container", &text).is_empty());
    }
}
