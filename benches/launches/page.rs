//! The figures as tables, made of what was kept and of nothing else.

use serde_json::Value;

use crate::bench::section::Table;
use crate::samples::Spread;
use crate::ways::Way;

/// The section of docs/performance.md.
pub(crate) fn text(kept: &Value) -> String {
    let bake = kept["bake_seconds"].as_f64();
    let bake = bake.map(|bake| format!("Baking, once for each `podclaw.lock`, took {bake:.1} s.\n\n"));
    format!(
        "{}\n\n{}\n{}{}\n{}\n{}\n{}",
        measured(&kept["machine"]),
        ways(kept).markdown(),
        bake.unwrap_or_default(),
        asked(kept).markdown(),
        tiny(kept).markdown(),
        proven(kept).markdown(),
        itself(kept).markdown()
    )
}

fn measured(machine: &Value) -> String {
    let said = |key: &str| match &machine[key] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let debug =
        if machine["debug_build"] == true { " **It is a debug build, and of no use but to try this.**" } else { "" };
    format!(
        "Measured by `make bench` on {} with {} GiB, Linux {}, Incus {} with a pool of kind {}, podclaw {}, OpenClaw {} \
         on node {}.{debug}",
        said("machine"),
        number(machine["memory_gib"].as_f64(), 0),
        said("kernel"),
        said("incus"),
        said("pool"),
        said("podclaw"),
        said("openclaw"),
        said("node")
    )
}

/// How long a way takes until the gateway has started.
pub(crate) fn started(kept: &Value, way: Way) -> Option<Spread> {
    Spread::of(&kept["ways"][way.key()]["started_seconds"])
}

fn ways(kept: &Value) -> Table {
    let alone = started(kept, Way::Bare).map(|spread| spread.median());
    let row = |way: Way| {
        let of = &kept["ways"][way.key()];
        let failed = of["failed"].as_u64().unwrap_or(0);
        let Some(spread) = started(kept, way) else {
            let none = || "-".to_owned();
            let row = vec![way.label().to_owned(), none(), none(), format!("all {failed} failed"), none(), none()];
            return (failed > 0).then_some(row);
        };
        let done = Spread::of(&of["done_seconds"]).map(|spread| spread.median());
        let count = spread.all().len();
        let failed = if failed > 0 { format!(", {failed} more failed") } else { String::new() };
        Some(vec![
            way.label().to_owned(),
            seconds(spread.median()),
            format!("{} – {}", seconds(spread.least()), seconds(spread.most())),
            format!("{count}{failed}"),
            number(alone.map(|alone| spread.median() / alone), 2),
            done.map_or("-".to_owned(), seconds),
        ])
    };
    let head = vec!["Until the gateway has started", "s", "from – to", "rounds", "× alone", "all done, s"];
    Table { head, rows: Way::ALL.into_iter().filter_map(row).collect() }
}

/// What is asked for, and whether it was reached. Nothing depends on it.
fn asked(kept: &Value) -> Table {
    let median = |list: &Value| Spread::of(list).map(|spread| spread.median());
    let way = |way| started(kept, way).map(|spread| spread.median());
    let share = |of: Option<f64>, by: Option<f64>| Some(of? / by?);
    let itself = &kept["itself"];
    let own = kept["ways"]["baked"]["timings"].as_array().map(|all| all.iter().map(|one| one["own"].clone()).collect());
    let tiny = |key: &str| median(&kept["tiny"][key]);
    let (at_once, by_core) = (tiny("at_once_seconds"), tiny("one_at_a_time_on_each_core_seconds"));
    let requests = itself["requests"].as_f64();
    let rows = [
        ("a launch, in starts of the gateway alone", 1.25, 2, share(way(Way::Baked), way(Way::Bare))),
        ("a launch, in cold launches", 0.25, 2, share(way(Way::Baked), way(Way::Cold))),
        ("a launch that claims a standby guest, s", 1.0, 2, way(Way::Standby)),
        ("podclaw's own part of a launch, ms", 100.0, 0, own.and_then(|own| median(&own))),
        ("requests to the daemon for a launch", 15.0, 0, requests),
        ("the same, in requests of the incus client", 1.0, 2, share(requests, itself["by_hand_requests"].as_f64())),
        ("ten tiny guests at once, in ten one at a time on each core", 2.0, 2, share(at_once, by_core)),
        (
            "a wipe of 32 tiny guests, in `incus delete --force` of them",
            0.2,
            2,
            share(median(&kept["wipe"]["wipe_seconds"]), median(&kept["wipe"]["incus_delete_seconds"])),
        ),
        ("ten tiny guests at once, in one on each core", 2.0, 2, share(at_once, tiny("one_on_each_core_seconds"))),
        ("proving one guest, s", 3.0, 2, median(&kept["prove"]["one_seconds"])),
        ("proving twenty side by side, s", 15.0, 1, median(&kept["prove"]["all_seconds"])),
    ];
    let row = |(what, most, digits, is): (&str, f64, usize, Option<f64>)| {
        let verdict = is.map_or("not measured", |is| if is <= most { "reached" } else { "missed" });
        vec![what.to_owned(), number(Some(most), digits), number(is, digits), verdict.to_owned()]
    };
    Table { head: vec!["Asked for", "at most", "is", ""], rows: rows.into_iter().map(row).collect() }
}

