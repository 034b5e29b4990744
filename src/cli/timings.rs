//! Where a launch's time went, for people.

use crate::lab::{Launched, MOST_PHASES, Timings};
use crate::text::excerpt;
use crate::ui::Ui;

/// The tables of one launch: phases, requests, and who was waited for.
pub(super) fn show(launched: &Launched, with_name: bool, ui: &Ui) {
    ui.say("");
    if with_name {
        ui.say(format!("{}:", launched.name));
    }
    let timings = &launched.timings;
    let stages = &launched.receipt.stages;
    let rows = timings.phases.iter().map(|phase| {
        let stage = stages.iter().find(|stage| stage.stage == phase.name);
        let said = stage.map_or_else(String::new, |stage| format!("{} {}", stage.millis, stage.outcome));
        vec![phase.name.clone(), phase.millis.to_string(), phase.own.to_string(), excerpt(&said, 80)]
    });
    ui.table(&["phase", "ms", "podclaw's own", "as the guest reported it"], rows.collect());
    ui.say("");
    let kinds = launched.requests.iter();
    let rows = kinds.map(|kind| vec![excerpt(&kind.kind, 80), kind.count.to_string(), kind.millis.to_string()]);
    ui.table(&["request", "count", "ms waited"], rows.collect());
    ui.say("");
    let total = timings.daemon + timings.guest + timings.own;
    let share = |what: &str, millis: u64| {
        vec![what.to_owned(), millis.to_string(), format!("{} %", millis * 100 / total.max(1))]
    };
    let rows = vec![
        share("waiting for the daemon", timings.daemon),
        share("waiting for the guest", timings.guest),
        share("podclaw itself", timings.own),
        share("all", total),
    ];
    ui.table(&["who", "ms", "share"], rows);
}

/// The same on one line, from a receipt, which may be anybody's.
pub(super) fn in_short(timings: &Timings) -> String {
    let longest = timings.phases.iter().take(MOST_PHASES).max_by_key(|phase| phase.millis);
    let longest = longest.map_or_else(String::new, |phase| {
        format!("; longest: {}, {}", excerpt(&phase.name, 24), super::words::seconds(phase.millis))
    });
    format!(
        "daemon {}, guest {}, podclaw {} ms, {} requests{longest}",
        super::words::seconds(timings.daemon),
        super::words::seconds(timings.guest),
        timings.own,
        timings.requests
    )
}
