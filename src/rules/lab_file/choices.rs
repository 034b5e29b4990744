//! What a lab file may say, and better does not.

use crate::profile::{ProcessLimit, Size};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;
use crate::yaml::{Document, Node, Value};

pub(super) static POOL: Rule = Rule {
    id: "lab-pool",
    severity: Severity::Warning,
    summary: "a storage pool in which the limits of disks do not hold, or that takes a device of its own",
    why: "A pool of the driver `dir` is a directory of the host: a guest can fill the host's own disk. A device is \
          overwritten whole, and podclaw cannot know what is on it.",
    remedy: "leave `pool` out, or use the driver zfs or btrfs with a size",
    threats: &["limits", "persistence"],
    waivable: true,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "pool:\n  driver: dir\n",
        good: "pool:\n  driver: zfs\n",
        trial: Trial::Alone,
    }],
};

pub(super) static LIMITS: Rule = Rule {
    id: "lab-limits",
    severity: Severity::Warning,
    summary: "limits so high that one guest can use up the host",
    why: "The limits of the lab file take the place of those of the profiles. Where one guest may have everything, the \
          others and the host stop with it.",
    remedy: "leave the limit out, or set what the gateway needs: 2 CPUs, 3GiB of memory, 2048 processes",
    threats: &["limits"],
    waivable: true,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "limits:\n  memory: 100%\n",
        good: "limits:\n  memory: 4GiB\n",
        trial: Trial::Alone,
    }],
};

pub(super) static PROFILES: Rule = Rule {
    id: "lab-profiles",
    severity: Severity::Error,
    summary: "a stack of profiles that does not begin with `guest`",
    why: "The profile `guest` has what contains a guest: the unprivileged, isolated id map, the lab's own network, the \
          closed guest API. A stack without it leaves all of that to others.",
    remedy: "begin the list with `guest`",
    threats: &["id-map", "guest-api"],
    waivable: true,
    examples: &[Example {
        path: "podclaw.yaml",
        bad: "profiles: [small]\n",
        good: "profiles: [guest, small]\n",
        trial: Trial::Alone,
    }],
};

pub(super) static SOURCES: Rule = Rule {
    id: "lab-sources",
    severity: Severity::Note,
    summary: "profiles, stages, packages or keys that are not podclaw's own",
    why: "What is in another directory, or signed with another key, is as good as whoever put it there. It is judged \
          only when lint is given that directory too.",
    remedy: "give that directory to `podclaw lint` as well",
    threats: &["judged-is-sent", "pinning"],
    waivable: true,
    examples: &[Example { path: "podclaw.yaml", bad: "data: ./lab\n", good: "name: lab\n", trial: Trial::Alone }],
};

/// More processes than this are no limit to a host.
const MOST_PROCESSES: i64 = 65_536;
/// A guest with a larger share of the memory than this leaves too little.
const MOST_PERCENT: u32 = 80;

pub(super) fn check(document: &Document, found: &mut Found) {
    let root = &document.root;
    let text = |path: &str| at(root, path).and_then(|node| document.scalar(node).ok().map(|text| (node, text)));
    let mut say = |rule, path: &str, node: &Node, message: String| {
        found.add(rule, path, node.span.start..node.span.end, message);
    };
    if let Some((node, "dir")) = text("pool.driver") {
        say(&POOL, "pool.driver", node, "guests are directories of the host, and their disks have no limit".into());
    }
    if let Some((node, device)) = text("pool.device") {
        say(&POOL, "pool.device", node, format!("everything on {} is lost", excerpt(device, 80)));
    }
    if let Some((node, memory)) = text("limits.memory")
        && memory.strip_suffix('%').is_some_and(|share| share.parse::<u32>().is_ok_and(|share| share > MOST_PERCENT))
    {
        say(&LIMITS, "limits.memory", node, format!("one guest may have {} of the host's memory", excerpt(memory, 16)));
    }
    if let Some((node, count)) = text("limits.processes")
        && count
            .parse::<ProcessLimit>()
            .is_ok_and(|count| !count.to_string().parse().is_ok_and(|count: i64| count <= MOST_PROCESSES))
    {
        say(&LIMITS, "limits.processes", node, format!("more than {MOST_PROCESSES} processes are no limit"));
    }
    if let Some((node, disk)) = text("limits.disk")
        && let Ok(disk) = disk.parse::<Size>()
    {
        let pool = text("pool.size").and_then(|(_, size)| size.parse().ok()).unwrap_or_else(|| Size::gibibytes(30));
        if disk.bytes() > pool.bytes() {
            say(&LIMITS, "limits.disk", node, "one guest may have more than the whole pool".into());
        }
    }
    if let Some(node) = at(root, "profiles")
        && let Ok(profiles) = document.sequence(node)
        && profiles.first().and_then(|first| document.string(first).ok()) != Some("guest")
    {
        say(&PROFILES, "profiles", node, "the stack does not begin with `guest`".into());
    }
    for path in ["data", "gateway.npm.directory", "base.debian.keyring", "base.ubuntu.keyring", "gateway.archive.path"]
    {
        if let Some((node, _)) = text(path) {
            say(&SOURCES, path, node, "this is not podclaw's own, and is not judged with this file".into());
        }
    }
}

/// The node at a path with dots.
pub(super) fn at<'a>(root: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(root, |node, key| match &node.value {
        Value::Mapping(mapping) => mapping.get(key),
        _ => None,
    })
}
