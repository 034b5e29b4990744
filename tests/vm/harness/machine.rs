//! The machine: boots, runs commands, and ends.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::accelerator::Accelerator;
use super::guardian::{Guardian, SAID};
use super::payload::{self, Payload};
use super::system::System;
use super::{agent, cache};
use crate::common::Output;

/// How long the machine may take to boot, where the processor executes it.
const BOOT: Duration = Duration::from_mins(2);

/// How long a command may take there.
const COMMAND: Duration = Duration::from_mins(1);

/// Memory, in MiB.
const MEMORY: u32 = 8192;

/// Says where a machine's port is that somebody holds: it is used, and not another one booted.
pub(super) const SOCKET: &str = "PODCLAW_VM_SOCKET";

/// A machine that runs. It ends when this is dropped, unless somebody else holds it.
#[derive(Debug)]
pub(crate) struct Machine {
    port: Mutex<BufReader<UnixStream>>,
    accelerator: Accelerator,
    dir: PathBuf,
    guardian: Mutex<Option<Guardian>>,
}

impl Machine {
    /// The one that somebody holds, or a new one.
    pub(crate) fn find() -> Self {
        let Some(socket) = std::env::var_os(SOCKET).map(PathBuf::from) else { return Self::boot() };
        let dir = socket.parent().unwrap_or(Path::new("/")).to_owned();
        let port = Mutex::new(BufReader::new(connect(&socket)));
        let said = fs::read_to_string(dir.join(ACCELERATOR)).ok();
        // Where nobody said which it is, the slowest.
        let accelerator = said.and_then(|name| Accelerator::named(&name)).unwrap_or(Accelerator::Counted);
        Self { port, accelerator, dir, guardian: Mutex::new(None) }
    }

    /// Boots one, and waits until its agent answers.
    pub(crate) fn boot() -> Self {
        let began = Instant::now();
        let dir = cache::dir().join(format!("vm-{}", std::process::id()));
        remove_others();
        fs::create_dir_all(&dir).expect("a directory for the machine can be made");
        let payload = Payload::find();
        let system = System::find(&payload.sources());
        let accelerator = Accelerator::choose(&system, &dir);
        fs::write(dir.join(ACCELERATOR), accelerator.name()).expect("a file beside the machine can be made");
        let disk = payload.disk(&dir);
        let socket = dir.join(PORT);
        eprintln!("{:4} s  boots, executed by {accelerator:?}", began.elapsed().as_secs());
        let guardian = Guardian::start(&dir, &arguments(accelerator, &system, &disk, &dir, &socket));
        let port = connect(&socket);
        let (port, guardian) = (Mutex::new(BufReader::new(port)), Mutex::new(Some(guardian)));
        let machine = Self { port, accelerator, dir, guardian };
        let booted = machine.ask(&["uname", "-r"], "", BOOT * accelerator.patience()).exits(0);
        eprintln!("{:4} s  answers, with the kernel {}", began.elapsed().as_secs(), booted.stdout.trim());
        machine
    }

    /// Lets others talk to it: the port takes one at a time.
    pub(super) fn release(&self) -> PathBuf {
        let port = self.port.lock().expect("nobody panics with it");
        let _ = port.get_ref().shutdown(std::net::Shutdown::Both);
        self.dir.join(PORT)
    }

