//! The size of the program, which is an outcome too: what is linked in for one command, every command carries along.

use serde_json::{Value, json};

use super::common::section::Table;

/// What it must stay below, in bytes.
const LIMIT: u64 = 15_000_000;

/// The size of the program in bytes.
#[derive(Debug)]
pub(crate) struct Size(u64);

/// Looks at the program, before anything that takes long. This one has what tests ask of the crates that both use, and may
/// be a little larger than that of `make build`.
///
/// # Panics
/// When it is too large.
pub(crate) fn measure() -> Size {
    let program = env!("CARGO_BIN_EXE_podclaw");
    let size = std::fs::metadata(program).expect("the program is there").len();
    println!("the program has {size} bytes, and must have less than {LIMIT}");
    assert!(size < LIMIT, "{program} has {size} bytes, which is not less than {LIMIT}");
    Size(size)
}

impl Size {
    /// For people.
    pub(crate) fn table(&self) -> Table {
        Table { head: vec!["The program", "bytes"], rows: vec![row("it has", self.0), row("less than", LIMIT)] }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "bytes": self.0, "limit": LIMIT })
    }
}

fn row(what: &str, bytes: u64) -> Vec<String> {
    vec![what.to_owned(), bytes.to_string()]
}
