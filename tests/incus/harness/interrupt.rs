//! Ctrl-C and SIGTERM: the run is removed before the tests end, so that whoever waits for them finds the machine clean.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use super::Daemon;

/// Whether a signal came.
static CAME: AtomicBool = AtomicBool::new(false);

/// Does not return once a signal came: tests that go on would make anew what is being removed.
pub(super) fn hold() {
    while CAME.load(Ordering::SeqCst) {
        thread::park();
    }
}

/// Starts to look out for the signals.
pub(crate) fn watch() {
    thread::spawn(|| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        let code = runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
            let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
            tokio::select! {
                _ = interrupt.recv() => 128 + 2,
                _ = terminate.recv() => 128 + 15,
            }
        });
        CAME.store(true, Ordering::SeqCst);
        eprintln!("\ninterrupted: removing the private Incus daemon and all that is in it");
        Daemon::remove_all();
        exit(code);
    });
}

#[expect(clippy::exit, reason = "the tests run in other threads, which cannot be asked to end")]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}
