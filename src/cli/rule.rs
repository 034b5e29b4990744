//! `podclaw rule`.

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{DONE, Failure};
use super::lint::look;
use crate::lint;
use crate::report;
use crate::rules::{Example, Rule, Trial, catalogue};

/// What `rule` takes.
#[derive(Debug, Args)]
pub(crate) struct RuleArgs {
    /// The rule to explain; without it, all are listed
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Print the reference of all rules as Markdown, which docs/rules.md is
    #[arg(long, hide = true, conflicts_with = "id")]
    markdown: bool,
}

#[expect(clippy::needless_pass_by_value, reason = "every command takes its arguments by value")]
pub(crate) fn run(args: RuleArgs, context: &Context) -> Result<u8, Failure> {
    let ui = &context.ui;
    let mut rules: Vec<_> = catalogue::all().collect();
    rules.sort_by_key(|rule| rule.id);
    if args.markdown {
        super::write_result(report::page().as_bytes(), ui)?;
    } else if let Some(id) = &args.id {
        let rule = catalogue::find(id).ok_or_else(|| unknown(id, &rules))?;
        if ui.json() {
            ui.say_json(&json!({ "rule": as_json(rule) }))?;
        } else {
            ui.say(report::explain(rule, look(ui)).trim_end());
        }
    } else if ui.json() {
        ui.say_json(&json!({ "rules": rules.iter().map(|rule| as_json(rule)).collect::<Vec<_>>() }))?;
    } else {
        let row = |rule: &&Rule| vec![rule.id.to_owned(), rule.severity.to_string(), rule.summary.to_owned()];
        ui.table(&["rule", "severity", "finds"], rules.iter().map(row).collect());
    }
    Ok(DONE)
}

fn unknown(id: &str, rules: &[&Rule]) -> Failure {
    let likeness = |rule: &Rule| strsim::normalized_damerau_levenshtein(id, rule.id);
    let closest = rules.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|rule| likeness(rule) > 0.5);
    let help = match closest {
        Some(rule) => format!("did you mean {}? `podclaw rule` lists all rules", rule.id),
        None => "`podclaw rule` lists all rules".into(),
    };
    Failure::usage(format!("there is no rule {:?}", crate::text::excerpt(id, 100)), help)
}

fn as_json(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "severity": rule.severity,
        "summary": rule.summary,
        "why": rule.why,
        "remedy": rule.remedy,
        "threats": rule.threats,
        "waivable": rule.waivable,
        "of_the_daemon": catalogue::of_the_daemon().any(|known| known.id == rule.id),
        "examples": rule.examples.iter().map(|example| as_tried(rule, example)).collect::<Vec<_>>(),
    })
}

fn as_tried(rule: &Rule, example: &Example) -> Value {
    let found = lint::example(example, example.bad).findings;
    let found = found.iter().filter(|finding| finding.rule == rule.id).map(ToString::to_string);
    json!({
        "path": example.path,
        "bad": example.bad,
        "good": example.good,
        "on_top_of_the_default_stack": example.trial == Trial::OnTop,
        "found": found.collect::<Vec<_>>(),
    })
}
