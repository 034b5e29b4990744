//! Progress on standard error: live lines on a terminal, one plain line a step elsewhere.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::{CAUTION, FAINT, GOOD, STRONG};
use crate::progress::{Event, Update};
use crate::text;

/// A running display of a job's progress.
#[derive(Debug)]
pub struct Watch(Option<JoinHandle<()>>);

impl Watch {
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    pub(super) fn start(mut updates: UnboundedReceiver<Update>, live: bool) -> Self {
        Self(Some(tokio::spawn(async move {
            let mut display = Display { bars: live.then(MultiProgress::new), lanes: BTreeMap::new() };
            while let Some(update) = updates.recv().await {
                display.show(&update);
            }
            display.clear();
        })))
    }

    /// Waits until everything that was reported is shown. All reporters must be dropped before.
    pub async fn finish(self) {
        if let Some(task) = self.0 {
            // A display that failed must not turn a job that went well into an error.
            let _ = task.await;
        }
    }
}

struct Display {
    /// `None` where standard error is no terminal.
    bars: Option<MultiProgress>,
    /// By lane; a job that is the only one has the empty name.
    lanes: BTreeMap<String, ProgressBar>,
}

impl Display {
    fn show(&mut self, update: &Update) {
        let lane = update.lane.as_deref();
        let key = lane.unwrap_or_default();
        match &update.event {
            Event::Begin(what) => self.begin(key, what),
            Event::Status(line) => self.status(key, &text::excerpt(line, 60)),
            Event::Bytes { done, total } => self.status(key, &share(*done, *total)),
            Event::Done { what, took } => {
                self.keep(&format!(
                    "{GOOD}✓{GOOD:#} {}{} {FAINT}{}{FAINT:#}",
                    prefix(lane),
                    text::escape(what),
                    seconds(*took)
                ));
            }
            Event::Note(line) => self.keep(&format!("{CAUTION}·{CAUTION:#} {}{}", prefix(lane), text::escape(line))),
        }
        if matches!(update.event, Event::Done { .. })
            && let Some(bar) = self.lanes.remove(key)
        {
            bar.finish_and_clear();
        }
    }

    fn begin(&mut self, lane: &str, what: &str) {
        let Some(bars) = &self.bars else { return };
        let bar = self.lanes.entry(lane.to_owned()).or_insert_with(|| bars.add(ProgressBar::new_spinner()));
        bar.reset_elapsed();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {elapsed:.dim} {wide_msg:.dim}") {
            bar.set_style(style);
        }
        bar.set_prefix(format!("{}{}", prefix(Some(lane).filter(|lane| !lane.is_empty())), text::excerpt(what, 80)));
        bar.set_message("");
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    fn status(&self, lane: &str, line: &str) {
        if let Some(bar) = self.lanes.get(lane) {
            bar.set_message(line.to_owned());
        }
    }

    fn keep(&self, line: &str) {
        let write = || {
            let _ = writeln!(anstream::stderr().lock(), "{line}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    fn clear(&mut self) {
        for bar in self.lanes.values() {
            bar.finish_and_clear();
        }
    }
}

fn prefix(lane: Option<&str>) -> String {
    lane.map_or_else(String::new, |lane| format!("{STRONG}{}{STRONG:#}: ", text::excerpt(lane, 63)))
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn share(done: u64, total: u64) -> String {
    const MEBIBYTE: u64 = 1024 * 1024;
    format!("{} of {} MiB", done / MEBIBYTE, total.div_ceil(MEBIBYTE))
}
