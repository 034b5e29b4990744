//! The limits of a lab file: exactly what Incus accepts and what limits something.

use std::str::FromStr;

use podclaw::profile::{CpuLimit, Layer, Library, Limits, MemoryLimit, ProcessLimit, Size};
use podclaw::yaml;

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

fn read(text: &str) -> Result<Limits, Vec<String>> {
    let document = yaml::parse("lab.yaml", text.as_bytes()).unwrap();
    Limits::from_node(&document, &document.root).map_err(|found| found.iter().map(ToString::to_string).collect())
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
    assert_eq!(merged.check(&lab()), []);
    // The security profile sets no limit, and must not start to.
    assert!(!library.get("guest").unwrap().config.contains_key("limits.cpu"));
    let large = library.stack(["guest", "large"]).unwrap().effective(&Layer::default());
    assert_eq!((large.config["limits.cpu"].value.as_str(), large.devices["root"].get("size")), ("4", Some("40GiB")));
}

#[test]
fn what_is_wrong_in_a_lab_file_has_its_place() {
    let problems = read("cpu: 0\nmemory: [1]\nswap: 1GiB\ndisk: 20G\n").unwrap_err();
    let starts = [
        "lab.yaml:3:1: unknown field `swap`",
        "lab.yaml:1:6: \"0\" is not",
        "lab.yaml:2:9: this is a list",
        "lab.yaml:4:7: \"20G\"",
    ];
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}");
    }
    assert_eq!(problems.len(), starts.len());
}
