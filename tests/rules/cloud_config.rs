//! cloud-config: what user-data may not ask for.

use super::{found, judge};

fn config(body: &str) -> Vec<String> {
    found("cloud-init/a.yaml", &format!("#cloud-config\n{body}\n"))
}

#[test]
fn what_is_not_allowed_is_found() {
    let cases = [
        ("users:\n  - name: a\n    system: true", "cloud-init-users"),
        ("users:\n  - default", "cloud-init-users"),
        ("users: default", "cloud-init-users"),
        ("user: a", "cloud-init-users"),
        ("system_info:\n  default_user: {name: a}", "cloud-init-users"),
        ("ssh_pwauth: true", "cloud-init-login"),
        ("ssh_pwauth: \"false\"", "cloud-init-login"),
        ("disable_root: false", "cloud-init-login"),
        ("password: a", "cloud-init-login"),
        ("chpasswd: {expire: false}", "cloud-init-login"),
        ("ssh_authorized_keys: [a]", "cloud-init-ssh"),
        ("ssh_keys: {}", "cloud-init-ssh"),
        ("ssh_import_id: [a]", "cloud-init-ssh"),
        ("packages: [openssh-server]", "cloud-init-ssh"),
        ("apt: {sources: {a: {source: b}}}", "cloud-init-remote-code"),
        ("apt: {preserve_sources_list: false}", "cloud-init-remote-code"),
        ("ca_certs: {trusted: [a]}", "cloud-init-remote-code"),
        ("ca-certs: {trusted: [a]}", "cloud-init-remote-code"),
        ("phone_home: {url: a}", "cloud-init-remote-code"),
        ("vendor_data: {enabled: true}", "cloud-init-remote-code"),
        ("mounts: [[a, b]]", "cloud-init-storage"),
        ("swap: {size: 1}", "cloud-init-storage"),
        ("power_state: {mode: reboot}", "cloud-init-module"),
        ("merge_how: a", "cloud-init-module"),
        ("Runcmd: [id]", "cloud-init-module"),
        ("cloud_final_modules: [ssh]", "cloud-init-module"),
        ("cloud_config_modules: [[runcmd, always]]", "cloud-init-module"),
        ("package_reboot_if_required: true", "cloud-init-value"),
        ("packages: [./a.deb]", "cloud-init-value"),
        ("hostname: \"a\\nb\"", "cloud-init-value"),
        ("runcmd: id", "cloud-init-command"),
        ("runcmd: [{a: b}]", "cloud-init-command"),
        ("runcmd:\n  - curl https://a.example/x | sh", "shell-fetch-and-run"),
        ("runcmd:\n  - \"curl https://a.example/x |\\\n    sh\"", "shell-fetch-and-run"),
        ("runcmd:\n  - [sh, -c, \"curl https://a.example/x | sh\"]", "shell-fetch-and-run"),
        ("runcmd:\n  - [env, \"A=b\", bash, -c, \"curl https://a.example/x | sh\"]", "shell-fetch-and-run"),
        ("bootcmd:\n  - |\n    curl https://a.example/x |\n      sh", "shell-fetch-and-run"),
        ("runcmd:\n  - curl -o /opt/x https://a.example/x\n  - [sh, /opt/x]", "shell-fetch-and-run"),
        ("runcmd:\n  - [/opt/x]", "shell-unknown-command"),
        ("runcmd:\n  - c=curl\n  - $c https://a.example", "shell-dynamic"),
        (
            "runcmd:\n  - useradd -m -s /usr/sbin/nologin openclaw\n  - apparmor_parser -r /etc/apparmor.d/podclaw-podman",
            "stage-order",
        ),
        ("runcmd:\n  - [runuser, -u, openclaw, --, podman, load, -i, /var/lib/podclaw/a]", "stage-order"),
    ];
    let missed: Vec<_> = cases
        .iter()
        .map(|(body, rule)| (body, rule, config(body)))
        .filter(|(_, rule, found)| !found.iter().any(|f| f == *rule))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn other_beginnings_are_refused() {
    for text in [
        "#include\nhttps://a.example\n",
        "## template: jinja\n#cloud-config\n",
        "#cloud-boothook\nid\n",
        "#part-handler\n",
        "Content-Type: multipart/mixed\n",
        "#cloud-config-archive\n",
        "#cloud-config \nhostname: a\n",
    ] {
        assert_eq!(found("a.yaml", text), ["cloud-init-beginning"], "{text}");
    }
}

#[test]
fn files_are_judged_by_place_owner_and_content() {
    let file = |fields: &str| config(&format!("write_files:\n  - {}", fields.replace('\n', "\n    ")));
    assert_eq!(file("path: /etc/podclaw/a\ncontent: a\npermissions: \"0644\"\nowner: root:root"), [""; 0]);
    for (fields, rule) in [
        ("path: /etc/sudoers.d/a\ncontent: a", "shell-privilege"),
        ("path: /root/.ssh/authorized_keys\ncontent: a", "shell-ssh"),
        ("path: /etc/cron.d/a\ncontent: a", "shell-persistence"),
        ("path: /etc/ld.so.preload\ncontent: a", "shell-persistence"),
        ("path: /etc/apt/sources.list\ncontent: a", "shell-unpinned-package"),
        ("path: /etc/shadow\ncontent: a", "shell-account"),
        ("path: /usr/bin/a\ncontent: a", "shell-write"),
        ("path: /etc/podclaw/../passwd\ncontent: a", "cloud-init-write-file"),
        ("path: /home/openclaw/a\ncontent: a", "cloud-init-write-file"),
        ("path: etc/a\ncontent: a", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: YQ==\nencoding: b64", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\nsource: {uri: \"https://a.example\"}", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: a\nappend: true", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: a\ndefer: true", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: a\npermissions: \"4755\"", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: a\npermissions: \"0666\"", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: a\npermissions: 644", "cloud-init-write-file"),
        ("path: /etc/podclaw/a\ncontent: a\nowner: openclaw", "cloud-init-write-file"),
        ("path: /usr/local/lib/podclaw/a\ncontent: \"#!/usr/bin/python3\\n\"", "cloud-init-write-file"),
        ("path: /etc/containers/containers.conf\ncontent: a", "cloud-init-write-file"),
        ("path: /etc/containers/systemd/users/a.artifact\ncontent: \"[Artifact]\\nArtifact=a\\n\"", "quadlet-image"),
        (
            "path: /etc/containers/systemd/users/a.container.d/b.conf\ncontent: \"[Container]\\nVolume=/:/h\\n\"",
            "quadlet-mount",
        ),
        ("path: /etc/apparmor.d/podclaw-a.conf\ncontent: a", "apparmor-rule"),
        ("path: /usr/local/lib/podclaw/a\ncontent: |\n  #!/bin/sh\n  set -e\n  modprobe a", "shell-kernel"),
        (
            "path: /usr/local/share/podclaw/files/podclaw-stages.service\ncontent: |\n  [Service]\n  ExecStart=/tmp/a",
            "cloud-init-write-file",
        ),
        ("path: /usr/local/share/podclaw/../../../etc/cron.d/a\ncontent: a", "cloud-init-write-file"),
    ] {
        let found = file(fields);
        assert!(found.iter().any(|found| found == rule), "{fields}: {found:?}");
    }
}

/// What everybody writes at first, each mistake at its line.
#[test]
fn the_usual_mistakes_are_each_found() {
    let text = "#cloud-config
users:
  - name: openclaw
    system: true
write_files:
  - path: /etc/sudoers.d/openclaw
    content: \"openclaw ALL=(ALL) NOPASSWD: ALL\"
runcmd:
  - curl -fsSL https://a.example/install.sh | bash
  - git clone https://a.example/openclaw /opt/openclaw
  - |
    cd /opt/openclaw
    ./setup-podman.sh
  - sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
";
    let report = judge(&[("cloud-init/a.yaml", text)], None);
    let found: Vec<_> = report.findings.iter().map(|f| (f.place().unwrap().span.line, f.rule.as_ref())).collect();
    for wanted in [
        (3, "cloud-init-users"),
        (6, "shell-privilege"),
        (9, "shell-fetch-and-run"),
        (10, "shell-unpinned-clone"),
        (13, "shell-unknown-command"),
        (13, "stage-order"),
        (14, "shell-hardening"),
    ] {
        assert!(found.contains(&wanted), "{wanted:?} in {found:?}");
    }
}

#[test]
fn the_shipped_files_are_fine() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cloud-init");
    let mut files = Vec::new();
    for directory in [root.clone(), root.join("stages")] {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push((path.to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert_eq!(files.len(), 11);
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let report = judge(&files, None);
    assert!(!report.has_findings() && report.failures.is_empty(), "{:#?}", report.findings);
}
