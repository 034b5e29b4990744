//! What keeps a wipe from going on, and that it does not stay so.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use podclaw::incus::{Client, Job, Object, ProjectName};
use rustix::process::Signal;

use super::{fill, own, wiped};
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] = tests![
    a_busy_mount_is_named_and_goes_later,
    a_resolver_that_was_left_is_ended,
    a_full_pool_is_wiped,
    guests_that_are_made_meanwhile_go_too,
    what_the_daemon_works_on_is_waited_for,
    a_daemon_that_hangs_for_a_while_is_waited_for,
    a_daemon_that_does_not_answer_is_an_error,
];

/// Where the daemon has the lab's pool mounted.
fn pool(lab: &Lab) -> std::path::PathBuf {
    lab.daemon().dir().join("storage-pools").join(lab.name())
}

fn a_busy_mount_is_named_and_goes_later(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 2, true);
    let mark = format!("user.podclaw.lab={}", lab.name());
    lab.incus(&["storage", "volume", "create", lab.name(), "data", &mark]).run().ok();
    lab.incus(&["storage", "volume", "attach", lab.name(), "data", "g0", "/mnt"]).run().ok();
    // Somebody on the host stands in the guest's disk, and another one has a file of the pool open.
    let rootfs = pool(&lab).join("containers").join(format!("{}_g0", lab.name())).join("rootfs");
    let stands = daemon.program("sleep").arg("1000").cwd(&rootfs).start();
    let holds = daemon.program("sh").args(&["-c", "exec 3<. && exec sleep 1000"]).cwd(pool(&lab)).start();
    let said = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run();
    let guests = lab.daemon().get("/1.0/instances?all-projects=true").to_string();
    assert!(!guests.contains(&format!("project={}", lab.name())), "guests are left: {said}");
    // The daemon takes the mount out of sight; what the kernel keeps as long as somebody holds it is named.
    let said = said.exits(1);
    assert!(said.stdout.contains("\n- loop device    "), "{said}");
    for busy in [stands, holds] {
        busy.signal(Signal::KILL);
        drop(busy.wait());
    }
    let again = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run().exits(0);
    let nothing = again.stdout.starts_with("there is nothing of the lab ");
    assert!(nothing || again.stdout.ends_with(", nothing is left\n"), "{again}");
    assert!(!is_mounted(&pool(&lab)), "the pool is still mounted: {said}{again}");
    let loops = || daemon.program("losetup").args(&["--list", "--noheadings", "--output", "BACK-FILE"]).run().ok();
    let is_gone = || !loops().contains(&format!("/{}.img", lab.name()));
    assert!((0..50).any(|_| is_gone() || pause()), "its loop device is still there: {}", loops());
}

/// For what is looked at again and again.
fn pause() -> bool {
    std::thread::sleep(Duration::from_millis(100));
    false
}

/// A shell by the resolver's name, as the daemon starts one: with files of the network's directory.
fn a_resolver_that_was_left_is_ended(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    let shell = lab.dir().join("dnsmasq");
    std::fs::copy("/bin/sh", &shell).expect("it can be copied");
    let resolver = |network: &str| {
        let file = daemon.dir().join("networks").join(network).join("dnsmasq.raw");
        let script = "echo runs; sleep 1000; true";
        let mut running = daemon.program(&shell).args(&["-c", script]).arg(&file).start();
        running.wait_for("runs");
        running
    };
    let (left, other) = (resolver(&lab.network()), resolver(&format!("{}x", lab.network())));
    wiped(&lab);
    assert_eq!(left.wait().code, -9, "it was not killed");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", other.pid())).expect("it runs");
    assert!(!state.contains(") Z "), "somebody else's was ended: {state}");
}

fn is_mounted(place: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("the mounts can be read");
    mounts.lines().any(|line| line.split(' ').nth(4).is_some_and(|at| Path::new(at).starts_with(place)))
}

fn a_full_pool_is_wiped(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 2, true);
    // As much as there is, in ever smaller pieces; without writing any of it.
    for size in ["1GiB", "100MiB", "10MiB", "1MiB", "64KiB", "4KiB"] {
        let script = format!(
            "n=0; while fallocate -l {size} full-{size}-$n 2>/dev/null; do n=$((n + 1)); [ $n -lt 200 ] || break; done; sync"
        );
        let place = pool(&lab).join("custom");
        daemon.program("sh").args(&["-c", &script]).cwd(&place).timeout(Duration::from_mins(5)).run().ok();
    }
    let write = lab.incus(&["exec", "g0", "--", "dd", "if=/dev/zero", "of=/root/x", "bs=1M", "count=64"]).run();
    assert_ne!(write.code, 0, "the pool is not full: {write}");
    wiped(&lab);
}

