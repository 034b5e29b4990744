//! Profiles, alone and merged.

use super::{found, judge};

#[test]
fn the_shipped_profiles_are_fine() {
    let files = ["guest", "standard", "small", "large"].map(|name| {
        let path = format!("profiles/{name}.yaml");
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        (path, text)
    });
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let report = judge(&files, None);
    assert!(!report.has_findings() && report.failures.is_empty(), "{report:?}");
    assert_eq!(report.stacks, [["guest", "standard"]]);
}

#[test]
fn what_is_ambiguous_is_found() {
    assert_eq!(found("a.yaml", "description: x\nconfig:\n  a: &b c\n"), ["yaml-ambiguous"]);
}
