//! What the client does when the daemon misbehaves.

use std::io;
use std::path::Path;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::fake::{Fake, Reply, hasty, patient};
use super::*;
use crate::progress::Progress;

const WAIT: &str = "GET /1.0/operations/op/wait?timeout=0";
const CREATE: &str = "POST /1.0/instances?project=lab";
const READ: &str = "GET /1.0/instances/a?project=lab";

fn lab() -> ProjectName {
    "lab".parse().unwrap()
}

fn guest() -> Object {
    Object::instance(&lab(), "a")
}

async fn connect(answer: fn() -> Reply) -> Result<Client> {
    let fake = Fake::start(move |_, _| answer());
    Client::connect_with(&fake.socket, patient()).await
}

/// How a create ends whose operation is waited for and read as given.
async fn create(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Result<()> {
    let (_fake, client) = Fake::incus(move |request, nth| match request {
        CREATE => Reply::started(),
        _ => answer(request, nth),
    })
    .await;
    client.create(&guest(), &json!({}), &Job::quiet()).await
}

async fn read(answer: fn() -> Reply) -> Result<Option<Value>> {
    let (_fake, client) = Fake::incus(move |_, _| answer()).await;
    client.get(&guest()).await
}

#[tokio::test]
async fn nothing_to_connect_to() {
    let directory = tempfile::tempdir().unwrap();
    let missing = Client::connect(&directory.path().join("none")).await.unwrap_err();
    assert!(matches!(missing, Error::Socket(SocketError::NotFound { .. })), "{missing}");

    let dead = directory.path().join("dead");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    let dead = Client::connect(&dead).await.unwrap_err();
    assert!(matches!(dead, Error::Socket(SocketError::NobodyListens { .. })), "{dead}");
    assert!(dead.help().unwrap().contains("stopped or crashed"));

    // Root may use any socket, so this cannot be brought about where the tests run as root.
    let locked = SocketError::connecting(Path::new("/s"), io::ErrorKind::PermissionDenied.into());
    assert!(locked.help().unwrap().contains("incus-admin"));
}

#[tokio::test]
async fn not_a_daemon_that_podclaw_drives() {
    let untrusted = connect(|| Reply::server("incus", "untrusted")).await.unwrap_err();
    assert!(matches!(untrusted, Error::Untrusted { .. }), "{untrusted}");
    for answer in [
        || Reply::server("\u{1b}[2J", "trusted"),
        || Reply::sync(json!({ "auth": "trusted" })),
        || Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".into()),
        || Reply::Json(200, json!({ "type": "other" })),
        || Reply::started(),
    ] {
        let error = connect(answer).await.unwrap_err();
        assert!(matches!(error, Error::NotIncus { .. }), "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
    let silent = connect(|| Reply::Raw(String::new())).await.unwrap_err();
    assert!(matches!(silent, Error::Broken { .. }), "{silent}");
}

#[tokio::test]
async fn lxd_is_told_from_incus() {
    let lxd = connect(|| Reply::server("lxd", "trusted")).await.unwrap();
    let error = lxd.require(&["a", "c"]).unwrap_err();
    assert!(error.to_string().contains("is LXD 6.0.4 (and lacks c), not Incus"), "{error}");
    let incus = connect(|| Reply::server("incus", "trusted")).await.unwrap();
    incus.require(&["b", "a"]).unwrap();
    let error = incus.require(&["c", "a", "d"]).unwrap_err();
    assert_eq!(error.to_string(), "Incus 6.0.4 lacks the API extensions that podclaw needs: c, d");
}

#[tokio::test]
async fn a_wait_as_6_0_4_answers_it() {
    let ran_out = |request: &str, nth: usize| match (request, nth) {
        (WAIT, 0) => Reply::error(200, 500, "context deadline exceeded"),
        (WAIT, _) => Reply::operation(200, ""),
        _ => Reply::operation(103, ""),
    };
    create(ran_out).await.unwrap();

    let failed = |request: &str, _| match request {
        WAIT => Reply::error(200, 404, "Image not found"),
        _ => Reply::operation(400, "Image not found"),
    };
    let error = create(failed).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::NotFound));
    assert_eq!(error.to_string(), "cannot create instance a: Image not found");

    // The operation itself failed because something in the daemon ran out of time.
    let ambiguous = |request: &str, _| match request {
        WAIT => Reply::error(200, 500, "context deadline exceeded"),
        _ => Reply::operation(400, "context deadline exceeded"),
    };
    assert_eq!(create(ambiguous).await.unwrap_err().refusal(), Some(Refusal::Failed));

    let forgotten = |request: &str, _| match request {
        WAIT => Reply::error(200, 500, "No space left on device"),
        _ => Reply::error(404, 404, "Operation not found"),
    };
    assert_eq!(create(forgotten).await.unwrap_err().refusal(), Some(Refusal::NoSpace));

    let forgotten = |request: &str, _| match request {
        WAIT => Reply::error(200, 500, "context deadline exceeded"),
        _ => Reply::error(404, 404, "Operation not found"),
    };
    assert!(matches!(create(forgotten).await, Err(Error::Gone { .. })));
}

#[tokio::test]
async fn a_wait_as_6_0_6_answers_it() {
    let slow = |_: &str, nth: usize| Reply::operation(if nth < 3 { 103 } else { 200 }, "");
    create(slow).await.unwrap();
    let error = create(|_, _| Reply::operation(400, "Disk quota exceeded")).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::NoSpace));
    let error = create(|_, _| Reply::operation(401, "")).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Cancelled));
}

