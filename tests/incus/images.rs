//! Base images from an image server, as `podclaw image` gets, finds, lists and deletes them.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by ending there")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use podclaw::image::{self, Error, GatewayImage, Images, Place, Request, Sha256, Sources};
use podclaw::incus::{Client, Job};
use podclaw::names::LabName;
use serde_json::json;

use crate::harness::{Daemon, Lab, Test, block_on, tests, tiny};

pub(crate) const TESTS: &[Test] =
    tests![an_image_is_pulled_pinned_and_deleted, a_changed_byte_is_an_error, what_is_not_podclaws_is_not_deleted];

/// A simplestreams server on loopback with one image. It ends with the test program.
struct Server {
    address: SocketAddr,
    tarball: Arc<Mutex<Vec<u8>>>,
    fingerprint: String,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bytes = fs::read(tiny::image()).unwrap();
        let fingerprint = Sha256::of(&bytes).hex().to_owned();
        let item =
            json!({ "ftype": "incus_combined.tar.gz", "sha256": fingerprint, "size": bytes.len(), "path": "tarball" });
        let machine = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
        let index = json!({ "format": "index:1.0", "index": { "images": {
            "datatype": "image-downloads", "format": "products:1.0", "path": "streams/v1/images.json", "products": ["tiny"],
        } } });
        let images = json!({ "content_id": "images", "datatype": "image-downloads", "format": "products:1.0", "products": {
            "tiny": { "aliases": "tiny", "arch": machine, "os": "busybox", "release": "tiny", "release_title": "tiny",
                      "versions": { "20260901_0000": { "items": { "incus.tar.xz": item } } } },
        } });
        let server =
            Self { address: listener.local_addr().unwrap(), tarball: Arc::new(Mutex::new(bytes)), fingerprint };
        let tarball = Arc::clone(&server.tarball);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away early is its own affair.
                let _ = answer(&stream, &index.to_string(), &images.to_string(), &tarball);
            }
        });
        server
    }

    /// The lab file's part about images; the gateway needs nothing to be built.
    fn sources(&self, fingerprint: &str) -> Sources {
        let digest = "0".repeat(64);
        let text = format!(
            "base: {{image-server: {{url: 'http://{}', protocol: simplestreams, fingerprint: {fingerprint}}}}}\n\
             gateway: {{registry: {{reference: 'registry.test/gateway@sha256:{digest}'}}}}\n",
            self.address
        );
        serde_saphyr::from_str(&text).unwrap()
    }
}

fn answer(mut stream: &TcpStream, index: &str, images: &str, tarball: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path {
        "/streams/v1/index.json" => ("200 OK", index.as_bytes().to_vec()),
        "/streams/v1/images.json" => ("200 OK", images.as_bytes().to_vec()),
        "/tarball" => ("200 OK", tarball.lock().unwrap().clone()),
        _ => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

/// A lab with its files, to build in.
struct Home {
    lab: LabName,
    lock: PathBuf,
    cache: PathBuf,
}

impl Home {
    fn new(lab: &Lab<'_>) -> Self {
        let (lock, cache) = (lab.dir().join("podclaw.lock"), lab.dir().join("cache"));
        Self { lab: lab.name().parse().unwrap(), lock, cache }
    }

    fn request<'a>(&'a self, sources: &'a Sources) -> Request<'a> {
        Request { lab: &self.lab, sources, lock: &self.lock, cache: &self.cache }
    }
}

async fn build(client: &Client, request: Request<'_>) -> Result<Images, Error> {
    image::build(client, request, false, &Job::quiet()).await
}

fn an_image_is_pulled_pinned_and_deleted(daemon: &Daemon) {
    let (lab, server) = (Lab::new(daemon), Server::start());
    lab.make_by_hand();
    let here = Home::new(&lab);
    let sources = server.sources(&server.fingerprint);
    block_on(async {
        let client = Client::connect(&daemon.socket()).await.unwrap();
        let missing = image::find(&client, here.request(&sources)).await.unwrap_err();
        assert!(
            matches!(missing, Error::NotBuilt { .. }) && missing.help().unwrap().contains("image build"),
            "{missing}"
        );

        let made = build(&client, here.request(&sources)).await.unwrap();
        assert_eq!(made.base.fingerprint.as_str(), server.fingerprint);
        assert!(matches!(made.gateway, GatewayImage::Registry(_)));
        let locked = fs::read_to_string(&here.lock).unwrap();
        assert!(locked.contains(&server.fingerprint), "{locked}");
        assert_eq!(image::find(&client, here.request(&sources)).await.unwrap().0, made);
        assert_eq!(build(&client, here.request(&sources)).await.unwrap(), made);
        assert_eq!(fs::read_to_string(&here.lock).unwrap(), locked, "the second build changed the lock");

        let other = server.sources(&"ab".repeat(32));
        let refused = image::find(&client, here.request(&other)).await.unwrap_err().to_string();
        assert!(refused.contains("does not match") && refused.contains(&server.fingerprint), "{refused}");

        let short = server.fingerprint[..12].to_owned();
        let gone =
            image::delete(&client, here.request(&sources), image::Which::These(&[short]), &Job::quiet()).await.unwrap();
        assert_eq!(gone.iter().map(|image| &image.place).collect::<Vec<_>>(), [&Place::Daemon]);
        assert!(image::list(&client, here.request(&sources)).await.unwrap().is_empty());
        let missing = image::find(&client, here.request(&sources)).await.unwrap_err();
        assert!(missing.to_string().contains("does not have"), "{missing}");
    });
}

fn a_changed_byte_is_an_error(daemon: &Daemon) {
    let server = Server::start();
    let sources = server.sources(&server.fingerprint);
    {
        let mut tarball = server.tarball.lock().unwrap();
        let middle = tarball.len() / 2;
        tarball[middle] ^= 1;
    }
    // A daemon of its own: another test's copy of the same image would be taken instead of the server's.
    let daemon = daemon.another();
    let lab = Lab::new(&daemon);
    lab.make_by_hand();
    let here = Home::new(&lab);
    block_on(async {
        let client = Client::connect(&daemon.socket()).await.unwrap();
        let refused = build(&client, here.request(&sources)).await.unwrap_err().to_string();
        assert!(refused.contains("Hash mismatch"), "{refused}");
        assert!(image::list(&client, here.request(&sources)).await.unwrap().is_empty());
    });
    assert!(!here.lock.exists());
}

fn what_is_not_podclaws_is_not_deleted(daemon: &Daemon) {
    let lab = Lab::new(daemon);
    lab.make_by_hand();
    lab.import_tiny();
    let here = Home::new(&lab);
    let sources = Sources::default();
    block_on(async {
        let client = Client::connect(&daemon.socket()).await.unwrap();
        assert!(image::list(&client, here.request(&sources)).await.unwrap().is_empty());
        let gone = image::delete(&client, here.request(&sources), image::Which::All, &Job::quiet()).await.unwrap();
        assert!(gone.is_empty(), "{gone:?}");
    });
    assert!(lab.incus(&["image", "list", "--format=csv"]).run().ok().contains("tiny"));
}
