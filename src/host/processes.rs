//! What runs.

use super::{Root, Seen, Unseen};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The name of its program, cut off at 15 characters.
    pub name: String,
    /// Its effective capabilities, as bits.
    pub capabilities: u64,
    /// Its owner.
    pub uid: u32,
    /// Whether it is in the machine's own process namespace, and not in a container.
    pub is_hosts: bool,
}

/// How many processes are looked at.
const MOST: usize = 50_000;

/// The numbers of all processes.
///
/// # Errors
/// Why they were not seen, or that there are too many.
pub fn numbers(root: &Root) -> Seen<Vec<u32>> {
    let numbers: Vec<u32> = root.words("/proc")?.iter().filter_map(|name| name.parse().ok()).collect();
    if numbers.len() > MOST {
        return Err(Unseen::Unfit(format!("there are more than {MOST} processes")));
    }
    Ok(numbers)
}

/// All processes.
///
/// # Errors
/// Why they were not seen.
pub fn processes(root: &Root) -> Seen<Vec<Process>> {
    let numbers = numbers(root)?;
    // The first one is always there. Where it is hidden, so are others.
    if process(root, 1).is_none() {
        return Err(Unseen::Forbidden);
    }
    // One that ended meanwhile is none.
    Ok(numbers.into_iter().filter_map(|pid| process(root, pid)).collect())
}

/// One process; nothing where it ended.
#[must_use]
pub fn process(root: &Root, pid: u32) -> Option<Process> {
    let status = root.text(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some(Process {
        pid,
        name: field("Name:")?.to_owned(),
        capabilities: field("CapEff:").and_then(|bits| u64::from_str_radix(bits, 16).ok())?,
        uid: field("Uid:")?.split_whitespace().next()?.parse().ok()?,
        // The kernel lists the number in each namespace, the outermost first.
        is_hosts: field("NSpid:").is_none_or(|numbers| numbers.split_whitespace().count() == 1),
    })
}

/// Whether a process is in the machine's first user namespace.
///
/// # Errors
/// Why that was not seen.
pub fn is_in_first_user_namespace(root: &Root, pid: u32) -> Seen<bool> {
    let map = root.text(format!("/proc/{pid}/uid_map"))?;
    Ok(map.split_whitespace().eq(["0", "0", "4294967295"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_those_of_containers_apart() {
        let tree = tempfile::tempdir().unwrap();
        for (pid, spaces) in [("1", "1"), ("8", "8\t1")] {
            std::fs::create_dir_all(tree.path().join("proc").join(pid)).unwrap();
            let status = format!("Name:\tinit\nUid:\t0\t0\t0\t0\nNSpid:\t{spaces}\nCapEff:\t00000000000000ff\n");
            std::fs::write(tree.path().join("proc").join(pid).join("status"), status).unwrap();
        }
        std::fs::create_dir_all(tree.path().join("proc/9")).unwrap();
        let found = processes(&Root::at(tree.path())).unwrap();
        assert_eq!(found.iter().map(|p| (p.pid, p.is_hosts)).collect::<Vec<_>>(), [(1, true), (8, false)]);
        assert_eq!(found[0].capabilities, 0xff);
        std::fs::remove_dir_all(tree.path().join("proc/1")).unwrap();
        assert_eq!(processes(&Root::at(tree.path())), Err(Unseen::Forbidden));
    }
}