fn guests_that_are_made_meanwhile_go_too(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 3, true);
    let image = lab.incus(&["image", "list", "tiny", "-f", "csv", "-c", "F"]).run().ok().trim().to_owned();
    let new = own(&lab, &image);
    let (socket, project) = (daemon.socket(), lab.name().parse::<ProjectName>().expect("a project"));
    let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let made = std::thread::scope(|scope| {
        let maker = scope.spawn(|| {
            block_on(async {
                let client = Client::connect(&socket).await.expect("the daemon answers");
                let mut made = 0;
                for number in 0..1000 {
                    let object = Object::instance(&project, &format!("m{number}"));
                    // As soon as the image or the project is gone, none can be made.
                    if client.create(&object, &new, &Job::quiet()).await.is_err() && begun.load(Ordering::Relaxed) {
                        break;
                    }
                    made += usize::from(begun.load(Ordering::Relaxed) && !ended.load(Ordering::Relaxed));
                    if made == 4 {
                        break;
                    }
                }
                made
            })
        });
        let wipe = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).start();
        begun.store(true, Ordering::Relaxed);
        let said = wipe.wait();
        ended.store(true, Ordering::Relaxed);
        assert_eq!(said.code, 0, "{said}");
        assert!(said.stdout.ends_with(", nothing is left\n"), "{said}");
        maker.join().expect("it does not panic")
    });
    eprintln!("{made} guests were made while the lab was wiped");
    assert!(made > 0, "none was made meanwhile");
}

fn what_the_daemon_works_on_is_waited_for(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 3, true);
    // One may have stopped by itself, where the daemon did not answer its own hook in time.
    drop(lab.incus(&["stop", "--force", "g0"]).run());
    lab.incus(&["exec", "g1", "--", "dd", "if=/dev/urandom", "of=/root/x", "bs=1M", "count=100"]).run().ok();
    lab.incus(&["stop", "--force", "g1"]).run().ok();
    // An image is made of a guest, which takes a while, and keeps the daemon from deleting it.
    let publish = lab.incus(&["publish", "g1", "--compression", "gzip"]).timeout(Duration::from_mins(5)).start();
    let begins = || {
        let found = daemon.get(&format!("/1.0/operations?recursion=1&project={}", lab.name())).to_string();
        found.contains("/1.0/instances/g1") || found.contains("Downloading") || found.contains("ublish")
    };
    assert!((0..100).any(|_| begins() || pause()), "nothing begins");
    let said = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run();
    drop(publish.wait());
    // What it made belongs to nobody: it does not carry the mark, and is named.
    let images = lab.incus(&["image", "list", "-f", "csv", "-c", "f"]).run().stdout;
    let foreign = !images.trim().is_empty();
    assert!(said.code == 0 || foreign && said.stdout.contains("! image "), "{images}{said}");
    for image in images.lines() {
        lab.incus(&["image", "delete", image]).run().ok();
    }
    lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run().ok();
    let again = lab.podclaw(&["wipe", "--yes", lab.name()]).run().ok();
    assert!(again.starts_with("there is nothing of the lab "), "{again}");
}

fn a_daemon_that_hangs_for_a_while_is_waited_for(daemon: &Daemon) {
    let own = daemon.another();
    let lab = Lab::new(&own);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 4, true);
    let mut wipe = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(10)).start();
    wipe.wait_for("- guest");
    own.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(20));
    own.signal(Signal::CONT);
    let said = wipe.wait().exits(0);
    assert!(said.stdout.ends_with(", nothing is left\n"), "{said}");
}

fn a_daemon_that_does_not_answer_is_an_error(daemon: &Daemon) {
    let own = daemon.another();
    let lab = Lab::new(&own);
    lab.podclaw(&["init"]).run().ok();
    fill(&lab, 1, true);
    own.signal(Signal::STOP);
    let said = lab.podclaw(&["wipe", "--yes", lab.name()]).timeout(Duration::from_mins(5)).run();
    own.signal(Signal::CONT);
    let said = said.exits(3);
    assert!(said.stderr.contains("the daemon"), "{said}");
    wiped(&lab);
}
