//! From a tree to a profile.

use podclaw::profile::Profile;
use podclaw::yaml;

use super::profile;

fn problems(text: &str) -> Vec<String> {
    let document = yaml::parse("p.yaml", text.as_bytes()).unwrap();
    Profile::from_document("p", &document).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn values_are_the_strings_that_incus_stores() {
    let text = "description: x\nconfig:\n  a: true\n  b: 2\n  c: '3'\n  d: |\n    e\n  f: \"\"\n";
    let values: Vec<_> = profile("p", text).config.into_values().map(|setting| setting.value).collect();
    assert_eq!(values, ["true", "2", "3", "e\n", ""]);
}

#[test]
fn a_lab_replaces_the_default_names_and_no_other() {
    let text = "description: x\ndevices:\n  a: {type: disk, pool: podclaw, path: podclaw}\n  b: {type: disk, pool: podclaw2}\n  \
                c: {type: nic, network: podclawbr0, parent: podclawbr0}\n  d: {type: nic, network: podclaw}\n";
    let devices = profile("p", text).devices;
    assert_eq!((devices["a"].get("pool"), devices["a"].get("path")), (Some("t1"), Some("podclaw")));
    assert_eq!(devices["b"].get("pool"), Some("podclaw2"));
    assert_eq!((devices["c"].get("network"), devices["c"].get("parent")), (Some("t1br0"), Some("podclawbr0")));
    assert_eq!(devices["d"].get("network"), Some("podclaw"));
}

#[test]
fn what_is_no_profile_is_refused_at_its_place() {
    for (text, start) in [
        ("config: {}\n", "p.yaml:1:1: the field `description` is missing"),
        ("description: x\nname: z\n", "p.yaml:2:1: unknown field `name`"),
        ("description: x\nConfig: {}\n", "p.yaml:2:1: unknown field `Config`"),
        ("description: x\nconfig: []\n", "p.yaml:2:9: this is a list, not a mapping"),
        ("description: x\nconfig:\n  a: [b]\n", "p.yaml:3:6: this is a list, not a single value"),
        ("description: 1\n", "p.yaml:1:14: this is a number, not a string"),
        ("description: x\ndevices:\n  a: b\n", "p.yaml:3:6: this is a string, not a mapping"),
        ("description: x\ndevices:\n  a:\n    b: c\n", "p.yaml:3:3: the device `a` has no `type`"),
        (
            "description: x\nconfig:\n  \"security.privileged \": 1\n",
            "p.yaml:3:3: \"security.privileged \" is not a name",
        ),
        ("description: x\nconfig:\n  ѕecurity.privileged: 1\n", "p.yaml:3:3: "),
        ("- a\n", "p.yaml:1:1: this is a list, not a mapping"),
    ] {
        let found = problems(text);
        assert!(found[0].starts_with(start), "{text:?}: {found:?}");
    }
}
