//! The limits of a lab file: exactly what Incus accepts and what limits something.

use std::str::FromStr;

use podclaw::profile::{CpuLimit, Layer, Library, Limits, MemoryLimit, ProcessLimit, Size};

use super::lab;

fn accepts<T: FromStr>(good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(text.parse::<T>().is_ok(), "{text:?} was refused");
    }
    for text in bad {
        assert!(text.parse::<T>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn sizes() {
    let good = ["1", "5B", "5 bytes", "10kB", "12GiB", "1EiB", "9223372036854775807", "007MB"];
    let bad = [
        "",
        "0",
        "0GiB",
        "GiB",
        "1G",
        "1K",
        "1gib",
        "1 GiB",
        "1.5GiB",
        "-1GiB",
        "+1GiB",
        " 1GiB",
        "1GiB ",
        "1GiB\n",
        "8EiB",
        "9223372036854775808",
        "99999999999999999999",
        "50%",
        "1Ki",
        "1kiB",
        "1KB",
        "1bit",
        "१GiB",
    ];
    accepts::<Size>(&good, &bad);
    assert_eq!("12GiB".parse::<Size>().unwrap().bytes(), 12 << 30);
    assert_eq!("3kB".parse::<Size>().unwrap().bytes(), 3000);
}

#[test]
fn memory() {
    accepts::<MemoryLimit>(
        &["3GiB", "1%", "50%", "100%"],
        &["0", "0%", "101%", "-5%", "+5%", "5 %", "%", "1.5%", "", "3G"],
    );
}

#[test]
fn cpus() {
    let bad =
        ["", "0", "-1", "+1", "1-", "-", ",", "1,", "3-1", "0-99999999", "1-2-3", "a", "1.5", " 1", "0, 1", "50%"];
    accepts::<CpuLimit>(&["1", "64", "0-3", "3-3", "0,2", "0-1,3,5-7"], &bad);
}

#[test]
fn processes() {
    accepts::<ProcessLimit>(&["1", "2048"], &["", "0", "-1", "+5", "1.0", "1k", "99999999999999999999"]);
}

fn read(text: &str) -> Result<Limits, String> {
    serde_saphyr::from_str(text).map_err(|error| error.without_snippet().to_string())
}

#[test]
fn a_lab_file_replaces_the_limits_of_the_default_stack_only() {
    let limits = read("cpu: 1\nmemory: 25%\nprocesses: 4096\ndisk: 20GiB\n").unwrap();
    let library = Library::built_in().unwrap().for_lab(&lab(), &limits);
    let merged = library.stack(["guest", "standard"]).unwrap().effective(&Layer::default());
    for (key, value) in [("limits.cpu", "1"), ("limits.memory", "25%"), ("limits.processes", "4096")] {
        assert_eq!(merged.config[key].value, value);
        assert_eq!(merged.config[key].origin.to_string(), "the limits of the lab file");
    }
    assert_eq!(merged.devices["root"].get("size"), Some("20GiB"));
    assert_eq!(podclaw::rules::profile::effective(&merged, &lab()), []);
    // The security profile sets no limit, and must not start to.
    assert!(!library.get("guest").unwrap().config.contains_key("limits.cpu"));
    let large = library.stack(["guest", "large"]).unwrap().effective(&Layer::default());
    assert_eq!((large.config["limits.cpu"].value.as_str(), large.devices["root"].get("size")), ("4", Some("40GiB")));
}

#[test]
fn what_is_wrong_in_a_lab_file_has_its_place() {
    for (text, what, place) in [
        ("cpu: 0\n", "\"0\" is not a valid CPU limit", "line 1, column 6"),
        ("memory: [1]\n", "", "line 1, column 9"),
        ("cpu: 1\nswap: 1GiB\n", "unknown field `swap`", "line 2, column 1"),
        ("disk: 20G\n", "\"20G\" is not a valid size", "line 1, column 7"),
    ] {
        let problem = read(text).unwrap_err();
        assert!(problem.contains(what) && problem.ends_with(place), "{problem}");
    }
}
