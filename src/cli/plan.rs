//! A plan of `init` as a diff.

use std::fmt::Write as _;

use anstyle::Style;

use crate::digest::Sha256;
use crate::lab::{Change, Plan, Step};
use crate::profile::Difference;
use crate::text;
use crate::ui::{BAD, CAUTION, FAINT, GOOD, STRONG};

/// The longest value that is shown, in characters; of a longer one, or one of several lines, the beginning and what
/// tells it from others.
const LONGEST: usize = 100;

/// The plan, line by line: each object, and below it what is added (`+`) and taken away (`-`).
///
/// What was made is shown in full only before it is made: afterwards nobody reads it.
pub(super) fn lines(plan: &Plan, dry_run: bool) -> Vec<String> {
    plan.steps.iter().flat_map(|step| of_step(step, dry_run)).collect()
}

fn of_step(step: &Step, dry_run: bool) -> Vec<String> {
    let (sign, style) = match &step.change {
        Change::Create(_) => ("+", GOOD),
        Change::Keep => ("=", FAINT),
        Change::Update(_) => ("~", CAUTION),
        Change::Hold(..) | Change::Unseen(_) => ("!", CAUTION),
    };
    let name = text::excerpt(&step.name, 64);
    let mut lines = vec![format!("{style}{sign}{style:#} {:14} {STRONG}{name}{STRONG:#}", step.kind)];
    if let Some(reason) = step.change.reason() {
        let what = if matches!(step.change, Change::Hold(..)) { "held back" } else { "not seen" };
        lines.push(format!("    {CAUTION}{what}{CAUTION:#}: {}", text::excerpt(reason, 600)));
    }
    if dry_run || !matches!(step.change, Change::Create(_)) {
        lines.extend(step.change.differences().iter().flat_map(of_difference));
    }
    lines
}

fn of_difference(difference: &Difference) -> Vec<String> {
    let sides: [(&str, Style, &Option<String>); 2] = [("-", BAD, &difference.old), ("+", GOOD, &difference.new)];
    let key = text::excerpt(&difference.key, 160);
    let line = |(sign, style, value): (&str, Style, &Option<String>)| {
        let value = value.as_deref()?;
        let value = if value.is_empty() { String::new() } else { format!(": {}", shown(value)) };
        Some(format!("    {style}{sign} {key}{value}{style:#}"))
    };
    sides.into_iter().filter_map(line).collect()
}

/// A value on one line. A long one is told by its size and digest: two that begin alike may differ.
fn shown(value: &str) -> String {
    let is_short = !value.contains('\n') && value.chars().nth(LONGEST).is_none();
    if is_short {
        return text::excerpt(value, LONGEST);
    }
    let digest = Sha256::of(value.as_bytes());
    let first = value.lines().next().unwrap_or_default();
    let mut shown = text::excerpt(first, LONGEST / 2);
    if !shown.ends_with('…') {
        shown.push('…');
    }
    let count = value.lines().count();
    let lines = if count > 1 { format!("{count} lines, ") } else { String::new() };
    let _ = write!(shown, " ({lines}{} bytes, sha256 {})", value.len(), &digest.hex()[..12]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Held;

    fn difference(key: &str, old: Option<&str>, new: Option<&str>) -> Difference {
        Difference { key: key.into(), old: old.map(Into::into), new: new.map(Into::into) }
    }

    /// Without the colours.
    fn plain(change: Change, dry_run: bool) -> Vec<String> {
        let plan = Plan { steps: vec![Step { kind: "network", name: "t1br0".into(), change }], ..Plan::default() };
        lines(&plan, dry_run).iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn a_change_shows_both_sides() {
        let all =
            vec![difference("ipv4.nat", Some("false"), Some("true")), difference("egress[allow ]", Some(""), None)];
        assert_eq!(
            plain(Change::Update(all), false),
            ["~ network        t1br0", "    - ipv4.nat: false", "    + ipv4.nat: true", "    - egress[allow ]"]
        );
        let held = Held { reason: "a runs".into(), can_disrupt: true };
        assert_eq!(plain(Change::Hold(Vec::new(), held), false)[1], "    held back: a runs");
        let all = || Change::Create(vec![difference("type", None, Some("bridge"))]);
        assert_eq!(plain(all(), true).len(), 2);
        assert_eq!(plain(all(), false).len(), 1);
    }

    #[test]
    fn nothing_long_and_nothing_hostile_is_shown() {
        let long = "address=/a/\n".repeat(100_000);
        let shown = plain(Change::Update(vec![difference("raw.dnsmasq", Some("a\u{1b}[2J"), Some(&long))]), true);
        assert_eq!(shown[1], "    - raw.dnsmasq: a\\u{1b}[2J");
        assert!(
            shown[2].starts_with("    + raw.dnsmasq: address=/a/… (100000 lines, 1200000 bytes, sha256 "),
            "{shown:?}"
        );
        let other = plain(Change::Update(vec![difference("raw.dnsmasq", None, Some(&(long + "b")))]), true);
        assert_ne!(shown[2], other[1], "they begin alike");
    }
}
