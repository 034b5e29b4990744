//! `podclaw forward`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::context::Context;
use super::failure::{DONE, Failure};
use crate::incus::{Command, Session};
use crate::lab::{self, Lab};
use crate::names::GuestName;

/// Bash that connects its input and output to a port of the guest's loopback. The daemon kills only this process, so it
/// becomes the one that reads from the gateway; what carries the input ends with the input, and takes the other along
/// should it not have been killed.
const CONNECT: &str = r#"exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
{ cat; sleep 6; kill $$; } <&0 >&3 2>/dev/null &
exec cat <&3"#;
/// How long a connection whose client hung up may still bring something.
const LINGER: Duration = Duration::from_secs(5);

/// What `forward` takes.
#[derive(Debug, Args)]
pub(crate) struct ForwardArgs {
    /// The guest
    name: GuestName,
    /// The port of the guest's loopback
    #[arg(default_value_t = 18789)]
    port: u16,
    /// The port on this machine's loopback [default: the same]
    #[arg(long, value_name = "PORT")]
    local_port: Option<u16>,
}

pub(crate) async fn run(args: ForwardArgs, context: &Context) -> Result<u8, Failure> {
    let lab = context.lab().await?;
    lab::running_guest(&lab, &args.name).await?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.local_port.unwrap_or(args.port)));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::could_not(error, Some("choose another port with --local-port".into()))
            .about(format!("cannot listen on {address}"))
    })?;
    context.ui.note(format!(
        "forwarding http://{} to port {} of {}, until Ctrl-C",
        listener.local_addr()?,
        args.port,
        args.name
    ));
    loop {
        let (stream, _) = tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(DONE),
            accepted = listener.accept() => accepted?,
        };
        let (lab, name, ui) = (lab.clone(), args.name.clone(), context.ui.clone());
        tokio::spawn(async move {
            if let Err(failure) = relay(&lab, &name, args.port, stream).await {
                ui.warn(failure.message());
            }
        });
    }
}

/// Carries one connection through a command in the guest: its network lets nothing in, and needs not to.
async fn relay(lab: &Lab, guest: &GuestName, port: u16, stream: TcpStream) -> Result<(), Failure> {
    let command = Command::new(["bash", "-c", CONNECT, "forward", &port.to_string()]);
    let session = lab.client.exec(&lab.project, guest.as_str(), &command, None).await?;
    let Session { mut stdin, mut stdout, mut stderr, process } = session;
    let complaints = tokio::spawn(async move { tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await });
    let (mut from_client, mut to_client) = stream.into_split();
    let up = async move {
        let mut buffer = vec![0; 32 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            if stdin.send(&buffer[..length]).await.is_err() {
                return;
            }
        }
        drop(stdin);
        tokio::time::sleep(LINGER).await;
    };
    let down = async {
        let mut buffer = vec![0; 32 * 1024];
        while let Ok(length @ 1..) = stdout.read(&mut buffer).await {
            if to_client.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
    drop(process);
    complaints.abort();
    Ok(())
}
