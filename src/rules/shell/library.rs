//! podclaw's own shell library, which its stages read.

use std::sync::{Arc, LazyLock};

use super::program::Program;
use super::scope::{Assigned, Scope};
use crate::cloud_init::Templates;

/// What the built-in library defines; nothing where it cannot be read, so that its functions are unknown then.
static LIBRARY: LazyLock<Scope> = LazyLock::new(|| {
    let mut scope = Scope::default();
    if let Ok(program) = Program::read(Templates::builtin().library()) {
        scope.add(&Arc::new(program), 0, true);
    }
    scope
});

/// What the library lets through as settings: it ends a script that finds anything else.
const NUMBERS: [&str; 6] =
    ["LAST_STAGE", "GATEWAY_PORT", "GATEWAY_MEMORY_MIB", "PACKAGES_TIMEOUT", "IMAGE_TIMEOUT", "START_TIMEOUT"];
const CHOICES: [(&str, &str); 8] = [
    ("GATEWAY_SOURCE", "archive"),
    ("GATEWAY_SOURCE", "registry"),
    ("STORAGE_DRIVER", "fuse-overlayfs"),
    ("STORAGE_DRIVER", "native"),
    ("BOOT", "cold"),
    ("BOOT", "bake"),
    ("BOOT", "baked"),
    // A digest, or an id, which is one too.
    ("GATEWAY_IMAGE", "0000000000000000000000000000000000000000000000000000000000000000"),
];

/// What a script assigns and defines, with the library if it reads that. Tells whether it does.
pub(super) fn scope(program: &Arc<Program>) -> (Scope, bool) {
    let mut scope = Scope::default();
    scope.add(program, 0, false);
    let library = scope.library;
    if library {
        scope.include(&LIBRARY);
        for name in NUMBERS {
            scope.assign(name, 0, Assigned::Number);
        }
        for (name, value) in CHOICES {
            scope.assign(name, 0, Assigned::Word(value.into()));
        }
    }
    // The runner gives it to each stage.
    scope.assign("PODCLAW_REPORT", 0, Assigned::Word("/run/podclaw/report".into()));
    (scope, library)
}
