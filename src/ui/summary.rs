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

    /// Writes the box as a result.
    pub fn show(&self, ui: &Ui) {
        let labels = self.rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        let values = self.rows.iter().map(|(_, value)| value.chars().count()).max().unwrap_or(0);
        let inner = (labels + values + 4).max(self.title.chars().count() + 4);
        let line = |n: usize| "─".repeat(n);
        ui.say(format!(
            "{FAINT}╭─{FAINT:#} {STRONG}{}{STRONG:#} {FAINT}{}╮{FAINT:#}",
            self.title,
            line(inner - self.title.chars().count() - 3)
        ));
        for (label, value) in &self.rows {
            ui.say(format!(
                "{FAINT}│{FAINT:#} {FAINT}{label:labels$}{FAINT:#}  {value}{} {FAINT}│{FAINT:#}",
                " ".repeat(inner - labels - 4 - value.chars().count())
            ));
        }
        ui.say(format!("{FAINT}╰{}╯{FAINT:#}", line(inner)));
    }
}
