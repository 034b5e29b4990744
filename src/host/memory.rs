//! How much memory there is, and where it is swapped to.

use super::{Root, Seen, Unseen};

/// The machine's memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What new programs could have.
    pub available: u64,
}

/// The machine's memory.
///
/// # Errors
/// Why it was not seen.
pub fn memory(root: &Root) -> Seen<Memory> {
    let text = root.text("/proc/meminfo")?;
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = value.and_then(|value| value.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
        kibibytes.map(|kibibytes| kibibytes.saturating_mul(1024)).ok_or_else(|| Unseen::Unfit(format!("no {name}")))
    };
    Ok(Memory { total: field("MemTotal:")?, available: field("MemAvailable:")? })
}

/// The devices and files that memory is swapped to.
///
/// # Errors
/// Why they were not seen.
pub fn swaps(root: &Root) -> Seen<Vec<String>> {
    match root.text("/proc/swaps") {
        Ok(text) => {
            Ok(text.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(Into::into).collect())
        }
        // The kernel was built without.
        Err(Unseen::Missing) => root.number("/proc/sys/kernel/pid_max").map(|_| Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether what is swapped there is gone when the machine stops: compressed memory, or an encrypted device.
#[must_use]
pub fn is_volatile(root: &Root, swap: &str) -> bool {
    let name = root.link(swap).unwrap_or_else(|_| swap.to_owned());
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    name.starts_with("zram")
        || root.word(format!("/sys/block/{name}/dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-"))
}
