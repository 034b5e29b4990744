//! The kernel: its version, its settings, and what guards it.

use std::fmt;

use super::{Mount, Root, Seen, Unseen};

/// A version of two or three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// The numbers at the beginning of a text such as `6.1.0-18-amd64`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        let mut numbers = numbers.split('.').map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Self(major, minor, numbers.next().and_then(Result::ok).unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// How control groups are mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cgroups {
    /// Version 2 alone.
    Unified,
    /// Version 1, or both.
    Legacy,
}

/// The release of the running kernel.
///
/// # Errors
/// Why it was not seen.
pub fn release(root: &Root) -> Seen<String> {
    root.word("/proc/sys/kernel/osrelease")
}

/// A setting below `/proc/sys`, by its name with dots.
///
/// # Errors
/// Why it was not seen; [`Unseen::Missing`] where the kernel does not have it.
pub fn sysctl(root: &Root, name: &str) -> Seen<String> {
    root.word(format!("/proc/sys/{}", name.replace('.', "/"))).map_err(|why| or_no_proc(root, why))
}

/// The same as a number.
///
/// # Errors
/// As [`sysctl`].
pub fn sysctl_number(root: &Root, name: &str) -> Seen<i64> {
    root.number(format!("/proc/sys/{}", name.replace('.', "/"))).map_err(|why| or_no_proc(root, why))
}

/// What is missing is missing in the kernel only where the kernel's settings are to be seen at all.
fn or_no_proc(root: &Root, why: Unseen) -> Unseen {
    let is_there = root.followed("/proc/sys/kernel").is_ok();
    if why == Unseen::Missing && !is_there { Unseen::Unfit("there is no /proc/sys".into()) } else { why }
}

/// Whether `AppArmor` is on.
///
/// # Errors
/// Why it was not seen.
pub fn apparmor(root: &Root) -> Seen<bool> {
    match root.word("/sys/module/apparmor/parameters/enabled") {
        Ok(word) => Ok(word == "Y"),
        // The kernel was built without it. Where /sys itself is not there nothing is known.
        Err(Unseen::Missing) => root.names("/sys/kernel").map(|_| false),
        Err(error) => Err(error),
    }
}

/// The `AppArmor` profiles that are loaded, each with its mode.
///
/// # Errors
/// Why they were not seen.
pub fn apparmor_profiles(root: &Root) -> Seen<Vec<(String, String)>> {
    let text = root.text("/sys/kernel/security/apparmor/profiles")?;
    let parse = |line: &str| {
        let (name, mode) = line.rsplit_once(" (")?;
        Some((name.to_owned(), mode.trim_end_matches(')').to_owned()))
    };
    Ok(text.lines().filter_map(parse).collect())
}

/// How control groups are mounted.
///
/// # Errors
/// That none are.
pub fn cgroups(mounts: &[Mount]) -> Seen<Cgroups> {
    let has = |kind: &str| mounts.iter().any(|mount| mount.kind == kind && mount.point.starts_with("/sys/fs/cgroup"));
    match (has("cgroup"), has("cgroup2")) {
        (true, _) => Ok(Cgroups::Legacy),
        (false, true) => Ok(Cgroups::Unified),
        (false, false) => Err(Unseen::Missing),
    }
}

/// What stands in brackets in a file that lists its choices, such as `[none] integrity`.
#[must_use]
pub fn chosen(text: &str) -> Option<&str> {
    Some(text.split_once('[')?.1.split_once(']')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        assert_eq!(Version::parse("6.1.0-18-amd64"), Some(Version(6, 1, 0)));
        assert_eq!(Version::parse("7.3"), Some(Version(7, 3, 0)));
        assert!(Version::parse("6.10.1") > Version::parse("6.9"));
        for none in ["", "x", "6", "v6.1"] {
            assert_eq!(Version::parse(none), None, "{none}");
        }
        assert_eq!(chosen("none [integrity] confidentiality"), Some("integrity"));
    }
}
