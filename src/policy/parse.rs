//! The verdicts out of a tree.

use std::sync::Arc;

use super::{Bringer, Constraint, Policy, Row, Verdict};
use crate::yaml::{Document, Node, Problem};

const FIELDS: [&str; 13] = [
    "rule", "threat", "verdict", "must", "from", "reason", "remedy", "keys", "of", "types", "nictypes", "settings",
    "warnings",
];

/// What a group may be about; a group is about one of these.
const LISTS: [&str; 5] = ["keys", "types", "nictypes", "settings", "warnings"];

/// Adds all groups of a document.
pub(super) fn groups(document: &Document, policy: &mut Policy) -> Result<(), Problem> {
    document.sequence(&document.root)?.iter().try_for_each(|node| group(document, node, policy))
}

fn group(document: &Document, node: &Node, policy: &mut Policy) -> Result<(), Problem> {
    let mapping = document.mapping(node)?;
    if let Some(problem) = document.unknown_fields(mapping, &FIELDS).pop() {
        return Err(problem);
    }
    let row = Arc::new(row(document, node)?);
    let mut lists = LISTS.iter().filter_map(|name| Some((*name, mapping.get(name)?)));
    let (Some((name, list)), None) = (lists.next(), lists.next()) else {
        return Err(
            document.bad_value(node, "a group is about one of `keys`, `types`, `nictypes`, `settings`, `warnings`")
        );
    };
    let keys = match (name, mapping.get("of")) {
        ("keys", None) => &mut policy.config,
        ("keys", Some(of)) => policy.devices.entry(document.string(of)?.to_owned()).or_default(),
        ("types", None) => &mut policy.types,
        ("nictypes", None) => &mut policy.nictypes,
        ("settings", None) => &mut policy.settings,
        ("warnings", None) => &mut policy.warnings,
        _ => return Err(document.bad_value(node, "`of` goes with `keys`")),
    };
    for name in document.sequence(list)? {
        if !keys.add(document.string(name)?, &row) {
            return Err(document.bad_value(name, "this is there twice"));
        }
    }
    Ok(())
}

fn row(document: &Document, node: &Node) -> Result<Row, Problem> {
    let mapping = document.mapping(node)?;
    let text = |name| document.required(node, name).and_then(|value| document.string(value)).map(str::to_owned);
    let verdict = document.required(node, "verdict")?;
    let row = Row {
        verdict: match document.string(verdict)? {
            "allow" => Verdict::Allow,
            "constrain" => Verdict::Constrain,
            "require" => Verdict::Require,
            "deny" => Verdict::Deny,
            "deny-unless-waived" => Verdict::DenyUnlessWaived,
            _ => return Err(document.bad_value(verdict, "this is not a verdict")),
        },
        must: mapping.get("must").map(|must| constraint(document, must)).transpose()?,
        from: mapping.get("from").map(|from| bringer(document, from)).transpose()?,
        rule: text("rule")?,
        threat: text("threat")?,
        reason: text("reason")?,
        remedy: mapping.get("remedy").map(|remedy| document.string(remedy).map(str::to_owned)).transpose()?,
    };
    // The types are constrained by their keys, so that they alone need no `must`.
    let is_type = mapping.get("types").is_some();
    let fits = match row.verdict {
        Verdict::Allow | Verdict::Deny => row.must.is_none(),
        Verdict::Constrain => row.must.is_some() || is_type,
        Verdict::Require => row.must.is_some(),
        Verdict::DenyUnlessWaived => true,
    };
    if fits { Ok(row) } else { Err(document.bad_value(verdict, "`must` does not fit this verdict")) }
}

fn bringer(document: &Document, node: &Node) -> Result<Bringer, Problem> {
    match document.string(node)? {
        "instance" => Ok(Bringer::Instance),
        "daemon" => Ok(Bringer::Daemon),
        _ => Err(document.bad_value(node, "it must be instance or daemon")),
    }
}

fn constraint(document: &Document, node: &Node) -> Result<Constraint, Problem> {
    if let Ok(mapping) = document.mapping(node) {
        let [entry] = mapping.entries.as_slice() else {
            return Err(document.bad_value(node, "it must have one key"));
        };
        let value = &entry.value;
        return match entry.key.text.as_str() {
            "exactly" => Ok(Constraint::Exactly(document.string(value)?.into())),
            "one-of" => {
                let words = document.sequence(value)?.iter().map(|word| document.string(word).map(str::to_owned));
                Ok(Constraint::OneOf(words.collect::<Result<_, _>>()?))
            }
            "integer" => match document.sequence(value)? {
                [least, most] => Ok(Constraint::Integer(document.integer(least)?, document.integer(most)?)),
                _ => Err(document.bad_value(value, "it must be the least and the most")),
            },
            "memory" => Ok(Constraint::Memory(document.integer(value)?)),
            "rlimit" => Ok(Constraint::ResourceLimit(document.integer(value)?)),
            _ => Err(document.bad_value(node, "this is not a constraint")),
        };
    }
    match document.string(node)? {
        "is-true" => Ok(Constraint::True),
        "is-false" => Ok(Constraint::False),
        "is-bool" => Ok(Constraint::Bool),
        "cpus" => Ok(Constraint::Cpus),
        "hard-allowance" => Ok(Constraint::HardAllowance),
        "size" => Ok(Constraint::Size),
        "rate" => Ok(Constraint::Rate),
        "bits" => Ok(Constraint::Bits),
        "lab-pool" => Ok(Constraint::LabPool),
        "lab-network" => Ok(Constraint::LabNetwork),
        "lab-mark" => Ok(Constraint::LabMark),
        "other-pool" => Ok(Constraint::OtherPool),
        "loopback" => Ok(Constraint::Loopback),
        "no-password" => Ok(Constraint::NoPassword),
        "own-key" => Ok(Constraint::OwnKey),
        "interface-name" => Ok(Constraint::InterfaceName),
        "user-data" => Ok(Constraint::UserData),
        _ => Err(document.bad_value(node, "this is not a constraint")),
    }
}
