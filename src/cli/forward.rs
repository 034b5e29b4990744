//! `podclaw forward`.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Args;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::context::Context;
use super::failure::{DONE, Failure};
use super::pump;
use crate::cloud_init::DEFAULT_PORT;
use crate::incus::Session;
use crate::lab::{self, Lab, inside};
use crate::names::GuestName;

/// How often a connection into the guest is tried.
const TRIES: usize = 5;

/// What `forward` takes.
#[derive(Debug, Args)]
pub(crate) struct ForwardArgs {
    /// The guest
    name: GuestName,
    /// The port of the guest's loopback
    #[arg(default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(1..))]
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
    let Session { stdin, mut stdout, mut stderr, process } = connect(lab, guest, port).await?;
    let complaints = tokio::spawn(async move { tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await });
    let (from_client, mut to_client) = stream.into_split();
    let up = async {
        pump::feed(from_client, stdin).await;
        tokio::time::sleep(inside::LINGER).await;
    };
    tokio::select! {
        () = up => {}
        // Where the one side or the other hung up in the middle, there is nobody to tell.
        _ = tokio::io::copy(&mut stdout, &mut to_client) => {}
    }
    drop(process);
    complaints.abort();
    Ok(())
}

/// Connects to the port. The daemon loses a command now and then, so one that does not say that it is connected is
/// started again: nothing of the client's was sent to it yet.
async fn connect(lab: &Lab, guest: &GuestName, port: u16) -> Result<Session, Failure> {
    for _ in 0..TRIES {
        let mut session = lab.client.exec(&lab.project, guest.as_str(), &inside::relay(port), None).await?;
        let mut mark = [0];
        if let Ok(Ok(1)) = tokio::time::timeout(inside::LINGER, session.stdout.read(&mut mark)).await {
            return Ok(session);
        }
    }
    let message = anyhow::anyhow!("cannot connect to port {port} of {guest}");
    Err(Failure::could_not(message, Some(format!("`podclaw logs {guest}` tells whether the gateway runs"))))
}
