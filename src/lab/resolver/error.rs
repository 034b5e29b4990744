//! Why a resolver can't be set up as the lab file says.

use std::net::SocketAddrV4;
use std::path::PathBuf;

use ipnet::Ipv4Net;

/// Why a resolver can't be set up as the lab file says.
#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    /// A block list can't be read.
    #[error("cannot read the block list {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A block list has lines that are none of a list.
    #[error("{path}:{line}: `{text}` blocks no name{others}", path = path.display(), others = more(*others))]
    NotAList {
        /// The file.
        path: PathBuf,
        /// The first such line, counted from 1.
        line: usize,
        /// What it says, escaped.
        text: String,
        /// How many there are besides.
        others: usize,
    },
    /// A block list is empty, as one that was not downloaded well can be.
    #[error("the block list {path} has no name in it", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The block lists have more names than the resolver takes.
    #[error("the block lists have {names} names, and {most} is the most")]
    TooMany {
        /// How many they have, without those below another one.
        names: usize,
        /// The most that is taken.
        most: usize,
    },
    /// The resolver would ask itself, or a guest.
    #[error("network.dns.upstream is {upstream}, which is in the lab's own subnet {subnet}")]
    UpstreamInLab {
        /// Who would be asked.
        upstream: SocketAddrV4,
        /// The subnet.
        subnet: Ipv4Net,
    },
}

impl ResolverError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "correct `network.dns.block` in the lab file".into(),
            Self::NotAList { .. } => {
                "one name a line, a hosts file, `||name^` or `address=/name/`; take out the lines that are something else".into()
            }
            Self::Empty { .. } => "get the list again, or take it out of `network.dns.block`".into(),
            Self::TooMany { .. } => "choose a smaller list".into(),
            Self::UpstreamInLab { .. } => "name a resolver on the host's loopback, such as 127.0.0.1:5300".into(),
        }
    }
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        _ => format!(", and {others} other lines do not either"),
    }
}