#[tokio::test]
async fn an_operation_that_was_forgotten_is_told_by_its_object() {
    let gone = |found: bool| {
        move |request: &str, _| match request {
            READ if found => Reply::sync(json!({})),
            _ => Reply::error(404, 404, "Operation not found"),
        }
    };
    create(gone(true)).await.unwrap();
    let error = create(gone(false)).await.unwrap_err();
    assert!(matches!(error, Error::Gone { .. }), "{error}");

    for found in [true, false] {
        let (_fake, client) = Fake::incus(move |request, nth| match request {
            "DELETE /1.0/instances/a?project=lab" => Reply::started(),
            _ => gone(found)(request, nth),
        })
        .await;
        let deleted = client.delete(&guest(), &Job::quiet()).await;
        assert_eq!(deleted.is_ok(), !found);
    }
}

#[tokio::test]
async fn answers_that_are_too_large() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"type\":\"sync\",\"metadata\":";
    for answer in [
        || Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{".into()),
        || Reply::Endless(CHUNKED.into()),
        || Reply::Endless("HTTP/1.1 500 X\r\nConnection: close\r\n\r\n".into()),
    ] {
        let error = read(answer).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 1_048_576, .. }), "{error}");
    }
    // Headers without an end.
    let error = read(|| Reply::Endless("HTTP/1.1 200 OK\r\nX: ".into())).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error}");
}

#[tokio::test]
async fn answers_that_do_not_come() {
    for answer in [
        || Reply::Hang(String::new()),
        || Reply::Hang("HTTP/1.1 200 OK\r\nContent-".into()),
        || Reply::Hang("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"type\"".into()),
    ] {
        let (_fake, client) = Fake::incus_within(hasty(), move |_, _| answer()).await;
        let error = client.get::<Value>(&guest()).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    }
    for answer in
        [|| Reply::Raw(String::new()), || Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"type\"".into())]
    {
        let error = read(answer).await.unwrap_err();
        assert!(matches!(error, Error::Broken { .. }), "{error}");
        assert!(!error.to_string().contains("http"), "a URL can hold a secret: {error}");
    }
}

#[tokio::test]
async fn answers_that_make_no_sense() {
    const PLAIN: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n404 page not found";
    for answer in [
        || Reply::Raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{\"a".into()),
        || Reply::Json(200, json!({ "type": "sync" })),
        || Reply::Json(200, json!([])),
        || Reply::started(),
    ] {
        let error = read(answer).await.unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    }
    assert_eq!(read(|| Reply::Raw(PLAIN.into())).await.unwrap(), None);
    let error = read(|| Reply::error(500, 500, "the profile doesn't exist")).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::NotFound));
}

#[tokio::test]
async fn a_cancelled_job_cancels_its_operation() {
    let cancel = CancellationToken::new();
    let job = Job::new(Progress::silent(), cancel.clone());
    let (fake, client) = Fake::incus_within(hasty(), move |request, _| match request {
        CREATE => Reply::started(),
        "DELETE /1.0/operations/op" => Reply::sync(json!({})),
        _ => {
            cancel.cancel();
            Reply::Hang(String::new())
        }
    })
    .await;
    let error = client.create(&guest(), &json!({}), &job).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert_eq!(fake.requests(), ["GET /1.0", CREATE, WAIT, "DELETE /1.0/operations/op"]);
    // A job that was cancelled before starts nothing.
    assert!(matches!(client.delete(&guest(), &job).await, Err(Error::Cancelled)));
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test]
async fn a_job_cancelled_while_its_operation_starts_cancels_that_too() {
    let cancel = CancellationToken::new();
    let job = Job::new(Progress::silent(), cancel.clone());
    let (fake, client) = Fake::incus(move |request, _| match request {
        CREATE => {
            cancel.cancel();
            Reply::started()
        }
        _ => Reply::operation(401, ""),
    })
    .await;
    let error = client.create(&guest(), &json!({}), &job).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
    assert!(fake.requests().contains(&"DELETE /1.0/operations/op".to_owned()), "{:?}", fake.requests());
}

#[tokio::test]
async fn without_a_tag_nothing_is_bound_to_what_was_read() {
    let (_fake, client) = Fake::incus(|_, _| Reply::sync(json!({}))).await;
    let error = client.get_tagged::<Value>(&guest()).await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let (_fake, client) = Fake::incus(|_, _| Reply::error(412, 412, "Precondition failed")).await;
    let tagged = "HTTP/1.1 200 X\r\nConnection: close\r\nETag: t\r\nContent-Length: 29\r\n\r\n{\"type\":\"sync\",\"metadata\":{}}";
    let (_other, reader) = Fake::incus(move |_, _| Reply::Raw(tagged.into())).await;
    let (_, tag) = reader.get_tagged::<Value>(&guest()).await.unwrap().unwrap();
    let error = client.patch_if(&tag, &guest(), &json!({})).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Changed), "{error}");
}

#[tokio::test]
async fn an_upload_that_stands_still() {
    let (_fake, client) = Fake::incus_within(hasty(), |_, _| Reply::Hang(String::new())).await;
    let (source, _never_written) = tokio::io::duplex(64);
    let upload = Upload { size: 100, fingerprint: None, properties: Config::new() };
    let error = client.upload_image(&lab(), &upload, source, &Job::quiet()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");

    let short = client.upload_image(&lab(), &upload, &b"short"[..], &Job::quiet()).await.unwrap_err();
    assert!(short.to_string().contains("it ended after 5 of 100 bytes"), "{short}");
}

#[tokio::test]
async fn a_project_that_does_not_exist_has_no_empty_list() {
    let (_fake, client) = Fake::incus(|request, _| match request {
        "GET /1.0/projects/lab" => Reply::error(404, 404, "Project not found"),
        _ => Reply::sync(json!([])),
    })
    .await;
    let error = client.list::<Instance>(&Collection::instances(&lab())).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::NotFound));
    assert!(client.list::<Network>(&Collection::networks()).await.unwrap().is_empty());
}
