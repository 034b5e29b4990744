//! What was measured on, and of what versions.

use serde_json::{Value, json};

use crate::bench::section;
use crate::harness::Lab;

/// All of it.
pub(crate) fn describe(lab: &Lab) -> Value {
    let server = lab.daemon().get("/1.0");
    let pool = lab.daemon().get(&format!("/1.0/storage-pools/{}", lab.name()));
    let gateway = &lock(lab)["gateway"]["npm"];
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u32>().ok()).map(f64::from);
    json!({
        "machine": section::machine(),
        "memory_gib": memory.map(|kib| (kib / 1024.0 / 1024.0).round()),
        "kernel": rustix::system::uname().release().to_string_lossy(),
        "incus": server["environment"]["server_version"],
        "pool": pool["driver"],
        "podclaw": env!("CARGO_PKG_VERSION"),
        "debug_build": cfg!(debug_assertions),
        "openclaw": gateway["openclaw"],
        "node": gateway["node"],
    })
}

/// What the lab's images were made of.
pub(crate) fn lock(lab: &Lab) -> Value {
    let text = std::fs::read(lab.file().with_file_name("podclaw.lock")).expect("the lab has a lock");
    serde_json::from_slice(&text).expect("the lock is JSON")
}
