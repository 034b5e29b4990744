//! The timer that keeps guests standing by: two units of systemd's, which belong to one lab.

mod units;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::context::Context;
use super::failure::Failure;
use crate::lab::Lab;
use crate::names::LabName;
use crate::program::{self, Running};
use units::Units;

/// Where systemd looks for units of the machine's administrator.
const SYSTEM: &str = "/etc/systemd/system";
/// What is there where systemd runs.
const RUNS: &str = "/run/systemd/system";
/// How long systemd may take to do what it is told.
const WITHIN: Duration = Duration::from_mins(1);

/// Writes the units and starts the timer. In a directory of its own, they are only written.
pub(super) fn install(lab: &Lab, directory: Option<PathBuf>, context: &Context) -> Result<(), Failure> {
    let is_systems = directory.is_none();
    if is_systems && !Path::new(RUNS).exists() {
        return Err(Failure::could_not(
            anyhow::anyhow!("systemd does not run here, so there is nobody to start a timer"),
            Some("have something else run `podclaw pool` every minute; --unit-dir only writes the units".into()),
        ));
    }
    let units = Units::new(directory.unwrap_or_else(|| SYSTEM.into()), &lab.settings.name);
    units.write(&command(lab, context)?)?;
    if is_systems {
        systemctl(&["daemon-reload"])?;
        systemctl(&["enable", "--now", &units.timer()])?;
    }
    for path in units.paths() {
        context.ui.say(format!("written  {}", path.display()));
    }
    Ok(())
}

/// Stops the timer, and removes the units. Says whether there was one.
pub(super) fn remove(lab: &LabName, directory: Option<PathBuf>) -> Result<bool, Failure> {
    let is_systems = directory.is_none() && Path::new(RUNS).exists();
    let units = Units::new(directory.unwrap_or_else(|| SYSTEM.into()), lab);
    if !units.are_there()? {
        return Ok(false);
    }
    if is_systems {
        systemctl(&["disable", "--now", &units.timer()])?;
    }
    units.remove()?;
    if is_systems {
        systemctl(&["daemon-reload"])?;
    }
    Ok(true)
}

/// The command that the timer runs: with everything that was found by environment and working directory, which it has not.
fn command(lab: &Lab, context: &Context) -> Result<Vec<OsString>, Failure> {
    let absolute = |path: &Path| std::path::absolute(path).map(PathBuf::into_os_string);
    let mut command = vec![std::env::current_exe()?.into_os_string()];
    if let Some(file) = context.lab_file()? {
        command.extend(["--lab-file".into(), absolute(&file)?]);
    }
    command.extend(["--lab".into(), lab.settings.name.as_str().into()]);
    command.extend(["--socket".into(), absolute(lab.client.socket())?]);
    command.extend(["--cache-dir".into(), absolute(&lab.settings.cache)?]);
    command.push("pool".into());
    Ok(command)
}

fn systemctl(arguments: &[&str]) -> Result<(), Failure> {
    let failed = |why: String| {
        let help = Some("look at `systemctl status`, and whether you are root".to_owned());
        Failure::could_not(anyhow::anyhow!("`systemctl {}` failed: {why}", arguments.join(" ")), help)
    };
    let program = program::find("systemctl").ok_or_else(|| failed("there is none".into()))?;
    let said = program::run(&program, arguments, Vec::new(), WITHIN, &Running::default());
    let said = said.map_err(|error| failed(error.to_string()))?;
    if said.status.success() {
        return Ok(());
    }
    Err(failed(crate::text::excerpt(String::from_utf8_lossy(&said.err).trim(), 300)))
}
