//! Whether the machine is a virtual one.

use std::path::Path;

use super::mounts::holding;
use super::{Mount, Root, Unseen};

/// What podclaw runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Machine {
    /// A container: what is seen is not the whole machine.
    Container(String),
    /// A virtual machine.
    Virtual(String),
    /// Nothing says that there is a hypervisor.
    Bare,
}

/// What podclaw runs on.
///
/// # Errors
/// That the processor was not seen.
pub fn machine(root: &Root, mounts: &[Mount]) -> Result<Machine, Unseen> {
    if let Ok(manager) = root.word("/run/systemd/container") {
        return Ok(Machine::Container(manager));
    }
    // Virtual machines made of a container's image have these too, but not its layers.
    let in_layers = holding(mounts, Path::new("/")).is_some_and(|mount| mount.kind == "overlay");
    for sign in ["/run/.containerenv", "/.dockerenv"] {
        if in_layers && root.followed(sign).is_ok() {
            return Ok(Machine::Container(sign.into()));
        }
    }
    let processor = root.text("/proc/cpuinfo")?;
    let product = ["sys_vendor", "product_name"].map(|name| root.word(format!("/sys/class/dmi/id/{name}")));
    let product: Vec<String> = product.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let flagged =
        processor.lines().any(|line| line.starts_with("flags") && line.split(' ').any(|it| it == "hypervisor"));
    let known = ["QEMU", "KVM", "VMware", "VirtualBox", "innotek", "Xen", "Bochs", "Parallels", "Virtual Machine"];
    let named = product.iter().any(|word| known.iter().any(|name| word.contains(name)));
    if flagged || named || root.followed("/sys/hypervisor/type").is_ok() {
        return Ok(Machine::Virtual(product.join(" ")));
    }
    Ok(Machine::Bare)
}
