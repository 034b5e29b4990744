//! SARIF 2.1.0, as code scanning takes it.

mod model;
mod uri;

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;

use self::model::{
    ArtifactChange, ArtifactLocation, Configuration, Content, Descriptor, Driver, Fingerprints as Prints, Invocation,
    Level, Location, Log, LogicalLocation, Message, Notification, PhysicalLocation, Replacement, Run, SarifFix,
    SarifResult, Suppression, TextRegion, Tool,
};
use super::fingerprint::Fingerprints;
use super::masked::Masked;
use super::page;
use super::region::Region;
use crate::lint::{Failure, Judged, Report, Waived};
use crate::place::{Origin, Place};
use crate::rules::own::OwnRule;
use crate::rules::{Finding, Fix, Rule, Severity, catalogue};
use crate::text::excerpt;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The longest part of a text that is shown, in bytes.
const LONGEST_SNIPPET: usize = 2000;

pub(super) fn render(report: &Report) -> impl Serialize + use<> {
    let mut writer = Writer::new(&report.own_rules);
    let mut results: Vec<_> = report.findings.iter().map(|finding| writer.result(finding)).collect();
    results.extend(report.waived.iter().map(|waived| writer.waived(waived)));
    let notifications: Vec<_> = report.failures.iter().map(|failure| notification(failure, &report.judged)).collect();
    let driver = Driver { name: "podclaw", semantic_version: env!("CARGO_PKG_VERSION"), rules: writer.rules };
    let invocation =
        Invocation { execution_successful: notifications.is_empty(), tool_execution_notifications: notifications };
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, invocations: [invocation], column_kind: "unicodeCodePoints", results }],
    }
}

struct Writer<'a> {
    rules: Vec<Descriptor>,
    indices: HashMap<String, usize>,
    masked: Masked<'a>,
    prints: Fingerprints,
}

impl<'a> Writer<'a> {
    fn new(own: &[OwnRule]) -> Self {
        let rules: Vec<_> = catalogue::all().map(descriptor).chain(own.iter().map(own_descriptor)).collect();
        let indices = rules.iter().enumerate().map(|(index, rule)| (rule.id.clone(), index)).collect();
        Self { rules, indices, masked: Masked::default(), prints: Fingerprints::default() }
    }

    fn waived(&mut self, waived: &'a Waived) -> SarifResult {
        let justification = format!(
            "{} (until {}, {} answers for it)",
            excerpt(&waived.reason, 1000),
            waived.expires,
            excerpt(&waived.owner, 100)
        );
        let suppression = Suppression { kind: "external", status: "accepted", justification };
        SarifResult { suppressions: vec![suppression], ..self.result(&waived.finding) }
    }

    fn result(&mut self, finding: &'a Finding) -> SarifResult {
        let message = excerpt(&finding.message, 500);
        let text = format!("{message}. What to do: {}.", excerpt(&finding.remedy, 1000));
        let related = finding.related.iter().enumerate();
        let related = related.map(|(id, related)| {
            let message = Message::from(excerpt(&related.message, 500));
            Location { id: Some(id), message: Some(message), ..self.location(&related.origin) }
        });
        SarifResult {
            related_locations: related.collect(),
            rule_id: finding.rule.to_string(),
            rule_index: self.rule_index(finding),
            level: level(finding.severity),
            message: text.into(),
            locations: vec![self.location(&finding.origin)],
            partial_fingerprints: Prints { podclaw: self.prints.next(finding, &mut self.masked) },
            fixes: finding
                .place()
                .zip(finding.fix.as_ref())
                .map(|(place, mend)| fix(place, mend))
                .into_iter()
                .collect(),
            suppressions: Vec::new(),
            properties: json!({ "subject": finding.subject, "waivable": finding.waivable }),
        }
    }

    /// Where the rule of a finding is described. One that nobody describes is only known by its findings.
    fn rule_index(&mut self, finding: &Finding) -> usize {
        *self.indices.entry(finding.rule.to_string()).or_insert_with(|| {
            self.rules.push(Descriptor {
                id: finding.rule.to_string(),
                short_description: None,
                full_description: None,
                help: None,
                default_configuration: Configuration { level: level(finding.severity) },
                properties: None,
            });
            self.rules.len() - 1
        })
    }

    fn location(&mut self, origin: &'a Origin) -> Location {
        match origin {
            Origin::File(place) => {
                let part = self.masked.part(place);
                let short = !part.is_empty() && part.len() <= LONGEST_SNIPPET;
                let snippet = short.then(|| Content { text: part.to_owned() });
                let region = Some(TextRegion { snippet, ..text_region(place) });
                let physical_location = PhysicalLocation { artifact_location: artifact(&place.source.name), region };
                Location { physical_location: Some(physical_location), ..Location::default() }
            }
            Origin::Named(name) => logical(name),
        }
    }
}

fn descriptor(rule: &'static Rule) -> Descriptor {
    let help = Message {
        text: format!("{} {}", rule.why, page::sentence(rule.remedy)),
        markdown: Some(page::short_help(rule)),
    };
    let mut tags = vec!["security".to_owned()];
    tags.extend(rule.threats.iter().map(|threat| format!("threat/{threat}")));
    Descriptor {
        id: rule.id.to_owned(),
        short_description: Some(rule.summary.to_owned().into()),
        full_description: Some(rule.why.to_owned().into()),
        help: Some(help),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: Some(json!({ "tags": tags, "waivable": rule.waivable })),
    }
}

fn own_descriptor(rule: &OwnRule) -> Descriptor {
    Descriptor {
        id: rule.id.clone(),
        short_description: Some(excerpt(&rule.summary, 500).into()),
        full_description: Some(excerpt(&rule.why, 2000).into()),
        help: Some(excerpt(&format!("{} {}", rule.why, page::sentence(&rule.remedy)), 3000).into()),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: Some(json!({ "tags": ["security", "own"], "waivable": rule.waivable })),
    }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note => Level::Note,
    }
}

fn logical(name: &str) -> Location {
    let name = LogicalLocation { fully_qualified_name: excerpt(name, 200) };
    Location { logical_locations: vec![name], ..Location::default() }
}

fn artifact(name: &str) -> ArtifactLocation {
    ArtifactLocation { uri: uri::of_path(name) }
}

fn text_region(place: &Place) -> TextRegion {
    let Region { line, column, end_line, end_column } = Region::of(place);
    TextRegion { start_line: line, start_column: column, end_line, end_column, snippet: None }
}

fn fix(place: &Place, fix: &Fix) -> SarifFix {
    let replacements = fix.edits.iter().map(|edit| Replacement {
        deleted_region: text_region(&place.source.place(edit.bytes.clone())),
        inserted_content: (!edit.text.is_empty()).then(|| Content { text: edit.text.clone() }),
    });
    let change =
        ArtifactChange { artifact_location: artifact(&place.source.name), replacements: replacements.collect() };
    SarifFix { description: excerpt(&fix.what, 200).into(), artifact_changes: [change] }
}

fn notification(failure: &Failure, judged: &Judged) -> Notification {
    let name = excerpt(&failure.name, 4096);
    let location = match judged {
        Judged::Files(_) => {
            let physical_location = PhysicalLocation { artifact_location: artifact(&failure.name), region: None };
            Location { physical_location: Some(physical_location), ..Location::default() }
        }
        Judged::Objects(_) => logical(&failure.name),
    };
    Notification {
        level: Level::Error,
        message: format!("cannot judge {name}: {}", excerpt(&failure.reason, 1000)).into(),
        locations: vec![location],
    }
}
