//! Where the figures of one benchmark go: a section of docs/performance.md between two markers, and a member of
//! target/bench.json. What other benchmarks wrote there stays.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A table for people.
#[derive(Debug)]
pub(crate) struct Table {
    /// What the columns are.
    pub(crate) head: Vec<&'static str>,
    /// The rows.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// The table in Markdown, its columns aligned for who reads it as it is.
    pub(crate) fn markdown(&self) -> String {
        let head: Vec<String> = self.head.iter().map(ToString::to_string).collect();
        let cells = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| cells().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..head.len()).map(width).collect();
        let line = |row: &[String]| {
            let padded = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
                if column == 0 { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") }
            });
            format!("|{}\n", padded.collect::<String>())
        };
        let rule = widths.iter().enumerate().map(|(column, width)| {
            let end = if column == 0 { '-' } else { ':' };
            format!(" {}{end} |", "-".repeat(width - 1))
        });
        let rule = format!("|{}\n", rule.collect::<String>());
        line(&head) + &rule + &self.rows.iter().map(|row| line(row)).collect::<String>()
    }
}

/// Writes a section: its text into docs/performance.md, its figures into target/bench.json.
///
/// # Panics
/// When the page has no such section, or a file cannot be written.
pub(crate) fn write(name: &str, text: &str, figures: &Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("docs/performance.md");
    let old = fs::read_to_string(&page).expect("docs/performance.md is there");
    let (start, end) = (format!("<!-- bench:{name} -->\n"), format!("<!-- /bench:{name} -->\n"));
    let (before, rest) = old.split_once(&start).unwrap_or_else(|| panic!("docs/performance.md has no {start}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/performance.md has no {end}"));
    fs::write(&page, format!("{before}{start}{text}{end}{after}")).expect("docs/performance.md can be written");

    let path = root.join("target/bench.json");
    let old = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let mut all = old.filter(Value::is_object).unwrap_or_else(|| json!({ "version": 1 }));
    all[name] = figures.clone();
    fs::write(&path, format!("{all:#}\n")).expect("target/bench.json can be written");
}

/// The machine in a few words.
pub(crate) fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, model)| model.trim());
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} CPUs ({model})")
}

/// A program of the machine, by the variable that names it or by its usual place.
pub(crate) fn tool(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(usual), PathBuf::from)
}
