//! Annotations of GitHub Actions.

use podclaw::report::github;

use super::everything;

#[test]
fn annotations_say_what_and_where() {
    let shown = github(&everything());
    let first = "::error file=profiles/a.yaml,line=2,endLine=2,col=8,endColumn=10,title=yaml-untyped (yaml.quote-this)\
                 ::\"yes\" is bad%0Ahelp: quote the value";
    assert_eq!(shown.lines().next().unwrap(), first);
    assert!(shown.contains("\n::notice file=profiles/b.yaml,line=1"), "{shown}");
    assert!(shown.contains("\n::error title=yaml-field (limits)::the lab file's limits: too large"), "{shown}");
    let last = "podclaw lint: 3 files and 1 stack (guest+standard): 4 errors, 1 note, 1 waived, 1 not judged\n";
    assert!(shown.ends_with(last), "{shown}");
}

#[test]
fn nothing_from_a_file_is_a_command_of_its_own() {
    let shown = github(&everything());
    // Five findings, a failure and the summary.
    assert_eq!(shown.lines().count(), 7, "{shown}");
    for line in shown.lines().take(6) {
        let properties = line.strip_prefix("::").and_then(|line| line.split("::").next()).unwrap();
        let names: Vec<_> =
            properties.split(',').filter_map(|part| part.split_once('=')).map(|(name, _)| name).collect();
        assert!(names.iter().filter(|name| name.ends_with("file")).count() <= 1, "{line}");
        assert!(!line.contains(['\r', '\u{1b}', '\u{0}']), "{line}");
    }
    let hostile = shown.lines().find(|line| line.contains("set-output")).unwrap();
    assert!(hostile.starts_with("::error file=a%250A%3A%3Aset-output b%2Cc%3Ad"), "{hostile}");
}
