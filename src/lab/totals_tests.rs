use super::*;
use crate::profile::{Layer, Library, Limits};

const HOST: Host = Host { memory: 24 << 30, processes: 32_768 };

fn guest(limits: &str) -> Effective {
    let limits: Limits = serde_saphyr::from_str(limits).unwrap();
    let library = Library::built_in().unwrap().for_lab(&"podclaw".parse().unwrap(), &limits);
    library.stack(["guest", "standard"]).unwrap().effective(&Layer::default())
}

fn settled(totals: &str, limits: &str) -> std::result::Result<Vec<(String, String)>, String> {
    let totals: Totals = serde_saphyr::from_str(totals).unwrap();
    super::limits(&totals, &guest(limits), HOST).map(|it| it.into_iter().collect()).map_err(|error| error.to_string())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect()
}

#[test]
fn the_defaults_leave_something_to_the_host() {
    let defaults = [("limits.memory", "19GiB"), ("limits.processes", "26214"), ("limits.virtual-machines", "0")];
    assert_eq!(settled("{}", "{}").unwrap(), pairs(&defaults));
    // A share can't be added up, and nobody asked for a total.
    assert_eq!(settled("{}", "memory: 25%").unwrap(), pairs(&defaults[1..]));
}

#[test]
fn what_the_lab_file_says_is_taken_as_it_is() {
    let all = settled("{guests: 3, cpu: 8, memory: 12GiB, processes: 9000, disk: 40GiB}", "{}").unwrap();
    let wanted = [
        ("limits.containers", "3"),
        ("limits.cpu", "8"),
        ("limits.disk", "40GiB"),
        ("limits.memory", "12GiB"),
        ("limits.processes", "9000"),
        ("limits.virtual-machines", "0"),
    ];
    assert_eq!(all, pairs(&wanted));
}

#[test]
fn a_total_that_no_guest_fits_into_is_refused() {
    for (totals, limits, said) in [
        ("memory: 2GiB", "{}", "`totals.memory` is 2GiB"),
        ("cpu: 1", "{}", "`totals.cpu` is 1"),
        ("processes: 100", "{}", "`totals.processes` is 100"),
        ("disk: 1GiB", "{}", "`totals.disk` is 1GiB"),
        ("{}", "memory: 23GiB", "19GiB, which is 80% of what this host has"),
        ("memory: 9GiB", "memory: 25%", "25%"),
        ("cpu: 4", "cpu: 0-1", "0-1"),
    ] {
        let error = settled(totals, limits).unwrap_err();
        assert!(error.contains(said), "{totals} {limits}: {error}");
    }
}

#[test]
fn the_daemons_words_are_explained() {
    for (said, wanted) in [
        ("Reached maximum aggregate value \"6GiB\" for \"limits.memory\" in project \"p\"", "`totals.memory`"),
        ("Reached maximum number of instances of type \"container\" in project \"p\"", "`totals.guests`"),
        ("Instance \"a\" in project \"p\" has no \"limits.processes\" config, either", "`limits.processes`"),
        ("Failed parsing \"limits.cpu\" for instance \"a\" in project \"p\"", "`limits.cpu`"),
        ("\"limits.disk\" is too low: current total is \"24GiB\"", "raise `totals.disk`"),
        ("Instance \"a\" in project \"p\" has no \"size\" config set on the root device", "`totals.disk`"),
        ("reached 9 bytes, exceeding quota of 8", "`totals.disk`"),
    ] {
        assert!(help(said).is_some_and(|help| help.contains(wanted)), "{said}: {:?}", help(said));
    }
    assert_eq!(help("Instance not found"), None);
}
