//! For programs. The format is documented in docs/reports.md and carries a version.

use serde_json::{Map, Value, json};

use super::fingerprint::Fingerprints;
use super::masked::Masked;
use super::region::Region;
use crate::lint::{Judged, Report};
use crate::place::Origin;
use crate::rules::{Finding, Fix, Severity};
use crate::text::excerpt;

pub(super) fn render(report: &Report) -> Value {
    let mut masked = Masked::default();
    let mut prints = Fingerprints::default();
    let findings: Vec<_> = report.findings.iter().map(|found| finding(found, &mut prints, &mut masked)).collect();
    let waived = report.waived.iter().map(|waived| {
        json!({
            "finding": finding(&waived.finding, &mut prints, &mut masked),
            "reason": waived.reason,
            "owner": waived.owner,
            "expires": waived.expires,
        })
    });
    let waived: Vec<_> = waived.collect();
    let failures = report.failures.iter().map(|failure| json!({ "name": failure.name, "reason": failure.reason }));
    let mut value = match &report.judged {
        Judged::Files(files) => json!({ "files": files, "stacks": report.stacks }),
        Judged::Objects(kinds) => {
            json!({ "objects": kinds.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))).collect::<Map<_, _>>() })
        }
    };
    let rest = json!({
        "summary": {
            "errors": report.count(Severity::Error),
            "warnings": report.count(Severity::Warning),
            "notes": report.count(Severity::Note),
            "waived": report.waived.len(),
            "failures": report.failures.len(),
        },
        "findings": findings,
        "waived": waived,
        "failures": failures.collect::<Vec<_>>(),
    });
    if let (Some(value), Value::Object(rest)) = (value.as_object_mut(), rest) {
        value.extend(rest);
    }
    value
}

fn finding<'a>(finding: &'a Finding, prints: &mut Fingerprints, masked: &mut Masked<'a>) -> Value {
    let related = finding.related.iter().map(|related| {
        let mut value = origin(&related.origin);
        value["message"] = json!(related.message);
        value
    });
    let mut value = origin(&finding.origin);
    value["rule"] = json!(finding.rule);
    value["severity"] = json!(finding.severity);
    value["subject"] = json!(finding.subject);
    value["message"] = json!(finding.message);
    value["remedy"] = json!(finding.remedy);
    value["waivable"] = json!(finding.waivable);
    value["related"] = related.collect();
    value["fix"] = finding.fix.as_ref().map_or(Value::Null, fix);
    value["fingerprint"] = json!(prints.next(finding, masked));
    value
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::File(place) => {
            let Region { line, column, end_line, end_column } = Region::of(place);
            json!({ "origin": "file", "location": {
                "file": place.source.name,
                "line": line,
                "column": column,
                "end_line": end_line,
                "end_column": end_column,
                "start_byte": place.span.start,
                "end_byte": place.span.end,
            }})
        }
        Origin::Named(name) => json!({ "origin": excerpt(name, 200), "location": null }),
    }
}

fn fix(fix: &Fix) -> Value {
    let edits = fix.edits.iter();
    let edits =
        edits.map(|edit| json!({ "start_byte": edit.bytes.start, "end_byte": edit.bytes.end, "text": edit.text }));
    json!({ "what": fix.what, "edits": edits.collect::<Vec<_>>() })
}
