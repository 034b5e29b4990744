//! Which addresses the machine uses already.

use std::io;
use std::net::Ipv4Addr;
use std::process::Command;

use ipnet::Ipv4Net;
use serde_json::Value;

use super::slot::Slot;

/// Whether no address and no route of this machine touches the slot's range. A default route touches everything, and
/// does not count.
pub(crate) fn is_free(slot: Slot) -> io::Result<bool> {
    let [a, b] = slot.network();
    let range = Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), 16);
    let used = routes()?;
    Ok(!used.iter().any(|net| net.prefix_len() > 0 && (net.contains(&range) || range.contains(net))))
}

/// The destinations of all routes; the table `local` holds the machine's own addresses.
fn routes() -> io::Result<Vec<Ipv4Net>> {
    let output = Command::new("ip").args(["-json", "-4", "route", "show", "table", "all"]).output()?;
    let routes: Value = serde_json::from_slice(&output.stdout)?;
    let destinations = routes.as_array().into_iter().flatten().filter_map(|route| route["dst"].as_str());
    Ok(destinations
        .filter_map(|dst| dst.parse().ok().or_else(|| dst.parse::<Ipv4Addr>().ok().map(Ipv4Net::from)))
        .collect())
}