fn tiny(kept: &Value) -> Table {
    let tiny = &kept["tiny"];
    let (guests, cores) = (&tiny["guests"], &tiny["cores"]);
    let rows = vec![
        (format!("{guests} at once"), "at_once_seconds"),
        (format!("{guests}, one at a time on each of {cores} cores"), "one_at_a_time_on_each_core_seconds"),
        (format!("{cores}, one on each core"), "one_on_each_core_seconds"),
    ];
    spreads("Tiny guests, made and started", tiny, rows)
}

fn proven(kept: &Value) -> Table {
    let prove = &kept["prove"];
    let rows = vec![("one".into(), "one_seconds"), (format!("{} side by side", prove["guests"]), "all_seconds")];
    spreads("Guests, proven by the quick set", prove, rows)
}

fn spreads(of_what: &'static str, kept: &Value, rows: Vec<(String, &str)>) -> Table {
    let row = |(what, key): (String, &str)| {
        let spread = Spread::of(&kept[key])?;
        Some(vec![
            what,
            format!("{:.2}", spread.median()),
            format!("{:.2} – {:.2}", spread.least(), spread.most()),
            spread.all().len().to_string(),
        ])
    };
    Table { head: vec![of_what, "s", "from – to", "rounds"], rows: rows.into_iter().filter_map(row).collect() }
}

fn itself(kept: &Value) -> Table {
    let itself = &kept["itself"];
    let start = Spread::of(&itself["start_milliseconds"]).map(|spread| spread.median());
    let mebibytes = |of: &Value, unit: f64| of.as_f64().map(|size| size * unit / f64::from(1 << 20));
    let steps = itself["by_hand_steps"].as_array();
    let is_look = |step: &&Value| !step["typed"].as_str().is_some_and(|typed| typed.starts_with("create "));
    let making = steps.map(|steps| steps.iter().skip_while(is_look).filter_map(|step| step["requests"].as_f64()).sum());
    let rows = [
        ("start and end, as `podclaw --help`, ms", number(start, 1)),
        ("memory of a launch at its peak, MiB", number(mebibytes(&itself["peak_kib"], 1024.0), 1)),
        ("size of the program, MiB", number(mebibytes(&itself["bytes"], 1.0), 1)),
        ("requests to the daemon for a launch", number(itself["requests"].as_f64(), 0)),
        ("of these, looks how far an operation is", number(itself["requests_looks"].as_f64(), 0)),
        ("the same by hand: requests", number(itself["by_hand_requests"].as_f64(), 0)),
        ("of these, from `incus create` on, when the lab was looked at", number(making, 0)),
        ("the same by hand: starts of the incus client", steps.map_or("-".to_owned(), |steps| steps.len().to_string())),
    ];
    let rows = rows.into_iter().map(|(what, is)| vec![what.to_owned(), is]).collect();
    Table { head: vec!["podclaw itself", ""], rows }
}

/// Seconds with as many digits as say something.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.2}") } else { format!("{seconds:.1}") }
}

fn number(is: Option<f64>, digits: usize) -> String {
    is.map_or("-".to_owned(), |is| format!("{is:.digits$}"))
}
