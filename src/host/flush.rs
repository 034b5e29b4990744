//! What takes all rules of nftables away at once: `flush ruleset`, in what the machine runs by itself.

use std::path::{Path, PathBuf};

use super::{Root, Seen, Unseen};

/// What the service `nftables` loads, and what that may include.
const RULES: [&str; 4] = ["/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables.d", "/etc/nftables"];
/// What else the machine runs when it starts, or when an interface comes up.
const SCRIPTS: [&str; 6] = [
    "/etc/rc.local",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d",
    "/etc/network/if-pre-up.d",
    "/etc/network/if-up.d",
    "/etc/systemd/system",
];
/// Where systemd has its units, and `OpenRC` its runlevels.
const UNITS: [&str; 4] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/etc/runlevels"];
/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// What would take all rules away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flushes {
    /// Whether the service `nftables` starts with the machine, or was started. It flushes when it is stopped, too.
    pub service: bool,
    /// The files with `flush ruleset` that the service loads.
    pub rules: Vec<PathBuf>,
    /// Other files that flush by themselves or load one of those.
    pub scripts: Vec<PathBuf>,
}

/// Looks for it.
///
/// # Errors
/// Why it was not seen.
pub fn flushes(root: &Root) -> Seen<Flushes> {
    // A machine without it is none that was seen.
    root.names("/etc")?;
    let rules = those(root, &RULES, flushes_by_itself)?;
    let loads = |text: &str| rules.iter().any(|file| words(text).any(|word| Path::new(word) == file));
    let scripts = those(root, &SCRIPTS, |text| flushes_by_itself(text) || loads(text))?;
    Ok(Flushes { service: service(root)?, rules, scripts })
}

fn service(root: &Root) -> Seen<bool> {
    const UNIT: &str = "nftables.service";
    if root.link(Path::new("/run/systemd/units").join(format!("invocation:{UNIT}"))).is_ok() {
        return Ok(true);
    }
    if root.link(Path::new(UNITS[0]).join(UNIT)).is_ok_and(|to| to == "/dev/null") {
        return Ok(false);
    }
    for place in UNITS {
        for name in there(root.words(place))? {
            let starts = place == UNITS[3] || [".wants", ".requires"].iter().any(|end| name.ends_with(end));
            let inside = Path::new(place).join(&name);
            if starts && there(root.words(inside))?.iter().any(|unit| unit == UNIT || unit == "nftables") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The files, and those in the directories, whose text is such.
fn those(root: &Root, places: &[&str], is_such: impl Fn(&str) -> bool) -> Seen<Vec<PathBuf>> {
    let mut found = Vec::new();
    for place in places.iter().map(Path::new) {
        let inside = match root.names(place) {
            Ok(names) => names.iter().map(|name| place.join(name)).collect(),
            Err(Unseen::Missing) => vec![place.to_owned()],
            Err(error) => return Err(error),
        };
        for file in inside {
            // Links are of units that are enabled, and what is in other directories is not run by itself.
            match root.head(&file, LARGEST) {
                Ok(bytes) if is_such(&String::from_utf8_lossy(&bytes)) => found.push(file),
                Err(Unseen::Forbidden) => return Err(Unseen::Forbidden),
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(found)
}

fn flushes_by_itself(text: &str) -> bool {
    text.lines().any(|line| {
        let all: Vec<&str> = words(line).collect();
        all.windows(2).any(|pair| pair == ["flush", "ruleset"])
    })
}

/// The words of a text without its comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split([' ', '\t', ';', '"', '\''])).filter(|word| !word.is_empty())
}

fn there(names: Seen<Vec<String>>) -> Seen<Vec<String>> {
    match names {
        Err(Unseen::Missing) => Ok(Vec::new()),
        names => names,
    }
}
