//! For people.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};

use super::frame::frame;
use super::masked::Masked;
use super::{objects, summary};
use crate::lint::{Judged, Report, Waived};
use crate::place::{Origin, Place};
use crate::rules::{Finding, Severity, catalogue};
use crate::text::excerpt;
use crate::ui::{BAD, CAUTION, FAINT, GOOD, HINT, STRONG};

/// So many findings are shown with their lines of text, the others in one line each.
const FRAMES: usize = 100;
/// So many are shown at all.
const SHOWN: usize = 1000;

/// How a report for people looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The width of the terminal; `None` where it is not for one.
    pub width: Option<usize>,
    /// Whether only findings and failures are said.
    pub quiet: bool,
}

pub(super) fn render(report: &Report, look: Look) -> String {
    let mut out = match report.judged {
        Judged::Files(_) => findings(&report.findings, look),
        Judged::Objects(_) => objects::render(&report.findings, look),
    };
    for failure in &report.failures {
        let name = excerpt(&failure.name, 4096);
        let _ = writeln!(out, "{BAD}error{BAD:#}: cannot judge {name}: {}\n", excerpt(&failure.reason, 1000));
    }
    if look.quiet {
        return out;
    }
    for waived in &report.waived {
        self::waived(&mut out, waived);
    }
    end(&mut out, report);
    out
}

pub(super) fn findings(findings: &[Finding], look: Look) -> String {
    let mut out = String::new();
    let mut masked = Masked::default();
    let renderer = renderer(look);
    let wanted = findings.iter().filter(|finding| finding.counts() || !look.quiet);
    for (count, finding) in wanted.clone().take(SHOWN).enumerate() {
        if finding.counts() && count < FRAMES {
            framed(&mut out, finding, &renderer, look, &mut masked);
        } else {
            short(&mut out, finding);
        }
    }
    let left = wanted.count().saturating_sub(SHOWN);
    if left > 0 {
        let _ = writeln!(out, "{STRONG}and {left} more{STRONG:#}: `--format json` shows all of them\n");
    }
    out
}

fn renderer(look: Look) -> Renderer {
    let decor = if look.width.is_some() { DecorStyle::Unicode } else { DecorStyle::Ascii };
    // The frames are cut already, around what is meant.
    Renderer::styled().decor_style(decor).term_width(10_000)
}

/// A finding with the lines of text that it is about.
fn framed<'a>(out: &mut String, finding: &'a Finding, renderer: &Renderer, look: Look, masked: &mut Masked<'a>) {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = excerpt(&finding.message, 500);
    let mut frames = Frames { elements: Vec::new(), columns: Vec::new(), width: frame_width(look), masked };
    let title = match &finding.origin {
        Origin::File(place) => {
            frames.add(place, AnnotationKind::Primary, message.clone());
            // A user's own rule is in no catalogue.
            catalogue::find(&finding.rule).map_or(message, |rule| rule.summary.to_owned())
        }
        Origin::Named(name) => format!("{}: {message}", excerpt(name, 200)),
    };
    for related in &finding.related {
        let message = excerpt(&related.message, 500);
        match &related.origin {
            Origin::File(place) => frames.add(place, AnnotationKind::Context, message),
            Origin::Named(name) => {
                frames.elements.push(Level::NOTE.message(format!("{}: {message}", excerpt(name, 200))).into());
            }
        }
    }
    let Frames { mut elements, columns, .. } = frames;
    elements.push(Level::HELP.message(excerpt(&finding.remedy, 1000)).into());
    if let Some(fix) = &finding.fix {
        let hint = format!("{}: `podclaw lint --fix` does it", excerpt(&fix.what, 200));
        elements.push(Level::HELP.with_name("fix").message(hint).into());
    }
    let group: Group<'_> = level.primary_title(title).id(excerpt(&finding.rule, 100)).elements(elements);
    let mut shown = renderer.render(&[group]);
    for (as_shown, real) in columns {
        shown = shown.replacen(&as_shown, &real, 1);
    }
    let _ = writeln!(out, "{shown}\n");
}

/// The lines of text of one finding.
struct Frames<'a, 'b> {
    elements: Vec<Element<'b>>,
    /// Locations as they are rendered, and as they are. They differ where a line is cut or something in it escaped.
    columns: Vec<(String, String)>,
    width: usize,
    masked: &'b mut Masked<'a>,
}

impl<'a> Frames<'a, '_> {
    fn add(&mut self, place: &'a Place, kind: AnnotationKind, label: String) {
        let span = place.span;
        let name = excerpt(&place.source.name, 4096);
        let frame = frame(self.masked.text(&place.source), span, self.width);
        let column = frame.line[..frame.marked.start].chars().count() + 1;
        if column != span.column {
            let at = format!("{name}:{}:", span.line);
            self.columns.push((format!("{at}{column}"), format!("{at}{}", span.column)));
        }
        let annotation = kind.span(frame.marked).label(label);
        self.elements.push(Snippet::source(frame.line).path(name).line_start(span.line).annotation(annotation).into());
    }
}

fn frame_width(look: Look) -> usize {
    look.width.unwrap_or(140).clamp(40, 200) - 12
}

/// A finding in one line, or two.
fn short(out: &mut String, finding: &Finding) {
    let style = match finding.severity {
        Severity::Error => BAD,
        Severity::Warning => CAUTION,
        Severity::Note => HINT,
    };
    let (severity, rule) = (finding.severity, excerpt(&finding.rule, 100));
    let message = excerpt(&finding.message, 500);
    let _ = writeln!(
        out,
        "{style}{severity}[{rule}]{style:#}: {}: {message}\n  {FAINT}= help: {}{FAINT:#}\n",
        finding.origin,
        excerpt(&finding.remedy, 1000)
    );
}

fn waived(out: &mut String, waived: &Waived) {
    let Waived { finding, reason, owner, expires } = waived;
    let _ = writeln!(
        out,
        "{HINT}waived[{}]{HINT:#}: {}: {}\n  {FAINT}= {} answers for it until {expires}: {}{FAINT:#}\n",
        excerpt(&finding.rule, 100),
        finding.origin,
        excerpt(&finding.message, 500),
        excerpt(owner, 100),
        excerpt(reason, 500)
    );
}

fn end(out: &mut String, report: &Report) {
    let judged = summary::judged(report);
    let found = summary::found(report);
    // A file is refused before it does anything; an object is there already.
    let bad = if matches!(report.judged, Judged::Files(_)) { "refused" } else { "failed" };
    let (style, word) = if !report.failures.is_empty() {
        (BAD, "not judged")
    } else if report.has_findings() {
        (BAD, bad)
    } else {
        (GOOD, "passed")
    };
    let rest = if found.is_empty() { "nothing found".into() } else { found };
    let _ = writeln!(out, "{style}{word}{style:#}: {judged}: {rest}");
    let mends = report.findings.iter().filter(|finding| finding.fix.is_some()).count();
    if mends > 0 {
        let _ = writeln!(
            out,
            "{HINT}help{HINT:#}: `podclaw lint --fix` mends {mends} of them, `--fix --dry-run` shows how"
        );
    }
    if report.has_findings() {
        let _ = writeln!(out, "{HINT}help{HINT:#}: `podclaw rule ID` explains a rule");
    }
}
