//! `JUnit` XML: a suite for each file or object in which there is something, a case for each finding.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Document, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::summary;
use crate::lint::{Judged, Report, Waived};
use crate::place::Origin;
use crate::rules::{Finding, Severity};
use crate::text::excerpt;

pub(super) fn render(report: &Report) -> Result<String, SerializeError> {
    let command = report.judged.command();
    let mut suites: BTreeMap<String, Vec<TestCase>> = BTreeMap::new();
    for found in &report.findings {
        suites.entry(file(found)).or_default().push(finding(command, found));
    }
    for found in &report.waived {
        suites.entry(file(&found.finding)).or_default().push(waived(command, found));
    }
    for failure in &report.failures {
        let name = excerpt(&failure.name, 4096);
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(excerpt(&failure.reason, 1000)).set_type("not judged");
        suites.entry(name).or_default().push(case(command, "it can be judged", status));
    }
    let mut document = Document::new(command);
    // Services take a document without any case for a run that failed.
    let mut whole = TestSuite::new(command);
    let judged = summary::judged(report);
    let judged = if matches!(report.judged, Judged::Files(_)) { format!("{judged} judged") } else { judged };
    whole.add_test_case(case(command, &judged, TestCaseStatus::success()));
    document.add_test_suite(whole);
    for (name, cases) in suites {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(cases);
        document.add_test_suite(suite);
    }
    document.to_string()
}

fn file(finding: &Finding) -> String {
    match &finding.origin {
        Origin::File(place) => excerpt(&place.source.name, 4096),
        Origin::Named(name) => excerpt(name, 200),
    }
}

fn finding(command: &str, finding: &Finding) -> TestCase {
    let mut status = match finding.severity {
        Severity::Error | Severity::Warning => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Note => TestCaseStatus::success(),
    };
    let message = format!("{}: {}", finding.severity, excerpt(&finding.message, 500));
    let remedy = excerpt(&finding.remedy, 1000);
    let description = format!("{}: {message}\nhelp: {remedy}", finding.origin);
    status.set_message(message).set_type(excerpt(&finding.rule, 100)).set_description(description.clone());
    let mut case = case(command, &name(finding), status);
    if finding.severity == Severity::Note {
        case.set_system_out(description);
    }
    case
}

fn waived(command: &str, waived: &Waived) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!(
        "waived until {} by {}: {}",
        waived.expires,
        excerpt(&waived.owner, 100),
        excerpt(&waived.reason, 500)
    ));
    case(command, &name(&waived.finding), status)
}

fn name(finding: &Finding) -> String {
    let line = finding.place().map_or_else(String::new, |place| format!(" in line {}", place.span.line));
    excerpt(&format!("{} {}{line}", finding.rule, finding.subject), 300)
}

fn case(command: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(command);
    case
}
