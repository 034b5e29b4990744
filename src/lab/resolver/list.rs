//! Block lists, in the forms that they come in.
//!
//! A list may be from anywhere, so it is not passed on: names are read from it, and written anew.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use super::ResolverError;
use super::names::Names;
use crate::{file, text};

/// The largest list that is read, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;
/// The most names that the resolver is given: as many as the largest lists have. They are 5 MB in the network's
/// configuration, and Incus hands out all of it whenever it is asked for the network.
const MOST_NAMES: usize = 300_000;

/// What hosts files name besides what they block.
const LOCAL: [&str; 11] = [
    "localhost",
    "localhost.localdomain",
    "local",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-allhosts",
];

/// Reads the names in all these files.
pub(super) fn read(files: &[PathBuf]) -> Result<Names, ResolverError> {
    let mut all = Vec::new();
    for path in files {
        let text = file::read_text(path, LARGEST)
            .map_err(|source| ResolverError::Unreadable { path: path.clone(), source })?;
        all.extend(parse(path, &text)?);
    }
    let names: Names = all.into_iter().collect();
    if names.len() > MOST_NAMES {
        return Err(ResolverError::TooMany { names: names.len(), most: MOST_NAMES });
    }
    Ok(names)
}

fn parse(path: &Path, list: &str) -> Result<Vec<String>, ResolverError> {
    let mut names = Vec::new();
    let mut bad = None;
    let mut others = 0;
    for (number, line) in list.trim_start_matches('\u{feff}').lines().enumerate() {
        if take(without_comment(line).trim(), &mut names).is_some() {
            continue;
        }
        match bad {
            None => bad = Some((number + 1, text::excerpt(line.trim(), 80))),
            Some(_) => others += 1,
        }
    }
    match bad {
        Some((line, text)) => Err(ResolverError::NotAList { path: path.to_owned(), line, text, others }),
        None if names.is_empty() => Err(ResolverError::Empty { path: path.to_owned() }),
        None => Ok(names),
    }
}

/// Adds the names of a line; `None` for what no list has.
fn take(line: &str, names: &mut Vec<String>) -> Option<()> {
    let is_title = line.starts_with('[') && line.ends_with(']');
    if line.is_empty() || line.starts_with('!') || is_title {
        return Some(());
    }
    // These forms say that they mean all that is below; so they may block a whole top-level domain.
    if let Some(name) = line.strip_prefix("||") {
        names.push(domain(name.strip_suffix('^')?)?);
    } else if let Some(name) = line.strip_prefix("*.") {
        names.push(domain(name)?);
    } else if line.contains('=') {
        for name in of_option(line)?.split('/') {
            names.push(domain(name)?);
        }
    } else if let Some((address, hosts)) = line.split_once(char::is_whitespace) {
        let address: IpAddr = address.split('%').next()?.parse().ok()?;
        let is_nowhere = address.is_unspecified() || address.is_loopback();
        for host in hosts.split_whitespace() {
            // Some lists name the address itself.
            if LOCAL.contains(&host) || host.parse() == Ok(address) {
                continue;
            }
            // Another address is a machine's: this is a hosts file in use, and no list.
            names.push(host_name(host).filter(|_| is_nowhere)?);
        }
    } else {
        names.push(host_name(line)?);
    }
    Some(())
}

/// What is between the slashes of an option of dnsmasq that leads names nowhere.
fn of_option(line: &str) -> Option<&str> {
    let (option, value) = line.split_once('=')?;
    let (names, to) = value.strip_prefix('/')?.rsplit_once('/')?;
    let leads_nowhere = match option {
        "address" => matches!(to, "" | "#" | "0.0.0.0" | "::" | "127.0.0.1" | "::1"),
        "local" | "server" => to.is_empty(),
        _ => false,
    };
    leads_nowhere.then_some(names)
}

/// A comment begins a line or comes after a space; elsewhere the sign is part of something.
fn without_comment(line: &str) -> &str {
    let begins =
        line.match_indices('#').map(|(at, _)| at).find(|&at| line[..at].ends_with(char::is_whitespace) || at == 0);
    &line[..begins.unwrap_or(line.len())]
}

/// The name of a host: one word alone could be anything.
fn host_name(text: &str) -> Option<String> {
    domain(text).filter(|name| name.contains('.'))
}

/// A domain name in lower case and without a dot at its end. Nothing that means more to dnsmasq than a name gets through.
fn domain(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    // Lists of addresses are for firewalls. Half an address, which some lists have by mistake, does no harm as a name.
    let is_address = name.parse::<Ipv4Addr>().is_ok();
    (name.len() <= 253 && name.split('.').all(is_label) && !is_address).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(list: &str) -> Result<Vec<String>, String> {
        parse(Path::new("list"), list).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_every_form() {
        let lists = [
            ("# a comment\n\nADS.test\r\n b_c.test. # why\n", &["ads.test", "b_c.test"][..]),
            (
                "127.0.0.1 localhost\nff02::1 ip6-allnodes\nfe80::1%lo0 localhost\n255.255.255.255 broadcasthost\n\
                 0.0.0.0 0.0.0.0\n0.0.0.0 a.test\tb.test\n::1 c.test\n:: d.test\n",
                &["a.test", "b.test", "c.test", "d.test"],
            ),
            ("[Adblock Plus]\n! title\n||a.test^\n||zip^\n", &["a.test", "zip"]),
            ("*.a.test\n", &["a.test"]),
            (
                "address=/a.test/b.test/#\naddress=/c.test/0.0.0.0\nlocal=/d.test/\nserver=/e/\naddress=/f.test/\n",
                &["a.test", "b.test", "c.test", "d.test", "e", "f.test"],
            ),
            ("\u{feff}a.test\n", &["a.test"]),
        ];
        for (list, wanted) in lists {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(parsed(list), Ok(wanted), "{list}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused_at_its_first_line() {
        let long = format!("{}.test", "a".repeat(64));
        for bad in [
            "com",
            "<html>",
            "a b.test",
            "192.168.1.4 printer.test",
            "192.168.1.4",
            "0.0.0.0",
            "0.0.0.0 1.2.3.4",
            "0.0.0.0 com",
            "a..test",
            ".test",
            "a.test/x",
            "a.test##.banner",
            "@@||a.test^",
            "||a.test",
            "||a.test^$third-party",
            "||a*.test^",
            "*.*.test",
            "address=/a.test/192.0.2.1",
            "server=/a.test/192.0.2.1",
            "address=/#/",
            "address=//",
            "conf-file=/etc/passwd",
            "dhcp-script=/bin/sh",
            "a.test,conf-file=/x",
            "bücher.test",
            "a\u{b}.test",
            "a.test\0",
            &long,
        ] {
            let error = parsed(&format!("good.test\n{bad}\n\n{bad}\n")).expect_err(bad);
            assert!(
                error.starts_with("list:2: `") && error.ends_with("blocks no name, and 1 other lines do not either"),
                "{error}"
            );
        }
        assert!(parsed("# nothing\n").is_err_and(|error| error.contains("has no name in it")));
    }
}
