//! Uploading images.

use podclaw::incus::{Collection, Image, ImageAlias, ImageSource, Object, Refusal, Upload};
use podclaw::progress::{Event, Progress};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::sync::CancellationToken;

use super::{connect, forget_peak, peak, quiet};
use crate::harness::{Daemon, Lab, Test, block_on, tests};

pub(crate) const TESTS: &[Test] = tests![
    a_large_image_goes_up_in_little_memory,
    an_image_has_names_and_properties,
    an_upload_can_be_cancelled,
    a_copy_says_why_it_fails
];

/// The size of the file that makes an image large, in bytes.
const LARGE: u64 = 850_000_000;

/// An image that is mostly one file of zeros, made while it is read; and its size.
fn image(zeros: u64) -> (impl AsyncRead + Send + Unpin + 'static, u64) {
    let mut tar = tar::Builder::new(Vec::new());
    let metadata =
        format!("architecture: {}\ncreation_date: 1700000000\nproperties: {{os: none}}\n", std::env::consts::ARCH);
    let mut header = tar::Header::new_gnu();
    header.set_size(metadata.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "metadata.yaml", metadata.as_bytes()).unwrap();
    let mut start = tar.into_inner().unwrap();
    start.truncate(start.len() - 1024);
    let mut header = tar::Header::new_gnu();
    header.set_path("rootfs/zeros").unwrap();
    header.set_size(zeros);
    header.set_mode(0o644);
    header.set_cksum();
    start.extend_from_slice(header.as_bytes());
    let rest = zeros.next_multiple_of(512) + 1024;
    let size = start.len() as u64 + rest;
    (std::io::Cursor::new(start).chain(tokio::io::repeat(0).take(rest)), size)
}

fn a_large_image_goes_up_in_little_memory(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let (tarball, size) = image(LARGE);
        let upload = Upload { size, fingerprint: None, properties: [].into() };
        let (progress, mut told) = Progress::channel();
        let job = podclaw::incus::Job::new(progress, CancellationToken::new());
        let listener = tokio::spawn(async move {
            let mut last = 0;
            while let Some(update) = told.recv().await {
                if let Event::Bytes { done, .. } = update.event {
                    last = done;
                }
            }
            last
        });
        let before = forget_peak();
        let fingerprint = client.upload_image(&project, &upload, tarball, &job).await.unwrap();
        let grown = peak() - before;
        assert!(grown < 50, "{grown} MiB more than the {before} MiB of the tests before");
        drop(job);
        assert_eq!(listener.await.unwrap(), size);

        let found: Image = client.get(&Object::image(&project, &fingerprint)).await.unwrap().unwrap();
        assert_eq!(found.size, size);
    });
}

fn an_image_has_names_and_properties(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let (tarball, size) = image(1);
        let properties = [("user.note".to_owned(), "a&b = c\n\"d\"".to_owned())].into();
        let mut upload = Upload { size, fingerprint: None, properties };
        let fingerprint = client.upload_image(&project, &upload, tarball, &quiet()).await.unwrap();
        for _ in 0..2 {
            client.set_image_alias(&project, "a/b", &fingerprint, &quiet()).await.unwrap();
        }
        let alias: ImageAlias = client.get(&Object::image_alias(&project, "a/b")).await.unwrap().unwrap();
        assert_eq!(alias.target, fingerprint);
        let images: Vec<Image> = client.list(&Collection::images(&project)).await.unwrap();
        assert_eq!(images.len(), 1);
        assert_eq!(images[0].properties["user.note"], "a&b = c\n\"d\"");

        upload.fingerprint = Some(fingerprint);
        let again = client.upload_image(&project, &upload, image(1).0, &quiet()).await.unwrap_err();
        assert_eq!(again.refusal(), Some(Refusal::AlreadyExists), "{again}");
        let (other, size) = image(1000);
        let other = client.upload_image(&project, &Upload { size, ..upload }, other, &quiet()).await.unwrap_err();
        assert!(other.to_string().contains("fingerprints don't match"), "{other}");
    });
}

fn an_upload_can_be_cancelled(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    block_on(async {
        let (client, project) = connect(&lab).await;
        let (progress, mut told) = Progress::channel();
        let job = podclaw::incus::Job::new(progress, CancellationToken::new());
        let cancel = job.cancel.clone();
        tokio::spawn(async move {
            told.recv().await;
            cancel.cancel();
        });
        let (start, size) = image(LARGE);
        // The second half never comes.
        let tarball = start.take(LARGE / 2).chain(tokio::io::duplex(1).0);
        let (keep, _open) = tokio::io::duplex(1);
        let upload = Upload { size, fingerprint: None, properties: [].into() };
        let ended = client.upload_image(&project, &upload, tarball.chain(keep), &job).await.unwrap_err();
        assert!(matches!(ended, podclaw::incus::Error::Cancelled), "{ended}");
        assert!(client.list::<Image>(&Collection::images(&project)).await.unwrap().is_empty());
    });
}

fn a_copy_says_why_it_fails(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    block_on(async {
        let (client, project) = connect(&lab).await;
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = format!("https://127.0.0.1:{port}");
        let source = ImageSource {
            server,
            protocol: "simplestreams".into(),
            image: "none".into(),
            certificate: None,
            properties: [].into(),
        };
        let error = client.copy_image(&project, &source, &quiet()).await.unwrap_err();
        assert!(error.to_string().contains("connection refused"), "{error}");
    });
}
