//! What others do while an image is baked: bake too, with a cache of their own; change the lab; and delete the image.

use std::time::Duration;

use podclaw::image::BakedImage;
use podclaw::incus::{Client, Job};
use podclaw::lab::{self, LabFile, LaunchOptions, LaunchRequest, Source};
use rustix::process::Signal;
use serde_json::json;

use super::{bake, baked};
use crate::common::{self, Program};
use crate::harness::{Daemon, Gateway, Lab, block_on};
use crate::launches::{instances, ready};

const LONG: Duration = Duration::from_mins(8);

/// podclaw as another user has it: with a cache and locks of its own.
fn elsewhere(lab: &Lab, home: &str, args: &[&str]) -> Program {
    let home = lab.dir().join(home);
    let program = lab.daemon().program(common::PODCLAW).cwd(lab.dir()).env("PODCLAW_RUNTIME_DIR", home.join("run"));
    let program = program.arg("--socket").arg(lab.daemon().socket()).arg("--lab-file").arg(lab.file());
    program.arg("--cache-dir").arg(home).args(args).timeout(LONG)
}

pub(super) fn bakes_with_caches_of_their_own_make_one_image(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let mut first = lab.podclaw(&["image", "bake"]).timeout(LONG).start();
    first.wait_for("✓ bake: created");
    let second = elsewhere(&lab, "second", &["image", "bake"]).start();
    let (first, second) = (first.wait().exits(0), second.wait().exits(0));
    assert!(second.stderr.contains("bakes: waiting for it"), "{second}");
    let [image] = &*baked(&lab) else { panic!("not one image: {:?}", baked(&lab)) };
    let fingerprint = image["fingerprint"].as_str().expect("a fingerprint");
    assert!(first.stdout.contains(fingerprint) && second.stdout.contains(fingerprint), "{first}\n{second}");
    assert_eq!(instances(&lab), json!([]));

    // At the same moment, and one of them is killed: the other one goes on.
    lab.podclaw(&["image", "delete", fingerprint]).run().ok();
    // Neither with the cache that other tests build with: they would wait for those.
    let mut killed = elsewhere(&lab, "killed", &["image", "bake"]).start();
    let other = elsewhere(&lab, "second", &["image", "bake"]).start();
    killed.wait_for("bake: ");
    std::thread::sleep(Duration::from_secs(3));
    killed.signal(Signal::KILL);
    drop(killed.wait());
    other.wait().ok();
    assert_eq!((baked(&lab).len(), instances(&lab)), (1, json!([])));
}

pub(super) fn what_changes_during_a_bake_is_seen(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let mut launch = lab.podclaw(&["launch", "a"]).timeout(LONG).start();
    launch.wait_for("✓ bake: started");
    lab.incus(&["project", "set", lab.name(), "restricted.backups=allow"]).run().ok();
    let said = launch.wait().exits(3);
    assert!(said.stderr.contains("is not as it has to be: ") && said.stderr.contains("restricted.backups"), "{said}");
    assert_eq!(instances(&lab), json!([]));
    lab.podclaw(&["init"]).run().ok();

    // Settled, and then the image goes: a clear word, and no guest.
    let settings = LabFile::read(&lab.file()).expect("a lab file");
    let settings = settings.settle(None, lab.dir().join("podclaw.lock"), lab.dir().to_owned());
    let error = block_on(async {
        let client = Client::connect(&daemon.socket()).await.expect("the daemon answers");
        let lab_of = lab::Lab::new(client, settings).expect("a lab");
        let request = LaunchRequest {
            names: vec!["b".parse().expect("a name")],
            count: 1,
            profiles: Vec::new(),
            may_claim: false,
            only_looks: false,
        };
        let mut settled = lab::settle(&lab_of, &request).await.expect("it is settled");
        let image: BakedImage = settled.baked(&lab_of).expect("an answer").expect("an image");
        let prepared = settled.prepare(&lab_of, &Source::Baked(image.clone())).expect("a guest");
        lab.podclaw(&["image", "delete", &image.fingerprint.to_string()]).run().ok();
        let options = LaunchOptions { timeout: LONG, keep_failed: false };
        lab::launch(&lab_of, &prepared[0], options, &Job::quiet()).await.expect_err("it has no image")
    });
    assert!(error.to_string().starts_with("the baked image is gone"), "{error}");
    assert_eq!(instances(&lab), json!([]));
}

pub(super) fn what_the_gateway_left_is_removed_or_named(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let leave = |script: &str| {
        let mut bake = lab.podclaw(&["image", "bake"]).timeout(LONG).start();
        bake.wait_for("✓ bake: 6/7");
        lab.incus(&["exec", "podclaw-bake", "--", "bash", "-c", script]).run().ok();
        bake.wait()
    };
    // As the gateway itself can leave it: nobody may read or change it.
    let closed = "runuser -u openclaw -- sh -c 'cd ~/.openclaw && mkdir -p a/b/c && chmod 000 a/b && chmod 500 a'";
    leave(closed).ok();
    lab.podclaw(&["image", "delete", baked(&lab)[0]["fingerprint"].as_str().expect("a fingerprint")]).run().ok();
    // What is mounted, or read-only, can't be removed: it is said which.
    let mounted = "mkdir /home/openclaw/.openclaw/fixed && mount -t tmpfs -o ro none /home/openclaw/.openclaw/fixed";
    let said = leave(mounted).exits(3);
    assert!(said.stderr.contains("what the gateway left can't be changed: rm: cannot remove"), "{said}");
    assert!(said.stderr.contains("/.openclaw/fixed"), "{said}");
    assert_eq!(baked(&lab), Vec::<serde_json::Value>::new());
    bake(&lab).ok();
}

/// A busy daemon loses a command now and then, and what it ran is killed; it is run again.
pub(super) fn a_seal_goes_on_where_one_was_killed(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    let mut bake = lab.podclaw(&["image", "bake"]).timeout(LONG).start();
    bake.wait_for("✓ bake: 7/7");
    bake.signal(Signal::STOP);
    let script = "/usr/local/lib/podclaw/seal & seal=$!
                  for i in $(seq 1000); do [ -e /run/user/1000 ] || break; sleep 0.02; done
                  kill -KILL $seal; wait $seal
                  [ ! -e /run/user/1000 ] && exec /usr/local/lib/podclaw/seal";
    let sealed = lab.incus(&["exec", "podclaw-bake", "--", "bash", "-c", script]).timeout(LONG).run();
    bake.signal(Signal::CONT);
    assert!(sealed.code == 0 && sealed.stdout.contains("sealed"), "{sealed}");
    bake.wait().ok();
    assert_eq!(baked(&lab).len(), 1);
}
