//! Profiles to judge: as long as somebody would write them, each a little different, and all of them fine.

use std::fs;
use std::path::Path;

/// How many lines each has.
pub(crate) const LINES: usize = 60;
/// How many are in one directory.
const DIRECTORY: usize = 1000;

const GUEST: &str = include_str!("../../profiles/guest.yaml");
const STANDARD: &str = include_str!("../../profiles/standard.yaml");

/// One profile of [`LINES`] lines: what every guest must have, with limits.
pub(crate) fn profile(number: usize) -> String {
    let limits = format!(
        "  limits.cpu: \"{}\"\n  limits.memory: {}MiB\n  limits.memory.enforce: hard\n  limits.processes: \"{}\"\n\ndevices:",
        1 + number % 4,
        1024 + number % 2048,
        1024 + number % 512
    );
    let text = GUEST
        .replacen("what every guest must have", &format!("guest number {number}"), 1)
        .replacen("\ndevices:", &limits, 1)
        .replacen("size: 12GiB", &format!("size: {}GiB", 8 + number % 8), 1);
    let missing = LINES.checked_sub(text.lines().count()).expect("the shipped profile is short enough");
    (0..missing).fold(text, |text, line| text + &format!("# Somebody's remark on guest {number}, line {line}.\n"))
}

/// Writes `count` files: the two profiles of the usual stack, on which all others are judged, and others.
pub(crate) fn write(directory: &Path, count: usize) {
    for start in (0..count).step_by(DIRECTORY) {
        let part = directory.join(format!("profiles-{:04}", start / DIRECTORY));
        fs::create_dir_all(&part).expect("a directory can be made");
        for number in start..count.min(start + DIRECTORY) {
            let (name, text) = match number {
                0 => ("guest".into(), GUEST.into()),
                1 => ("standard".into(), STANDARD.into()),
                _ => (format!("guest-{number:06}"), profile(number)),
            };
            fs::write(part.join(format!("{name}.yaml")), text).expect("a file can be written");
        }
    }
}
