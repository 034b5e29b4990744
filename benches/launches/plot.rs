//! The figures as a plot: a bar to the median, a dot for each round, a line from the fastest to the slowest.
//!
//! It is written by hand and needs no other file. Its colours follow what the reader's screen asks for.

use std::fmt::Write;

use serde_json::Value;

use crate::page::{seconds, started};
use crate::samples::Spread;
use crate::ways::Way;

const WIDTH: f64 = 760.0;
/// Where the bars begin and end, and how much room is right of them for a number.
const LEFT: f64 = 210.0;
const RIGHT: f64 = 670.0;
const TOP: f64 = 46.0;
const ROW: f64 = 36.0;
const BAR: f64 = 18.0;

const STYLE: &str = "\
svg{font:13px system-ui,sans-serif}
.page{fill:#fff}.text{fill:#1f2328}.faint{fill:#59636e}.grid{stroke:#d1d9e0}
.podclaw{fill:#0969da}.other{fill:#818b98}.spread{stroke:#1f2328}.round{fill:#fff;stroke:#1f2328}
@media(prefers-color-scheme:dark){
.page{fill:#0d1117}.text{fill:#f0f6fc}.faint{fill:#9198a1}.grid{stroke:#3d444d}
.podclaw{fill:#4493f8}.other{fill:#656c76}.spread{stroke:#f0f6fc}.round{fill:#0d1117;stroke:#f0f6fc}}
";

/// The plot, as an SVG file.
pub(crate) fn svg(kept: &Value) -> String {
    let rows: Vec<(Way, Spread)> = Way::ALL.into_iter().filter_map(|way| Some((way, started(kept, way)?))).collect();
    let longest = rows.iter().map(|(_, spread)| spread.most()).fold(1.0, f64::max);
    let step = step(longest);
    let ticks = (longest / step).ceil();
    let at = |seconds: f64| LEFT + (RIGHT - LEFT) * seconds / (ticks * step);
    let mut drawn = String::new();
    let mut bottom = TOP;
    for (way, spread) in &rows {
        row(&mut drawn, *way, spread, bottom, at);
        bottom += ROW;
    }
    let height = bottom + 40.0;
    let mut grid = String::new();
    let mut tick = 0.0;
    while tick <= ticks {
        let (x, seconds) = (at(tick * step), tick * step);
        line(&mut grid, "grid", (x, TOP - 6.0), (x, bottom));
        text(&mut grid, "faint", "middle", (x, bottom + 16.0), &format!("{seconds} s"));
        tick += 1.0;
    }
    let mut title = String::new();
    text(&mut title, "text", "start", (16.0, 24.0), "From the command to a gateway that has started, in seconds");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>From the command to a gateway that has started</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n{title}{grid}{drawn}</svg>\n"
    )
}

fn row(out: &mut String, way: Way, spread: &Spread, top: f64, at: impl Fn(f64) -> f64) {
    let middle = top + ROW / 2.0;
    let class = match way {
        Way::Cold | Way::Baked | Way::Standby => "podclaw",
        Way::ByHand | Way::Bare | Way::BareCompiled => "other",
    };
    let width = at(spread.median()) - LEFT;
    let (x, y) = (LEFT, middle - BAR / 2.0);
    let _ = writeln!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\"/>");
    line(out, "spread", (at(spread.least()), middle), (at(spread.most()), middle));
    for seconds in spread.all() {
        let _ = writeln!(out, "<circle class=\"round\" cx=\"{:.1}\" cy=\"{middle}\" r=\"2.5\"/>", at(*seconds));
    }
    text(out, "text", "end", (LEFT - 10.0, middle + 4.5), way.label());
    let beside = at(spread.most()) + 10.0;
    text(out, "text", "start", (beside, middle + 4.5), &format!("{} s", seconds(spread.median())));
}

/// A round number of seconds, of which a handful reaches this far.
fn step(longest: f64) -> f64 {
    let steps = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    steps.into_iter().find(|step| longest / step <= 7.0).unwrap_or(200.0)
}

fn line(out: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(out, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1}\" x2=\"{x2:.1}\" y2=\"{y2}\"/>");
}

/// Text that has nothing in it that XML knows.
fn text(out: &mut String, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
    let _ = writeln!(out, "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y}\">{text}</text>");
}
