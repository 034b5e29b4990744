//! Running nft.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::ruleset::Ruleset;
use crate::program::{self, KillOnDrop, Running};

/// How long nft may take.
const LONGEST: Duration = Duration::from_secs(10);
/// What it is asked for, in an error.
const LIST: &str = "list a table";
/// Loads tables where there are no others, and prints them as the next call would print the one that counts.
const REHEARSE: &str = "nft -f - && exec nft --stateless -nn list ruleset";

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
pub(super) async fn listing(family: &'static str, table: &str) -> Result<Option<String>, NftError> {
    list(family, table, "-nn").await
}

/// The same as JSON.
pub(super) async fn json(family: &'static str, table: &str) -> Result<Option<String>, NftError> {
    list(family, table, "--json").await
}

/// A table, part by part.
pub(super) async fn ruleset(family: &'static str, table: &str) -> Result<Option<Ruleset>, NftError> {
    let Some(said) = json(family, table).await? else { return Ok(None) };
    let not_understood = |error: serde_json::Error| NftError::Failed { what: LIST, said: error.to_string() };
    Ruleset::read(&said).map(Some).map_err(not_understood)
}

async fn list(family: &'static str, table: &str, how: &str) -> Result<Option<String>, NftError> {
    match run(LIST, "nft", ["--stateless", how, "list", "table", family, table], String::new()).await {
        Ok(said) => Ok(Some(said)),
        Err(NftError::Failed { said, .. }) if said.contains("No such file or directory") => Ok(None),
        Err(error) => Err(error),
    }
}

/// What [`listing`] will say of both tables once this text is loaded. It is loaded into a network namespace that is gone
/// afterwards: what nft prints differs between its versions, so only nft can say whether two tables are the same.
pub(super) async fn rehearsed(text: String) -> Result<String, NftError> {
    run("try the lab's table", "unshare", ["--net", "--", "sh", "-c", REHEARSE], text).await
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
    let find = |name: &'static str| program::find(name).ok_or(NftError::Missing(name));
    find("nft")?;
    let said = attend(find(program)?, arguments.map(str::to_owned).into(), input, LONGEST).await;
    said.map_err(|said| match said {
        // Root without the privileges of one, as in a container.
        said if said.contains("Operation not permitted") => NftError::Forbidden,
        said => NftError::Failed { what, said },
    })
}

/// Runs a program to its end, or until nobody waits for it any more; what went wrong is said in its own words.
async fn attend(path: PathBuf, arguments: Vec<String>, input: String, longest: Duration) -> Result<String, String> {
    let running = Arc::new(Running::default());
    let _killed_when_dropped = KillOnDrop(Arc::clone(&running));
    let work = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        program::run(&path, &arguments, input.into(), longest, &running)
    };
    let ran = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
    let said = ran.map_err(|error| error.to_string())?;
    if said.status.success() {
        return Ok(String::from_utf8_lossy(&said.out).into_owned());
    }
    Err(crate::text::excerpt(String::from_utf8_lossy(&said.err).lines().next().unwrap_or("no reason"), 300))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::ends;

    /// What nft is told and does not read, and a process that it started and waits for.
    const HANGS: &str = "sleep 1000 & echo $$ $! > \"$1\"; wait";

    fn hanging(pids: &std::path::Path, longest: Duration) -> impl Future<Output = Result<String, String>> {
        let nft = pids.with_file_name("nft");
        std::fs::write(&nft, HANGS).unwrap();
        let arguments = [nft.as_path(), pids].map(|path| path.to_str().unwrap().to_owned());
        attend("/bin/sh".into(), arguments.into(), "table inet a\n".repeat(100_000), longest)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let done = runtime.block_on(future);
        // As podclaw ends: nobody waits for the thread that waits for nft.
        runtime.shutdown_background();
        done
    }

    #[test]
    fn an_nft_that_hangs_is_killed_with_what_it_started() {
        ends(|pids| {
            let said = block_on(hanging(pids, Duration::from_secs(2))).unwrap_err();
            assert_eq!(said, "it did not end within 2 s");
        });
    }

    #[test]
    fn an_nft_that_nobody_waits_for_any_more_is_killed() {
        ends(|pids| {
            block_on(async {
                let written = async {
                    while std::fs::read_to_string(pids).unwrap_or_default().is_empty() {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                };
                // As Ctrl-C does.
                tokio::select! {
                    said = hanging(pids, Duration::from_hours(1)) => panic!("{said:?}"),
                    () = written => {}
                }
            });
        });
    }
}
