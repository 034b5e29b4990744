//! The box that ends a launch.

use super::{FAINT, STRONG, Ui};
use crate::text;

/// A titled box of labelled lines.
#[derive(Debug, Default)]
pub struct SummaryBox {
    title: String,
    rows: Vec<(String, String)>,
}

impl SummaryBox {
    /// An empty box.
    #[must_use]
    pub fn new(title: impl AsRef<str>) -> Self {
        Self { title: text::excerpt(title.as_ref(), 100), rows: Vec::new() }
    }

    /// The box with one more line.
    #[must_use]
    pub fn row(mut self, label: &str, value: impl AsRef<str>) -> Self {
        self.rows.push((label.to_owned(), text::excerpt(value.as_ref(), 200)));
        self
    }

    /// Writes the box as a result; without its lines where the terminal is not as wide.
    pub fn show(&self, ui: &Ui) {
        let rows: Vec<_> = self.rows.iter().map(|(label, value)| (label, ui.hint(value))).collect();
        let labels = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        let values = rows.iter().map(|(_, value)| value.chars().count()).max().unwrap_or(0);
        let title = self.title.chars().count();
        let inner = (labels + values + 4).max(title + 4);
        if ui.width().is_some_and(|width| inner + 2 > width) {
            ui.say(format!("{STRONG}{}{STRONG:#}", self.title));
            for (label, value) in rows {
                ui.say(format!("{FAINT}{label:labels$}{FAINT:#}  {value}"));
            }
            return;
        }
        let line = |n: usize| "─".repeat(n);
        ui.say(format!(
            "{FAINT}╭─{FAINT:#} {STRONG}{}{STRONG:#} {FAINT}{}╮{FAINT:#}",
            self.title,
            line(inner - title - 3)
        ));
        for (label, value) in rows {
            ui.say(format!(
                "{FAINT}│{FAINT:#} {FAINT}{label:labels$}{FAINT:#}  {value}{} {FAINT}│{FAINT:#}",
                " ".repeat(inner - labels - 4 - value.chars().count())
            ));
        }
        ui.say(format!("{FAINT}╰{}╯{FAINT:#}", line(inner)));
    }
}
