//! JSON. Its form is a contract: docs/reports.md.

use podclaw::lint::{Judged, Report};
use podclaw::report::json;
use serde_json::json;

use super::everything;

#[test]
fn a_finding_has_everything_that_is_documented() {
    let report = json(&everything());
    let mut finding = report["findings"][1].clone();
    let print = finding["fingerprint"].take();
    assert!(print.as_str().is_some_and(|print| print.len() == 34), "{print}");
    assert_eq!(
        finding,
        json!({
            "origin": "file",
            "location": {
                "file": "profiles/a.yaml",
                "line": 3, "column": 6, "end_line": 3, "end_column": 8,
                "start_byte": 25, "end_byte": 27,
            },
            "rule": "yaml-untyped",
            "severity": "error",
            "subject": "yaml.quote-this",
            "message": "\"no\" is bad",
            "remedy": "quote the value",
            "waivable": false,
            "related": [
                {
                    "origin": "file",
                    "location": {
                        "file": "profiles/guest.yaml",
                        "line": 2, "column": 8, "end_line": 2, "end_column": 13,
                        "start_byte": 16, "end_byte": 21,
                    },
                    "message": "it is set here first",
                },
                { "origin": "the instance", "location": null, "message": "it is set again" },
            ],
            "fix": {
                "what": "quote the value",
                "edits": [
                    { "start_byte": 25, "end_byte": 25, "text": "\"" },
                    { "start_byte": 27, "end_byte": 27, "text": "\"" },
                ],
            },
            "fingerprint": null,
        })
    );
    assert_eq!(report["summary"], json!({ "errors": 4, "warnings": 0, "notes": 1, "waived": 1, "failures": 1 }));
    assert_eq!((&report["files"], &report["stacks"]), (&json!(3), &json!([["guest", "standard"]])));
    assert_eq!(report["waived"][0]["expires"], "2026-12-24");
    assert_eq!(report["failures"][0]["reason"], "it is not UTF-8 text");
}

#[test]
fn nothing_found_is_empty_lists() {
    let report = json(&Report { judged: Judged::Files(1), ..Report::default() });
    assert_eq!((&report["findings"], &report["waived"], &report["failures"]), (&json!([]), &json!([]), &json!([])));
}
