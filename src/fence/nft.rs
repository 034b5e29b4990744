//! Running nft: with nothing of the caller's environment, from where the system has it, and cut off when it hangs.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::ruleset::Ruleset;

/// How long nft may take.
const LONGEST: Duration = Duration::from_secs(10);
/// The most that is read of what it says.
const LARGEST: u64 = 8 << 20;
/// Where programs of the system are.
const PLACES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
/// What it is asked for, in an error.
const LIST: &str = "list a table";
/// Loads a table where nobody is, and prints it as the next call would print the one that counts.
const REHEARSE: &str = r#"nft -f - && exec nft --stateless -nn list table inet "$1""#;

/// Why nft could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NftError {
    /// This user may not.
    #[error("only root may see and change the host's firewall")]
    Forbidden,
    /// There is no nft.
    #[error("there is no {0} on this machine")]
    Missing(&'static str),
    /// It failed.
    #[error("nft could not {what}: {said}")]
    Failed {
        /// What it was to do.
        what: &'static str,
        /// What it said, escaped.
        said: String,
    },
}

/// A table as nft lists it; nothing where there is none of the name.
pub(super) async fn listing(table: String) -> Result<Option<String>, NftError> {
    list(table, "-nn").await
}

/// The same, part by part.
pub(super) async fn ruleset(table: String) -> Result<Option<Ruleset>, NftError> {
    let Some(said) = list(table, "--json").await? else { return Ok(None) };
    let not_understood = |error: serde_json::Error| NftError::Failed { what: LIST, said: error.to_string() };
    Ruleset::read(&said).map(Some).map_err(not_understood)
}

async fn list(table: String, how: &str) -> Result<Option<String>, NftError> {
    match run(LIST, "nft", ["--stateless", how, "list", "table", "inet", &table], String::new()).await {
        Ok(said) => Ok(Some(said)),
        Err(NftError::Failed { said, .. }) if said.contains("No such file or directory") => Ok(None),
        Err(error) => Err(error),
    }
}

/// What [`listing`] will say of a table once this text is loaded. It is loaded into a network namespace that is gone
/// afterwards: what nft prints differs between its versions, so only nft can say whether two tables are the same.
pub(super) async fn rehearsed(table: String, text: String) -> Result<String, NftError> {
    run("try the lab's table", "unshare", ["--net", "--", "sh", "-c", REHEARSE, "rehearse", &table], text).await
}

/// Loads a text in one transaction.
pub(super) async fn load(text: String) -> Result<(), NftError> {
    run("change the lab's table", "nft", ["-f", "-"], text).await.map(drop)
}

async fn run<const N: usize>(
    what: &'static str,
    program: &'static str,
    arguments: [&str; N],
    input: String,
) -> Result<String, NftError> {
    if !rustix::process::geteuid().is_root() {
        return Err(NftError::Forbidden);
    }
    let find = |name: &'static str| {
        PLACES.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists()).ok_or(NftError::Missing(name))
    };
    find("nft")?;
    let program: PathBuf = find(program)?;
    let arguments = arguments.map(str::to_owned);
    let ran = tokio::task::spawn_blocking(move || attend(&program, &arguments, input)).await;
    match ran {
        Ok(Ok(said)) => Ok(said),
        // Root without the privileges of one, as in a container.
        Ok(Err(said)) if said.contains("Operation not permitted") => Err(NftError::Forbidden),
        Ok(Err(said)) => Err(NftError::Failed { what, said }),
        Err(error) => Err(NftError::Failed { what, said: error.to_string() }),
    }
}

/// Runs a program to its end; what went wrong is said in its own words.
fn attend(program: &Path, arguments: &[String], input: String) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("LC_ALL", "C").env("PATH", PLACES.join(":")).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err("it has no output".into());
    };
    let (say, heard) = mpsc::channel();
    std::thread::spawn(move || {
        // One that does not read what it is told fails, and says why.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let read = stdout.take(LARGEST).read_to_end(&mut out).and_then(|_| stderr.take(LARGEST).read_to_end(&mut err));
        let _ = say.send(read.map(|_| (out, err)));
    });
    let heard = heard.recv_timeout(LONGEST);
    if heard.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match heard {
        Err(_) => Err(format!("it did not end within {} s", LONGEST.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok((out, _))) if status.success() => Ok(String::from_utf8_lossy(&out).into_owned()),
        Ok(Ok((_, err))) => {
            Err(crate::text::excerpt(String::from_utf8_lossy(&err).lines().next().unwrap_or("no reason"), 300))
        }
    }
}
