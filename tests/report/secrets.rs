//! Secrets: whatever a finding is about, the line that it is in is shown without them.

use podclaw::lint::{Judged, Report};
use podclaw::report::{self, Look};

use super::finding;

/// In two pieces, so that this file has no secret in it.
fn text() -> (String, String) {
    let secret = ["ghp_", "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z0Q"].concat();
    (format!("a: {secret} # why\nb: c\n"), secret)
}

#[test]
fn no_format_shows_a_secret() {
    let (text, secret) = text();
    for part in ["why", secret.as_str(), "a:"] {
        let mut found = finding("profiles/a.yaml", &text, part);
        found.message = "something else is wrong here".into();
        let report = Report { judged: Judged::Files(1), findings: vec![found], ..Report::default() };
        let human = report::human(&report, Look { width: None, quiet: false });
        assert!(human.contains("a: ****"), "{human}");
        let sarif = serde_json::to_string(&report::sarif(&report)).unwrap();
        let all =
            [human, sarif, report::json(&report).to_string(), report::github(&report), report::junit(&report).unwrap()];
        for shown in all {
            assert!(!shown.contains(&secret[8..16]), "{part}: {shown}");
        }
    }
}

#[test]
fn a_diff_shows_no_secret() {
    let (text, secret) = text();
    let diff = report::diff("a.yaml", &text, &text.replace("b: c", "b: \"c\""));
    assert!(diff.contains("b: \"c\"") && diff.contains("a: ****") && !diff.contains(&secret[8..16]), "{diff}");
}
