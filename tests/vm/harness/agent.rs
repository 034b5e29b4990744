//! The agent: runs in the machine, takes one command after the other through a virtio port, and answers what each said.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::Program;

/// What this program is called with, in the machine.
const ARGUMENT: &str = "--agent";

/// The port's name, which udev makes a link of.
pub(super) const PORT: &str = "podclaw.agent";

/// The most of each stream that is answered. What is cut is cut at the front.
const LARGEST: usize = 4 << 20;

/// The exit code of a command that ran out of time, as `timeout` has it.
pub(crate) const TIMEOUT: i32 = 124;

/// Whether this process was started to be the agent.
pub(crate) fn is_wanted() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == ARGUMENT)
}

/// What the agent does. systemd starts it again when it ends.
pub(crate) fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the agent ends: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let port = OpenOptions::new().read(true).write(true).open(format!("/dev/virtio-ports/{PORT}"))?;
    let mut requests = BufReader::new(port.try_clone()?);
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line)? == 0 {
            // Nobody is at the other end yet.
            thread::sleep(Duration::from_millis(100));
            continue;
        }
        let request: Value = serde_json::from_str(&line)?;
        answer(&port, &request)?;
    }
}

fn answer(mut port: &File, request: &Value) -> io::Result<()> {
    let words: Vec<&str> = request["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let [program, args @ ..] = &*words else { return Err(io::Error::other("a request without a program")) };
    let program = Program::new(program)
        .args(args)
        .env("HOME", "/root")
        .stdin(request["stdin"].as_str().unwrap_or_default())
        .timeout(Duration::from_secs(request["seconds"].as_u64().unwrap_or(60)));
    // It panics where the program can't be started, or takes too long.
    let answer = match catch_unwind(|| program.run()) {
        Ok(output) => {
            json!({"id": request["id"], "code": output.code, "out": end_of(&output.stdout), "err": end_of(&output.stderr)})
        }
        Err(panic) => {
            let why = panic.downcast_ref::<String>().map_or("it panicked", String::as_str);
            json!({"id": request["id"], "code": TIMEOUT, "out": "", "err": end_of(why)})
        }
    };
    port.write_all(format!("{answer}\n").as_bytes())
}

fn end_of(text: &str) -> &str {
    let start = text.len().saturating_sub(LARGEST);
    &text[text.ceil_char_boundary(start)..]
}
