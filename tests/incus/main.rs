//! podclaw against a real, private Incus daemon, which the harness starts and always removes. Needs root.
//!
//! A test is a function that takes the daemon and panics when it fails. Each file names its tests in `TESTS`.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "a test says what went wrong by ending there")]

#[path = "../common/mod.rs"]
#[expect(clippy::allow_attributes, reason = "what is unused differs between the two test programs")]
#[allow(dead_code, reason = "what is unused differs between the two test programs")]
mod common;
#[expect(clippy::allow_attributes, reason = "the harness may offer more than the tests use today")]
#[allow(dead_code, unused_imports, reason = "the harness may offer more than the tests use today")]
mod harness;

mod audit;
mod bake;
mod client;
mod dns;
mod doctor;
mod egress;
mod failures;
mod gateway;
mod images;
mod labs;
mod launches;
mod lint;
mod prove;
mod scale;
mod second_lock;
mod server;
mod smoke;
mod standby;
mod timings;
mod wipe;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut files = vec![
        smoke::TESTS,
        labs::TESTS,
        lint::TESTS,
        images::TESTS,
        launches::TESTS,
        timings::TESTS,
        failures::TESTS,
        doctor::TESTS,
        server::TESTS,
        dns::TESTS,
        egress::TESTS,
        gateway::TESTS,
        bake::TESTS,
        audit::TESTS,
        scale::TESTS,
    ];
    files.extend(client::TESTS);
    files.extend(prove::TESTS);
    files.extend(second_lock::TESTS);
    files.extend(standby::TESTS);
    files.extend(wipe::TESTS);
    harness::main(&files)
}
