//! What podclaw says of itself, and of arguments that it does not know.

use crate::common::podclaw;

#[test]
fn it_runs_and_ends() {
    let said = podclaw(&["--version"]).run();
    assert!(said.code >= 0, "ended by a signal: {said}");
}
