//! Cancelling, finding what still runs, and a daemon that goes away.

use podclaw::incus::{Command, Error, Job, Object, OperationStatus};
use podclaw::progress::Progress;
use tokio_util::sync::CancellationToken;

use super::{connect, connect_to, quiet, tiny};
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] = tests![a_cancelled_create_has_ended, a_daemon_that_dies_ends_what_waits_for_it];

fn a_cancelled_create_has_ended(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.import_tiny();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let new = tiny(&client, &project).await;
        let guest = Object::instance(&project, "g");
        let job = Job::new(Progress::silent(), CancellationToken::new());
        let watch = async {
            loop {
                if let Some(found) = client.running_tasks(&project, "g").await.unwrap().first() {
                    assert_eq!(found.status_code, OperationStatus::Running);
                    job.cancel.cancel();
                    return;
                }
            }
        };
        let (ended, ()) = tokio::join!(client.create(&guest, &new, &job), watch);
        assert!(matches!(ended, Err(Error::Cancelled)), "{ended:?}");
        // Incus 6.0 cannot cancel it; but nothing runs on once we are told.
        assert_eq!(client.running_tasks(&project, "g").await.unwrap(), []);
        client.delete(&guest, &quiet()).await.unwrap();
        assert!(!client.exists(&guest).await.unwrap());
    });
}

fn a_daemon_that_dies_ends_what_waits_for_it(daemon: &Daemon) {
    let mine = daemon.another();
    let lab = Lab::new(&mine);
    lab.make_by_hand();
    lab.launch_tiny("g");
    block_on(async {
        let (client, project) = connect(&lab).await;
        let sleep = Command::new(["sleep", "1000"]);
        let mut session = client.exec(&project, "g", &sleep, None).await.unwrap();
        mine.kill();
        let broken = session.process.wait().await.unwrap_err();
        assert!(matches!(broken, Error::Broken { .. }), "{broken}");
        let dead = client.exists(&Object::instance(&project, "g")).await.unwrap_err();
        assert!(matches!(dead, Error::Broken { .. }), "{dead}");
        mine.start();
        assert!(connect_to(&mine).await.exists(&Object::instance(&project, "g")).await.unwrap());
    });
}
