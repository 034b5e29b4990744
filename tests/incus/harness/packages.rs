//! Programs from the distribution's packages, unpacked beside the machine and not installed on it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::cache;
use crate::common::Program;

/// A package with what it needs and the machine does not have, as a tree of files.
pub(crate) fn packages(name: &str) -> PathBuf {
    cache::file(&format!("package-{name}"), |tree| {
        let dir = tree.parent().expect("it is in a directory");
        let apt = |arguments: &[&str]| {
            let quiet = ["-q", "-o", "APT::Sandbox::User=root"];
            Program::new("apt-get").args(&quiet).args(arguments).cwd(dir).timeout(Duration::from_mins(5)).run()
        };
        let plan = || apt(&["--simulate", "--no-install-recommends", "install", name]);
        let mut planned = plan();
        if planned.code != 0 {
            apt(&["update"]).ok();
            planned = plan();
        }
        let planned = planned.ok();
        let missing = planned.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
        let mut wanted: Vec<&str> = missing.chain([name]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let arguments = [&["download"], &wanted[..]].concat();
        if apt(&arguments).code != 0 {
            apt(&["update"]).ok();
            apt(&arguments).ok();
        }
        let entries = fs::read_dir(dir).expect("it can be listed").flatten().map(|entry| entry.path());
        for package in entries.filter(|path| path.extension().is_some_and(|end| end == "deb")) {
            Program::new("dpkg").arg("-x").arg(package).arg(tree).run().ok();
        }
    })
}
