//! What is mutated: everything that podclaw ships, and every example and case of evasion that its tests have.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use podclaw::lint::Kind;
use podclaw::rules::catalogue;

/// A document that something is made of.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    /// Its name, which tells what it is.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// The seeds of one kind.
#[derive(Debug)]
pub(crate) struct Group {
    /// What they are.
    pub(crate) kind: Kind,
    /// The seeds.
    pub(crate) seeds: Vec<Seed>,
}

/// The directories and files of this repository that lint judges.
const SHIPPED: [&str; 7] =
    ["profiles", "cloud-init", "apparmor", "image/gateway", "policy", "podclaw.lock", "tests/rules"];

/// All seeds by kind, profiles first.
pub(crate) fn all() -> Vec<Group> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = own();
    for path in SHIPPED {
        read(root, &root.join(path), &mut seeds);
    }
    seeds.extend(matrix());
    for example in catalogue::all().flat_map(|rule| rule.examples) {
        seeds.extend([example.bad, example.good].map(|text| Seed { name: example.path.into(), text: text.into() }));
    }
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for seed in seeds.into_iter().filter(|seed| !seed.text.is_empty()) {
        let Some(kind) = Kind::of(&seed.name, &seed.text) else { continue };
        let order = format!("{}{kind:?}", if kind == Kind::Profile { ' ' } else { '~' });
        groups.entry(order).or_insert(Group { kind, seeds: Vec::new() }).seeds.push(seed);
    }
    groups.into_values().collect()
}

/// The files below a path, as far as they are text.
fn read(root: &Path, path: &Path, seeds: &mut Vec<Seed>) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        // A directory has no order of its own, and the same seed must make the same documents.
        paths.sort();
        return paths.iter().for_each(|path| read(root, path, seeds));
    }
    // The largest files would take all the time, and are more of the same.
    let Some(text) = fs::read_to_string(path).ok().filter(|text| text.len() < 64 * 1024) else { return };
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    seeds.push(Seed { name, text });
}

/// What decoders are known to read differently.
fn matrix() -> Vec<Seed> {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../yaml/matrix.json")).expect("it is JSON");
    let texts = cases.iter().filter_map(|case| case["text"].as_str());
    // A profile must have a description, or nothing else would be looked at.
    let seed = |text: &str| Seed { name: "profiles/matrix.yaml".into(), text: format!("description: m\n{text}") };
    texts.map(seed).collect()
}

/// One of each kind, so that none is without a seed.
fn own() -> Vec<Seed> {
    [
        ("profiles/minimal.yaml", "description: minimal\nconfig:\n  limits.cpu: \"2\"\n"),
        (
            "profiles/devices.yaml",
            "description: 'devices'\nconfig: {limits.processes: \"1024\"}\ndevices:\n  root: {type: disk, path: /, pool: \
             podclaw, size: 8GiB}\n  eth1:\n    type: none\n",
        ),
        ("user-data.yaml", "#cloud-config\nruncmd:\n  - [sh, -c, \"echo a | tee /tmp/b\"]\n  - systemctl start a\n"),
        ("user-data.yaml.j2", "#cloud-config\nhostname: {{ name }}\n{% if a %}\nruncmd: []\n{% endif %}\n"),
        ("a.sh", "#!/bin/sh\nset -eu\nif [ -n \"$1\" ]; then\n  cat <<EOF | tr a b\n$(date)\nEOF\nfi\n"),
        (
            "a.container",
            "[Unit]\nDescription=a\n[Container]\nImage=localhost/a@sha256:00\nPublishPort=127.0.0.1:1:1\nEnvironment=A=b \
             \\\n  C=d\n[Service]\nRestart=always\n",
        ),
        ("openclaw.json", "{\"gateway\": {\"mode\": \"local\", \"bind\": \"loopback\", \"auth\": {\"mode\": \"token\"}}}\n"),
        ("apparmor/a", "abi <abi/4.0>,\ninclude <tunables/global>\nprofile a /usr/bin/a flags=(unconfined) {\n  userns,\n}\n"),
        ("podclaw.yaml", "name: lab\nprofiles: [guest, small]\nlimits:\n  cpu: 2\n  memory: 2GiB\n"),
        ("package.json", "{\"name\": \"a\", \"dependencies\": {\"openclaw\": \"2026.1.1\"}}\n"),
        ("policy/waivers.yaml", "waivers:\n  - rule: a\n    file: profiles/a.yaml\n    key: config.a\n    reason: why\n    owner: me\n    expires: 2026-12-01\n"),
        ("policy/rules/a.yaml", "id: a\nwhen: profile.config.exists(k, k == 'a')\nmessage: no\n"),
        ("a.conf", "[storage]\ndriver = \"overlay\"\n"),
        ("a.md", "# Text\n\ntoken: none\n"),
    ]
    .map(|(name, text)| Seed { name: name.into(), text: text.into() })
    .into()
}
