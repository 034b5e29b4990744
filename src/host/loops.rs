//! Loop devices, and the files behind them.

use super::{Root, Seen, Unseen};

/// A loop device that is in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    /// Its name, such as `loop0`.
    pub name: String,
    /// The file behind it, as the kernel names it.
    pub file: String,
    /// Whether that file was deleted.
    pub is_deleted: bool,
}

/// The loop devices that are in use.
///
/// # Errors
/// Why they were not seen.
pub fn loops(root: &Root) -> Seen<Vec<Loop>> {
    let names = match root.words("/sys/block") {
        Err(Unseen::Missing) => root.names("/sys/class").map(|_| Vec::new()),
        names => names,
    }?;
    let find = |name: &String| {
        let file = root.word(format!("/sys/block/{name}/loop/backing_file")).ok()?;
        let kept = file.strip_suffix(" (deleted)");
        Some(Loop { name: name.clone(), is_deleted: kept.is_some(), file: kept.unwrap_or(&file).to_owned() })
    };
    Ok(names.iter().filter(|name| name.starts_with("loop")).filter_map(find).collect())
}
