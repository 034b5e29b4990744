//! A Quadlet unit as conditions see it: sections with keys, each with all its values. `rules::quadlet` judges units; this
//! only has to read what is not found there.

use std::collections::BTreeMap;

/// Keys by section, each with its values in order.
pub(super) type Sections = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Reads the sections of a unit.
pub(super) fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut section = String::new();
    let mut pending = String::new();
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with(['#', ';']);
        if is_comment || (pending.is_empty() && line.trim().is_empty()) {
            continue;
        }
        pending.push_str(line);
        if pending.ends_with('\\') {
            pending.pop();
            pending.push(' ');
            continue;
        }
        let line = std::mem::take(&mut pending);
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            sections.entry(section.clone()).or_default();
        } else if let Some((key, value)) = line.split_once('=') {
            let keys = sections.entry(section.clone()).or_default();
            keys.entry(key.trim().to_owned()).or_default().push(value.trim().to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_over_lines_and_several_times() {
        let unit = "# a\n[Container]\nImage=a\\\n  b\n; c\nVolume=x\nVolume = y\n[Service]\n";
        let sections = sections(unit);
        assert_eq!(sections["Container"]["Image"], ["a   b"]);
        assert_eq!(sections["Container"]["Volume"], ["x", "y"]);
        assert!(sections["Service"].is_empty());
    }
}
