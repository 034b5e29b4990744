//! Looking up the names of allowances, on the host. Whoever owns a name says which addresses it has: no answer opens
//! anything but the public internet.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use ipnet::Ipv4Net;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::policy::is_public;
use crate::ranges;
use crate::text::excerpt;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most addresses of one name.
pub(super) const MOST_ADDRESSES: usize = 64;

/// The IPv4 addresses that a name has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Those in the public internet.
    pub(super) public: Vec<Ipv4Addr>,
    /// All others, which are never opened by name.
    pub(super) others: Vec<Ipv4Addr>,
}

/// What came back for each name, or why nothing did.
pub(super) type Answers = BTreeMap<String, Result<Found, String>>;

/// Asks for all names side by side; `host` are the nets that the host itself is in.
pub(super) async fn look_up(names: &[&str], host: &[Ipv4Net]) -> Answers {
    let asked = names.iter().map(|name| async { ((*name).to_owned(), ask(name, host).await) });
    join_all(asked).await.into_iter().collect()
}

async fn ask(name: &str, host: &[Ipv4Net]) -> Result<Found, String> {
    // The dot at the end keeps the host's search domains out: their owner is somebody else.
    let answer = match timeout(PATIENCE, lookup_host((format!("{name}."), 0))).await {
        Err(_) => return Err(format!("nobody answers within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => return Err(excerpt(&error.to_string(), 120)),
        Ok(Ok(answer)) => answer,
    };
    let four = answer.filter_map(|address| match address {
        SocketAddr::V4(four) => Some(*four.ip()),
        SocketAddr::V6(_) => None,
    });
    let found = Found::sorted(four, host);
    if found == Found::default() { Err("it has no IPv4 address".into()) } else { Ok(found) }
}

impl Found {
    fn sorted(addresses: impl Iterator<Item = Ipv4Addr>, host: &[Ipv4Net]) -> Self {
        let mut all: Vec<Ipv4Addr> = addresses.take(MOST_ADDRESSES * 4).collect();
        all.sort_unstable();
        all.dedup();
        let (mut public, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|address| is_public(*address, host));
        public.truncate(MOST_ADDRESSES);
        Self { public, others }
    }
}

/// What is to be said about a name whose answer is not just taken; nothing where it is. `stays` are the addresses that it
/// has all the same.
pub(super) fn note(name: &str, answer: &Result<Found, String>, stays: usize) -> Option<String> {
    match answer {
        Err(reason) if stays == 0 => Some(format!("nothing is open for {name}: {reason}")),
        Err(reason) => Some(format!("{name} can't be looked up: {reason}; what it had stays open for an hour at most")),
        Ok(found) => {
            let address = found.others.first()?;
            let what = ranges::not_public((*address).into()).map_or("the host's own network", |range| range.what);
            Some(format!(
                "{name} answers with {address} ({what}), which no name opens: allow the address if it is meant"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_opens_what_is_not_public() {
        let host = ["198.51.100.7/24".parse().unwrap()];
        let answer = ["203.0.113.9", "192.168.77.9", "198.51.100.1", "127.0.0.1", "169.254.169.254", "203.0.113.9"];
        let found = Found::sorted(answer.iter().map(|address| address.parse().unwrap()), &host);
        assert_eq!(found.public, [Ipv4Addr::new(203, 0, 113, 9)]);
        assert_eq!(found.others.len(), 4);
        let said = note("a.example", &Ok(found), 1).expect("it is said");
        assert!(said.contains("127.0.0.1 (loopback)"), "{said}");
    }

    #[test]
    fn a_name_without_an_answer_is_said() {
        let silent = Err("nobody answers".to_owned());
        assert!(note("a.example", &silent, 0).is_some_and(|said| said.starts_with("nothing is open")));
        assert!(note("a.example", &silent, 2).is_some_and(|said| said.contains("stays open")));
        let good = Found { public: vec![Ipv4Addr::new(203, 0, 113, 9)], others: Vec::new() };
        assert_eq!(note("a.example", &Ok(good), 1), None);
    }
}
