//! Users, groups, and the ids that they may hand to containers.

use std::path::{Path, PathBuf};

use super::{Root, Seen};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its number.
    pub gid: u32,
    /// The users that are in it besides those whose own group it is.
    pub members: Vec<String>,
}

/// A range of ids in `/etc/subuid` or `/etc/subgid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Whose it is: a name or a number.
    pub owner: String,
    /// The first id.
    pub start: u64,
    /// How many there are.
    pub count: u64,
}

impl Range {
    /// Whether they have an id in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.start.saturating_add(other.count) && other.start < self.start.saturating_add(self.count)
    }
}

/// Homes of system users that are no homes.
const NO_HOMES: [&str; 12] =
    ["/", "/nonexistent", "/dev", "/proc", "/sys", "/run", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/tmp", "/var"];

/// How many homes are looked at.
const MOST_HOMES: usize = 500;

/// The groups of `/etc/group`, with those whose own group it is as members too.
///
/// # Errors
/// Why they were not seen.
pub fn groups(root: &Root) -> Seen<Vec<Group>> {
    let users = root.text("/etc/passwd").unwrap_or_default();
    let owners: Vec<(&str, &str)> = users
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            Some((fields.next()?, fields.nth(2)?))
        })
        .collect();
    let parse = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, gid, members] = fields[..] else { return None };
        let mut members: Vec<String> = members.split(',').filter(|name| !name.is_empty()).map(Into::into).collect();
        members.extend(owners.iter().filter(|(_, own)| *own == gid).map(|(user, _)| (*user).to_owned()));
        members.sort();
        members.dedup();
        Some(Group { name: name.into(), gid: gid.parse().ok()?, members })
    };
    Ok(root.text("/etc/group")?.lines().filter_map(parse).collect())
}

/// The ranges in one of the two files.
///
/// # Errors
/// Why they were not seen.
pub fn ranges(root: &Root, file: &str) -> Seen<Vec<Range>> {
    let parse = |line: &str| {
        let mut fields = line.trim().split(':');
        let (owner, start, count) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Range { owner: owner.into(), start: start.parse().ok()?, count: count.parse().ok()? })
    };
    Ok(root.text(file)?.lines().filter_map(parse).collect())
}

/// The homes of all users: those of `/etc/passwd`, `/root`, and what is in `/home`.
///
/// # Errors
/// Why they were not seen.
pub fn homes(root: &Root) -> Seen<Vec<PathBuf>> {
    let mut homes = vec![PathBuf::from("/root")];
    for line in root.text("/etc/passwd")?.lines() {
        let home = line.split(':').nth(5).unwrap_or_default().trim_end_matches('/');
        if home.starts_with('/') && !NO_HOMES.contains(&home) {
            homes.push(home.into());
        }
    }
    let below = Path::new("/home");
    homes.extend(root.names(below).unwrap_or_default().into_iter().map(|name| below.join(name)));
    // The distribution may have made `/home` a link, and an administrator a home.
    homes = homes.into_iter().map(|home| root.settled(&home).unwrap_or(home)).collect();
    homes.sort();
    homes.dedup();
    homes.retain(|home| !matches!(root.meta(home), Err(super::Unseen::Missing)));
    if homes.len() > MOST_HOMES {
        return Err(super::Unseen::Unfit(format!("there are more than {MOST_HOMES} homes")));
    }
    Ok(homes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_do_not_overlap() {
        let range = |start, count| Range { owner: "a".into(), start, count };
        assert!(range(10, 10).overlaps(&range(19, 1)));
        assert!(!range(10, 10).overlaps(&range(20, 1)));
        assert!(range(0, u64::MAX).overlaps(&range(u64::MAX - 1, 9)));
    }

    #[test]
    fn a_group_has_its_owner_too() {
        let tree = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(tree.path().join("etc")).unwrap();
        std::fs::write(tree.path().join("etc/passwd"), "a:x:1:7::/home/a:/bin/sh\nb:x:2:8::/:/bin/sh\n").unwrap();
        std::fs::write(tree.path().join("etc/group"), "g:x:7:b\nbroken\n").unwrap();
        let groups = groups(&Root::at(tree.path())).unwrap();
        assert_eq!(groups, [Group { name: "g".into(), gid: 7, members: vec!["a".into(), "b".into()] }]);
    }
}
