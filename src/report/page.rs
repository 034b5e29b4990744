//! What is said of a rule: the page of `podclaw rule ID`, and the reference of all of them.

use std::fmt::Write as _;

use super::human::{self, Look};
use crate::lint;
use crate::rules::{Example, Finding, Rule, Trial, catalogue, quadlet};
use crate::ui::{FAINT, STRONG};

/// One rule, for people.
#[must_use]
pub fn explain(rule: &'static Rule, look: Look) -> String {
    let mut out = String::new();
    let width = look.width.unwrap_or(100).clamp(40, 100);
    let _ = writeln!(out, "{STRONG}{}{STRONG:#} ({}): {}\n", rule.id, rule.severity, rule.summary);
    let mut part = |title: &str, text: &str| {
        let _ = writeln!(out, "{STRONG}{title}{STRONG:#}\n{}\n", wrapped(text, width));
    };
    part("Why", rule.why);
    part("What to do", &sentence(rule.remedy));
    part("Waivers", waivers(rule));
    part("Threats", &rule.threats.join(", "));
    if is_of_the_daemon(rule) {
        part("Judged by", OF_THE_DAEMON);
    }
    for example in rule.examples {
        let _ = writeln!(out, "{STRONG}Found in{STRONG:#} {}{}", example.path, on_top(example));
        let _ = writeln!(out, "{}", numbered(example.bad));
        out.push_str(&human::findings(&found(rule, example), look));
        if !example.good.is_empty() {
            let _ = writeln!(out, "{STRONG}Right{STRONG:#}\n{}", numbered(example.good));
        }
    }
    out
}

/// The reference of all rules, as Markdown.
#[must_use]
pub fn page() -> String {
    let mut out = String::from(
        "# The rules of podclaw\n\n\
         <!-- Made by `make docs` from src/rules; a test fails when it is stale. -->\n\n\
         `podclaw rule` lists the rules, `podclaw rule ID` explains one. An *error* says that the containment does not \
         hold or cannot be judged, a *warning* that it holds less well; both end podclaw with code 1. A *note* is good \
         to know.\n\n\
         | rule | severity | finds |\n|---|---|---|\n",
    );
    let mut rules: Vec<_> = catalogue::all().collect();
    rules.sort_by_key(|rule| rule.id);
    for rule in &rules {
        let _ = writeln!(out, "| [{0}](#{0}) | {1} | {2} |", rule.id, rule.severity, cell(rule.summary));
    }
    for rule in &rules {
        let _ = write!(out, "\n## {}\n\n**{}**: {}.\n\n", rule.id, rule.severity, rule.summary);
        out.push_str(&help(rule, &printed));
    }
    out
}

/// The body of a rule's page without what the rule finds in its examples, which takes long for all rules.
pub(super) fn short_help(rule: &'static Rule) -> String {
    help(rule, &|_, _| String::new())
}

/// The body of a rule's page, as Markdown. `printed` says what is found in an example.
fn help(rule: &'static Rule, printed: &dyn Fn(&Rule, &Example) -> String) -> String {
    let mut out = String::new();
    let threats: Vec<_> = rule.threats.iter().map(|threat| format!("`{threat}`")).collect();
    let _ = writeln!(out, "{}\n", rule.why);
    let _ = writeln!(out, "**What to do:** {}\n", sentence(rule.remedy));
    let _ = writeln!(out, "**Threats:** {}. **Waivers:** {}", threats.join(", "), waivers(rule));
    if is_of_the_daemon(rule) {
        let _ = writeln!(out, "\n**Judged by:** {OF_THE_DAEMON}");
    }
    for example in rule.examples {
        let language = language(example.path);
        let _ = writeln!(out, "\nFound in `{}`{}:\n\n{}", example.path, on_top(example), block(language, example.bad));
        out.push_str(&printed(rule, example));
        if !example.good.is_empty() {
            let _ = writeln!(out, "\nRight:\n\n{}", block(language, example.good));
        }
    }
    out
}

/// What the rule really finds in its bad example, as it is printed.
fn printed(rule: &Rule, example: &Example) -> String {
    let findings = human::findings(&found(rule, example), Look { width: None, quiet: false });
    format!("\n{}\n", block("text", anstream::adapter::strip_str(&findings).to_string().trim_end()))
}

/// What the rule really finds in its bad example.
fn found(rule: &Rule, example: &Example) -> Vec<Finding> {
    let mut found = lint::example(example, example.bad).findings;
    found.retain(|finding| finding.rule == rule.id);
    found
}

/// What is said of a rule that no example in a file can show.
const OF_THE_DAEMON: &str = "`podclaw audit`, which looks at the daemon.";

fn is_of_the_daemon(rule: &Rule) -> bool {
    catalogue::of_the_daemon().any(|known| known.id == rule.id)
}

fn on_top(example: &Example) -> &'static str {
    match example.trial {
        Trial::Alone => "",
        Trial::OnTop => ", on top of guest and standard",
    }
}

fn waivers(rule: &Rule) -> &'static str {
    if rule.waivable { "a waiver may set it aside." } else { "no waiver sets it aside." }
}

/// An instruction as a sentence.
pub(super) fn sentence(instruction: &str) -> String {
    let mut chars = instruction.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

fn language(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("yaml" | "yml" | "j2") => "yaml",
        Some("json") => "json",
        Some("sh") => "sh",
        Some(extension) if quadlet::is_ending(extension) => "ini",
        _ => "text",
    }
}

/// A block of code. Its fence is longer than any in the text.
fn block(language: &str, text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    let shown = crate::text::escape(text);
    format!("{fence}{language}\n{}\n{fence}", shown.strip_suffix('\n').unwrap_or(&shown))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn numbered(text: &str) -> String {
    let mut out = String::new();
    for (line, text) in text.lines().enumerate() {
        let _ = writeln!(out, "{FAINT}{:>4} |{FAINT:#} {}", line + 1, crate::text::escape(text));
    }
    out
}

/// A text in lines of at most `width` characters. None of its words is cut.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            out.push('\n');
            length = 0;
        } else if length > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += letters;
    }
    out
}
