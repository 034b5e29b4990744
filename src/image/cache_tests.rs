use super::*;

fn cache() -> (TempDir, Cache) {
    let root = tempfile::tempdir().expect("a temporary directory");
    let cache = Cache::new(&root.path().join("cache"));
    (root, cache)
}

#[tokio::test]
async fn an_image_is_there_wholly_or_not_at_all() {
    let (_root, cache) = cache();
    let digest = Sha256::of(b"image");
    assert!(cache.get(Kind::Base, &digest).is_none());
    let held = cache.hold(&Job::quiet()).await.expect("the lock");
    let workspace = held.workspace().expect("a workspace");
    let made = workspace.path().join("made");
    std::fs::write(&made, b"image").expect("a file");
    let path = held.keep(Kind::Base, &made, &digest, &"record").expect("keeping");
    assert_eq!(cache.get(Kind::Base, &digest), Some((path.clone(), 5)));
    assert!(cache.get(Kind::Gateway, &digest).is_none());
    assert_eq!(cache.records::<String>(Kind::Base), [(digest.clone(), "record".into())]);
    assert!(cache.records::<u32>(Kind::Base).is_empty(), "a record of another kind");

    // As after a kill between the two renames.
    std::fs::remove_file(path.with_extension("json")).expect("removing the record");
    assert!(cache.get(Kind::Base, &digest).is_none() && cache.records::<String>(Kind::Base).is_empty());
    drop(held);
    let _held = cache.hold(&Job::quiet()).await.expect("the lock");
    assert!(!path.exists(), "what has no record is removed");
    cache.remove(Kind::Base, &digest).expect("what is gone already is no error");
}

#[tokio::test]
async fn a_killed_build_leaves_nothing_for_long() {
    let (_root, cache) = cache();
    let held = cache.hold(&Job::quiet()).await.expect("the lock");
    let left = held.workspace().expect("a workspace").keep();
    std::fs::create_dir_all(left.join("a/b")).expect("a directory");
    drop(held);
    let held = cache.hold(&Job::quiet()).await.expect("the lock");
    assert!(!left.exists());
    drop(held);
}

#[tokio::test]
async fn one_build_at_a_time() {
    let (_root, cache) = cache();
    let first = cache.hold(&Job::quiet()).await.expect("the lock");
    let (progress, mut updates) = crate::progress::Progress::channel();
    let waiting = Job::new(progress, tokio_util::sync::CancellationToken::new());
    let cancelled = waiting.clone();
    let (second, ()) = tokio::join!(cache.hold(&waiting), async {
        updates.recv().await.expect("it says that it waits");
        cancelled.cancel.cancel();
    });
    assert!(matches!(second, Err(Error::Cancelled)), "{second:?}");
    drop(first);
    cache.hold(&Job::quiet()).await.expect("the lock");
}
