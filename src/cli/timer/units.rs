//! The two files.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::file;
use crate::names::LabName;

const SERVICE: &str = include_str!("../../../systemd/podclaw-pool.service");
const TIMER: &str = include_str!("../../../systemd/podclaw-pool.timer");
/// The most that is read of a unit that is there.
const LARGEST: u64 = 64 << 10;

/// The units of a lab, in a directory.
#[derive(Debug)]
pub(super) struct Units {
    directory: PathBuf,
    lab: LabName,
}

impl Units {
    pub(super) fn new(directory: PathBuf, lab: &LabName) -> Self {
        Self { directory, lab: lab.clone() }
    }

    /// The timer's name.
    pub(super) fn timer(&self) -> String {
        format!("podclaw-pool-{}.timer", self.lab)
    }

    /// Both files.
    pub(super) fn paths(&self) -> [PathBuf; 2] {
        let service = format!("podclaw-pool-{}.service", self.lab);
        [self.directory.join(service), self.directory.join(self.timer())]
    }

    /// Writes both. What somebody else wrote is left as it is.
    pub(super) fn write(&self, command: &[OsString]) -> Result<(), Failure> {
        let words = command.iter().map(quoted).collect::<Result<Vec<_>, _>>()?;
        self.are_there()?;
        for (path, text) in self.paths().iter().zip([SERVICE, TIMER]) {
            let text = text.replace("@LAB@", self.lab.as_str()).replace("@COMMAND@", &words.join(" "));
            write(path, &text).map_err(|error| about(path, &error))?;
        }
        Ok(())
    }

    /// Whether one of them is there. One that somebody else wrote is an error.
    pub(super) fn are_there(&self) -> Result<bool, Failure> {
        let mut found = false;
        for path in self.paths() {
            found |= self.is_there(&path)?;
        }
        Ok(found)
    }

    /// Removes what is there of them.
    pub(super) fn remove(&self) -> Result<(), Failure> {
        for path in self.paths() {
            if self.is_there(&path)? {
                std::fs::remove_file(&path).map_err(|error| about(&path, &error))?;
            }
        }
        Ok(())
    }

    fn is_there(&self, path: &Path) -> Result<bool, Failure> {
        let mark = format!("# Made by podclaw for the lab {}. ", self.lab);
        match file::read_no_link(path, LARGEST) {
            Ok(text) if text.starts_with(mark.as_bytes()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Ok(_) => Err(foreign(path, "podclaw did not write it")),
            Err(error) => Err(foreign(path, &error.to_string())),
        }
    }
}

/// In one step, so that systemd never reads half a unit.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    std::fs::write(&name, text)?;
    std::fs::rename(&name, path)
}

fn about(path: &Path, error: &io::Error) -> Failure {
    Failure::from(anyhow::anyhow!("the unit {} can't be changed: {error}", path.display()))
}

fn foreign(path: &Path, why: &str) -> Failure {
    let help = "look at it, and remove it if it is not needed".to_owned();
    Failure::could_not(anyhow::anyhow!("the unit {} is left as it is: {why}", path.display()), Some(help))
}

/// A word of a command line, as systemd reads it.
fn quoted(word: &OsString) -> Result<String, Failure> {
    let word = word.to_str().filter(|word| !word.contains(char::is_control)).ok_or_else(|| {
        let help = "take a path without such characters".to_owned();
        Failure::could_not(anyhow::anyhow!("{} can't be written in a unit", word.display()), Some(help))
    })?;
    let escaped = word.replace('\\', r"\\").replace('"', r#"\""#).replace('%', "%%").replace('$', "$$");
    Ok(format!("\"{escaped}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(directory: &Path) -> Units {
        Units::new(directory.to_owned(), &"one".parse().unwrap())
    }

    fn command(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn units_are_of_one_lab_and_can_be_written_again_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let units = units(directory.path());
        assert!(!units.are_there().unwrap());
        for file in ["a", "b c%$\"\\"] {
            units.write(&command(&["/usr/bin/podclaw", "--lab-file", file, "pool"])).unwrap();
        }
        let texts = units.paths().map(|path| std::fs::read_to_string(path).unwrap());
        let wanted = "\nExecStart=\"/usr/bin/podclaw\" \"--lab-file\" \"b c%%$$\\\"\\\\\" \"pool\"\n";
        assert!(texts[0].contains(wanted), "{}", texts[0]);
        assert!(texts.iter().all(|text| !text.contains('@')));
        // Another lab's are others.
        let other = Units::new(directory.path().to_owned(), &"two".parse().unwrap());
        assert!(!other.are_there().unwrap() && units.are_there().unwrap());
        units.remove().unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(units.write(&command(&["a\nExecStartPre=b"])).is_err());
    }

    #[test]
    fn what_podclaw_did_not_write_stays() {
        for foreign in ["[Timer]\n", "# Made by podclaw for the lab on. \n", ""] {
            let directory = tempfile::tempdir().unwrap();
            let units = units(directory.path());
            let path = &units.paths()[1];
            std::fs::write(path, foreign).unwrap();
            assert!(units.write(&command(&["a"])).is_err() && units.remove().is_err(), "{foreign:?}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), foreign);
            // Where a unit was masked.
            std::fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("/dev/null", path).unwrap();
            assert!(units.write(&command(&["a"])).is_err());
        }
    }
}
