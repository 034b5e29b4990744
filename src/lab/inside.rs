//! Commands that rely on how a guest is set up inside.

use std::time::Duration;

use crate::cloud_init::{SERVICE_UNIT, SERVICE_USER};
use crate::incus::Command;

/// Uid and gid of the service user, as stage 3 makes it.
const SERVICE_ID: u32 = 1000;

/// How long a connection whose client hung up may still bring something.
pub const LINGER: Duration = Duration::from_secs(5);

/// Bash that connects its input and output to a port of the guest's loopback. The daemon kills only this process, so it
/// becomes the one that reads from the gateway; what carries the input ends with the input, and takes the other along
/// should it not have been killed. The `+` says that it is connected.
const RELAY: &str = r#"exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
printf +
{ cat; sleep "$2"; kill $$; } <&0 >&3 2>/dev/null &
exec cat <&3"#;

/// What carries its input to a port of the guest's loopback, and gives a `+` as soon as it is connected, then what comes
/// back, as its output. It ends when the
/// other side does, and a little more than [`LINGER`] after its input at the latest.
#[must_use]
pub fn relay(port: u16) -> Command {
    let after_input = LINGER.as_secs() + 1;
    Command::new(["bash", "-c", RELAY, "forward", &port.to_string(), &after_input.to_string()])
}

/// The same command, run as the gateway's user and where its `systemctl --user` and `podman` find what is theirs.
#[must_use]
pub fn as_service(command: Command) -> Command {
    let home = format!("/home/{SERVICE_USER}");
    let mut command = command
        .as_user(SERVICE_ID, SERVICE_ID)
        .env("HOME", &home)
        .env("XDG_RUNTIME_DIR", format!("/run/user/{SERVICE_ID}"));
    command.directory = Some(home);
    command
}

/// What writes the end of the gateway's journal, and with `follow` what is added to it from then on.
#[must_use]
pub fn gateway_log(lines: u32, follow: bool) -> Command {
    let mut argv = vec!["journalctl".into(), "--no-pager".into(), "--quiet".into(), "--output=short-iso".into()];
    // Without it journalctl shows no line that has a character of control in it, and whoever writes one could hide behind that.
    argv.push("--all".into());
    argv.push(format!("--lines={lines}"));
    if follow {
        argv.push("--follow".into());
    }
    // What the gateway says (its container has the service user's name), what its unit says, and what systemd says of
    // the unit.
    argv.extend([format!("CONTAINER_NAME={SERVICE_USER}"), "+".into()]);
    argv.extend([format!("_SYSTEMD_USER_UNIT={SERVICE_UNIT}"), "+".into(), format!("USER_UNIT={SERVICE_UNIT}")]);
    Command::new(argv)
}
