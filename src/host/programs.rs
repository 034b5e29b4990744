//! What only a program of the system can say: it is run with nothing of the caller's environment, and cut off when it
//! says too much or takes too long. All that are run here only print.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::{Root, Seen, Unseen};

/// The most that is read of what a program says.
const LARGEST: u64 = 8 << 20;
/// How long a program may take.
const LONGEST: Duration = Duration::from_secs(5);
/// Where programs of the system are; never where a variable says.
const PLACES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// What the programs said.
#[derive(Debug, Clone)]
pub struct Programs {
    /// All rules of nftables, as JSON.
    pub nftables: Seen<String>,
    /// The NAT table of the old iptables, in the form of `iptables-save`; empty where the kernel has none.
    pub iptables: Seen<String>,
    /// What the distribution says that it changed in Incus.
    pub incus_changes: Seen<String>,
}

impl Programs {
    /// Runs them all.
    #[must_use]
    pub fn ask(root: &Root) -> Self {
        Self {
            nftables: run("nft", &["--json", "list", "ruleset"]),
            iptables: legacy_nat(root),
            incus_changes: incus_changes(root),
        }
    }
}

/// What the distribution says that it changed in Incus.
///
/// # Errors
/// Why that was not seen.
pub fn incus_changes(root: &Root) -> Seen<String> {
    super::packages::changes(root, |path| run("gzip", &["-dc", "--", path]))
}

/// Asking iptables loads its modules, so it is asked only where they are in use.
fn legacy_nat(root: &Root) -> Seen<String> {
    let tables = match root.text("/proc/net/ip_tables_names") {
        Ok(tables) => tables,
        Err(Unseen::Missing) => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    if !tables.lines().any(|table| table == "nat") {
        return Ok(String::new());
    }
    run("iptables-legacy-save", &["-t", "nat"])
}

/// Runs a program of the system and gives what it says.
fn run(name: &str, arguments: &[&str]) -> Seen<String> {
    let program = PLACES.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
    let Some(program) = program else { return Err(Unseen::Unfit(format!("there is no {name} on this machine"))) };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("LC_ALL", "C").env("PATH", PLACES.join(":")).current_dir("/");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| Unseen::Unfit(format!("{name} can't be started: {error}")))?;
    let Some(stdout) = child.stdout.take() else { return Err(Unseen::Unfit(format!("{name} says nothing"))) };
    let (say, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(LARGEST + 1).read_to_end(&mut bytes);
        // Nobody listens any more when it took too long.
        let _ = say.send(read.map(|_| bytes));
    });
    let answer = heard.recv_timeout(LONGEST);
    if !matches!(&answer, Ok(Ok(bytes)) if bytes.len() as u64 <= LARGEST) {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| Unseen::Unfit(error.to_string()))?;
    match answer {
        Err(_) => Err(Unseen::Unfit(format!("{name} did not end within {} s", LONGEST.as_secs()))),
        Ok(Err(error)) => Err(Unseen::Unfit(error.to_string())),
        Ok(Ok(bytes)) if bytes.len() as u64 > LARGEST => Err(Unseen::Unfit(format!("{name} says too much"))),
        Ok(Ok(_)) if !status.success() && !rustix::process::geteuid().is_root() => Err(Unseen::Forbidden),
        Ok(Ok(_)) if !status.success() => Err(Unseen::Unfit(format!("{name} ended with {status}"))),
        Ok(Ok(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_cut_off() {
        assert_eq!(run("echo", &["a"]), Ok("a\n".into()));
        assert!(run("head", &["-c", "9000000", "/dev/zero"]).unwrap_err().to_string().contains("too much"));
        assert!(run("none-of-that-name", &[]).unwrap_err().to_string().starts_with("there is no "));
        assert!(run("false", &[]).is_err());
    }
}
