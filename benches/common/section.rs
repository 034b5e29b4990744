//! Where the figures of one benchmark go: a member of target/bench.json, and from there, when that is asked for, a section
//! of docs/performance.md between two markers. What other benchmarks wrote there stays.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

const PAGE: &str = "docs/performance.md";
const KEPT: &str = "target/bench.json";

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

/// Keeps the figures of one benchmark, and its text where there is one.
///
/// # Panics
/// When target/bench.json cannot be written.
pub(crate) fn keep(name: &str, figures: &Value) {
    let mut all = all();
    all[name] = figures.clone();
    fs::create_dir_all(path(KEPT).with_file_name("")).expect("target can be made");
    fs::write(path(KEPT), format!("{all:#}\n")).expect("target/bench.json can be written");
}

/// The figures that were kept of one benchmark.
///
/// # Panics
/// When there are none.
pub(crate) fn kept(name: &str) -> Value {
    let all = all();
    all.get(name).unwrap_or_else(|| panic!("{KEPT} has no figures of {name:?}: run `make bench`")).clone()
}

/// Writes a section of docs/performance.md.
///
/// # Panics
/// When the page has no such section, or cannot be written.
pub(crate) fn publish(name: &str, text: &str) {
    let page = path(PAGE);
    let old = fs::read_to_string(&page).expect("docs/performance.md is there");
    let (start, end) = (format!("<!-- bench:{name} -->\n"), format!("<!-- /bench:{name} -->\n"));
    let (before, rest) = old.split_once(&start).unwrap_or_else(|| panic!("{PAGE} has no {start}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{PAGE} has no {end}"));
    fs::write(&page, format!("{before}{start}{text}{end}{after}")).expect("docs/performance.md can be written");
}

/// A path of the repository.
pub(crate) fn path(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

fn all() -> Value {
    let old = fs::read(path(KEPT)).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    old.filter(Value::is_object).unwrap_or_else(|| json!({ "version": 1 }))
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
    std::env::var_os(variable).map_or_else(|| path(usual), PathBuf::from)
}
