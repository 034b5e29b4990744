//! What all guests of a lab may have together.

use super::choices::at;
use crate::profile::{CpuLimit, DEFAULT_STACK, Layer, Library, ProcessLimit, Size};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;
use crate::yaml::{Document, Node};

pub(super) static MISFIT: Rule = Rule {
    id: "lab-totals-misfit",
    severity: Severity::Error,
    summary: "a total that not even one guest fits into, or that Incus can't add up",
    why: "Incus adds up the limits of all guests, as plain amounts. A share of the host's memory or a set of CPUs can't be \
          added up, and where one guest may have more than all together, none can be made: `podclaw init` refuses both.",
    remedy: "raise the total, or lower the limit; give limits as plain amounts where there is a total",
    threats: &["limits"],
    waivable: false,
    examples: &[
        Example {
            path: "podclaw.yaml",
            bad: "totals:\n  memory: 2GiB\n",
            good: "limits:\n  memory: 2GiB\ntotals:\n  memory: 2GiB\n",
            trial: Trial::Alone,
        },
        Example {
            path: "podclaw.yaml",
            bad: "limits:\n  cpu: \"0-3\"\ntotals:\n  cpu: \"8\"\n",
            good: "limits:\n  cpu: \"4\"\ntotals:\n  cpu: \"8\"\n",
            trial: Trial::Alone,
        },
    ],
};

pub(super) static TOTALS: Rule = Rule {
    id: "lab-totals",
    severity: Severity::Warning,
    summary: "totals that keep nobody from using up the host, or the pool",
    why: "Limits of each guest do not limit how many there are. Without a total over them, or with one that is more than \
          there is, all guests together can take what the host itself needs.",
    remedy: "leave the total out for podclaw's own default, 80% of what the host has, or lower it",
    threats: &["limits"],
    waivable: true,
    examples: &[
        Example {
            path: "podclaw.yaml",
            bad: "limits:\n  memory: 25%\n",
            good: "limits:\n  memory: 4GiB\n",
            trial: Trial::Alone,
        },
        Example {
            path: "podclaw.yaml",
            bad: "totals:\n  disk: 40GiB\n",
            good: "pool:\n  size: 60GiB\ntotals:\n  disk: 40GiB\n",
            trial: Trial::Alone,
        },
    ],
};

/// The most processes that a kernel of 64 bits can have.
const MOST_PROCESSES: u64 = 4_194_304;

struct Limit {
    total: &'static str,
    own: &'static str,
    /// The amount in a value; nothing where it is none that Incus can add up.
    amount: fn(&str) -> Option<u64>,
    /// What a guest of podclaw's own profiles has.
    default: fn() -> Option<String>,
}

const LIMITS: [Limit; 4] = [
    Limit {
        total: "totals.cpu",
        own: "limits.cpu",
        amount: |text| text.parse::<CpuLimit>().ok().and_then(|_| text.parse().ok()),
        default: || default("limits.cpu"),
    },
    Limit { total: "totals.memory", own: "limits.memory", amount: size, default: || default("limits.memory") },
    Limit {
        total: "totals.processes",
        own: "limits.processes",
        amount: |text| text.parse::<ProcessLimit>().ok()?.to_string().parse().ok(),
        default: || default("limits.processes"),
    },
    Limit { total: "totals.disk", own: "limits.disk", amount: size, default: default_disk },
];

fn size(text: &str) -> Option<u64> {
    text.parse::<Size>().ok().map(|size| size.bytes())
}

fn default(key: &str) -> Option<String> {
    let merged = Library::built_in().ok()?.stack(DEFAULT_STACK).ok()?.effective(&Layer::default());
    Some(merged.config.get(key)?.value.clone())
}

fn default_disk() -> Option<String> {
    let merged = Library::built_in().ok()?.stack(DEFAULT_STACK).ok()?.effective(&Layer::default());
    merged.devices.get("root")?.get("size").map(str::to_owned)
}

pub(super) fn check(document: &Document, found: &mut Found) {
    let root = &document.root;
    let text = |path: &str| at(root, path).and_then(|node| document.scalar(node).ok().map(|text| (node, text)));
    let mut say = |rule, path: &str, node: &Node, message: String| {
        found.add(rule, path, node.span.start..node.span.end, message);
    };
    // What other profiles have is not in this file.
    let has_own_profiles = at(root, "profiles").is_some() || at(root, "data").is_some();
    for Limit { total, own: limit, amount, default } in LIMITS {
        let (asked, own) = (text(total), text(limit));
        if let (Some((node, total_text)), Some(most)) = (asked, asked.and_then(|(_, text)| amount(text))) {
            let one = own.map(|(_, text)| text.to_owned()).or_else(|| if has_own_profiles { None } else { default() });
            match one.as_deref().map(|one| (one, amount(one))) {
                Some((one, None)) => {
                    say(&MISFIT, total, node, format!("`{limit}` is {}, which Incus can't add up", excerpt(one, 32)));
                }
                Some((one, Some(least))) if least > most => {
                    let (one, total_text) = (excerpt(one, 32), excerpt(total_text, 32));
                    say(&MISFIT, total, node, format!("one guest may have {one}, and all together {total_text}"));
                }
                _ => {}
            }
        } else if let Some((node, one)) = own.filter(|(_, one)| limit == "limits.memory" && amount(one).is_none()) {
            let one = excerpt(one, 16);
            say(
                &TOTALS,
                limit,
                node,
                format!("{one} of the host for each guest can't be added up, so that there is no total"),
            );
        }
    }
    if let Some((node, count)) = text("totals.processes")
        && count.parse::<u64>().is_ok_and(|count| count > MOST_PROCESSES)
    {
        say(&TOTALS, "totals.processes", node, format!("no kernel has more than {MOST_PROCESSES} processes"));
    }
    if let Some((node, disk)) = text("totals.disk")
        && at(root, "pool.device").is_none()
        && let Some(disk) = size(disk)
    {
        let pool = text("pool.size").and_then(|(_, size)| size.parse().ok()).unwrap_or_else(|| Size::gibibytes(30));
        if disk > pool.bytes() {
            say(&TOTALS, "totals.disk", node, "all guests together may have more than the whole pool".into());
        }
    }
}
