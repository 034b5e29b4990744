//! SARIF 2.1.0.

use podclaw::lint::Report;
use serde_json::{Value, json};

use super::{everything, finding};

const SCHEMA: &str = include_str!("sarif-2.1.0.schema.json");

/// The rule that a result names by its index.
fn rule(run: &Value, result: &Value) -> Value {
    let index = result["ruleIndex"].as_u64().and_then(|index| usize::try_from(index).ok());
    run["tool"]["driver"]["rules"][index.expect("an index")].clone()
}

fn log(report: &Report) -> Value {
    serde_json::to_value(podclaw::report::sarif(report)).unwrap()
}

#[test]
fn every_log_is_valid() {
    for report in [everything(), Report::default()] {
        must_be_valid(&log(&report));
    }
    // The schema is looked at.
    let mut wrong = log(&everything());
    wrong["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!validator().is_valid(&wrong));
}

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[track_caller]
pub(crate) fn must_be_valid(log: &Value) {
    let validator = validator();
    let errors: Vec<_> = validator.iter_errors(log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn results_say_what_and_where() {
    let log = log(&everything());
    let run = &log["runs"][0];
    let result = &run["results"][0];
    let described = rule(run, result);
    assert_eq!(described["id"], "yaml-untyped");
    assert_eq!(described["defaultConfiguration"]["level"], "error");
    assert!(described["help"]["markdown"].as_str().unwrap().contains("```yaml"));
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "profiles/a.yaml");
    // In characters, although ä has two bytes.
    let region =
        json!({ "startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 11, "snippet": { "text": "yes" } });
    assert_eq!(place["region"], region);

    let fixed = &run["results"][1];
    let replacements = &fixed["fixes"][0]["artifactChanges"][0]["replacements"];
    assert_eq!(replacements[0]["deletedRegion"]["startColumn"], 6);
    assert_eq!(replacements[1]["deletedRegion"]["startColumn"], 8);
    assert_eq!(fixed["relatedLocations"][0]["message"]["text"], "it is set here first");

    let own = &run["results"][2];
    assert_eq!((&rule(run, own)["id"], &own["level"]), (&json!("somebodys-own-rule"), &json!("note")));
    assert_eq!(run["results"][3]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "the lab file's limits");

    let waived = &run["results"][5];
    assert_eq!(waived["suppressions"][0]["kind"], "external");
    let why = waived["suppressions"][0]["justification"].as_str().unwrap();
    assert!(why.contains("2026-12-24") && why.contains("somebody") && !why.contains('\u{1b}'), "{why}");
    assert_eq!(run["results"][0]["suppressions"], json!([]));
}

#[test]
fn a_run_that_could_not_judge_everything_is_no_success() {
    let invocation = log(&everything())["runs"][0]["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap().contains("not UTF-8"));
    assert_eq!(log(&Report::default())["runs"][0]["invocations"][0], json!({ "executionSuccessful": true }));
}

fn prints(texts: &[&str]) -> Vec<String> {
    let findings = texts.iter().map(|text| finding("a.yaml", text, "yes")).collect();
    let log = log(&Report { findings, ..Report::default() });
    let results = log["runs"][0]["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["partialFingerprints"]["podclaw/v1"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn fingerprints_stay_when_lines_move_and_tell_findings_apart() {
    let all = prints(&["a: yes\n", "# more\n\n  a:   yes\n", "b: yes\n"]);
    // The same line again is told apart by its order only.
    assert_eq!(all[1], all[0].replace(":1", ":2"));
    assert_ne!(all[0], all[2]);
    assert_eq!(prints(&["x: y\n# more\n  a:   yes\n"])[0], all[0]);
}