    /// A shell script in the machine, as root.
    pub(crate) fn sh(&self, script: &str) -> Run<'_> {
        self.run(&["sh", "-c", script])
    }

    /// podclaw in the machine.
    pub(crate) fn podclaw(&self, arguments: &[&str]) -> Run<'_> {
        self.podclaw_of("podclaw.yaml", arguments)
    }

    /// podclaw in the machine, with another lab file.
    pub(crate) fn podclaw_of(&self, lab_file: &str, arguments: &[&str]) -> Run<'_> {
        let own = format!("{}/podclaw", payload::AT);
        let (lab, cache) = (format!("{}/{lab_file}", payload::AT), format!("{}/cache", payload::AT));
        let run = self.run(&[&own, "--lab-file", &lab]);
        // `doctor` and others have no images to look for.
        run.args(&["--cache-dir", &cache]).args(arguments)
    }

    /// A script in a guest, as root.
    pub(crate) fn guest(&self, guest: &str, script: &str) -> Run<'_> {
        self.run(&["incus", "--project", "podclaw", "exec", guest, "-T", "--", "bash", "-c", script])
    }

    /// A program in the machine.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run<'_> {
        let args = arguments.iter().map(ToString::to_string).collect();
        Run { machine: self, args, stdin: String::new(), timeout: COMMAND }
    }

    /// The end of what the kernel and systemd said, and all that QEMU said.
    pub(crate) fn logs(&self) -> String {
        let end = |name: &str, lines: usize| {
            let text = fs::read(self.dir.join(name)).unwrap_or_default();
            let text = podclaw::text::escape(&String::from_utf8_lossy(&text).replace(['\r', '\x1b'], ""));
            let lines: Vec<&str> = text.lines().rev().take(lines).collect();
            format!("--- {name}\n{}\n", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        [end(CONSOLE, 15), end(SAID, 5)].concat()
    }

    fn ask(&self, args: &[&str], stdin: &str, timeout: Duration) -> Output {
        let mut port = self.port.lock().expect("nobody panics with it");
        let id = next();
        let request = json!({"id": id, "args": args, "stdin": stdin, "seconds": timeout.as_secs()});
        // The agent ends the command in time; whoever does not answer then has lost its machine.
        port.get_ref().set_read_timeout(Some(timeout + Duration::from_secs(60))).expect("a socket takes a timeout");
        port.get_mut().write_all(format!("{request}\n").as_bytes()).expect("the machine runs");
        loop {
            let mut line = String::new();
            let read = port.read_line(&mut line);
            assert!(
                read.as_ref().is_ok_and(|read| *read > 0),
                "the machine does not answer: {read:?}\n{}",
                self.logs()
            );
            let answer: Value = serde_json::from_str(&line).unwrap_or_default();
            if answer["id"] != id {
                continue;
            }
            let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
            let code = answer["code"].as_i64().and_then(|code| code.try_into().ok()).unwrap_or(agent::TIMEOUT);
            return Output { program: format!("`{}`", args.join(" ")), code, stdout: text("out"), stderr: text("err") };
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let Some(guardian) = self.guardian.lock().ok().and_then(|mut guardian| guardian.take()) else { return };
        drop(guardian);
        // What is kept is the console, for whoever wants to know.
        let _ = fs::copy(self.dir.join(CONSOLE), cache::dir().join("vm-console.log"));
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A command that is about to run in the machine.
#[derive(Debug, Clone)]
pub(crate) struct Run<'m> {
    machine: &'m Machine,
    args: Vec<String>,
    stdin: String,
    timeout: Duration,
}

impl Run<'_> {
    /// Adds arguments.
    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.args.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// What it reads from its standard input.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.into();
        self
    }

    /// How long it may take where the processor executes the machine; software gets more.
    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs it.
    pub(crate) fn end(self) -> Output {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        self.machine.ask(&args, &self.stdin, self.timeout * self.machine.accelerator.patience())
    }

    /// Runs it, demands success, and gives what it wrote to its standard output.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        self.end().ok()
    }
}

const ACCELERATOR: &str = "accelerator";
const CONSOLE: &str = "console.log";
const PORT: &str = "agent.sock";

fn arguments(accelerator: Accelerator, system: &System, payload: &Path, dir: &Path, socket: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = accelerator.arguments().iter().map(ToString::to_string).collect();
    arguments.extend(["-smp", "2", "-nodefaults", "-no-reboot", "-display", "none", "-nic", "none"].map(String::from));
    arguments.extend(["-m".into(), MEMORY.to_string()]);
    arguments.extend(["-serial".into(), format!("file:{}", dir.join(CONSOLE).display())]);
    arguments.extend(["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"].map(String::from));
    arguments.extend(["-chardev".into(), format!("socket,id=agent,path={},server=on,wait=off", socket.display())]);
    arguments.extend(["-device".into(), format!("virtserialport,chardev=agent,name={}", agent::PORT)]);
    for disk in [&*system.disk(), payload] {
        let options = "format=raw,if=virtio,snapshot=on,cache=unsafe,discard=unmap";
        arguments.extend(["-drive".into(), format!("file={},{options}", disk.display())]);
    }
    // Where software executes it, and others have work too, a disk may take minutes to appear.
    let patient = "systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900";
    arguments.extend(system.kernel(&format!("root=/dev/vda rw mitigations=off {patient}")));
    arguments
}

fn connect(socket: &Path) -> UnixStream {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match UnixStream::connect(socket) {
            Ok(port) => return port,
            Err(error) => assert!(Instant::now() < deadline, "QEMU does not start: {error}"),
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Removes what runs left that were killed. Directories are named after the process.
fn remove_others() {
    for entry in fs::read_dir(cache::dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("vm-")?.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn next() -> u64 {
    static LAST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
