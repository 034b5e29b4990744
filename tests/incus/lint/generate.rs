//! Profiles that look as somebody would write them, in every way that YAML offers: most of them lint accepts.

use std::fmt::Write as _;

use super::random::Random;

/// Keys that the policy allows, with values that it takes.
const CONFIG: &[(&str, &[&str])] = &[
    ("boot.autostart", &["false", "FALSE", "0", "no", "off"]),
    ("boot.stop.priority", &["0", "3", "10"]),
    ("limits.cpu", &["1", "2", "4", "0-1", "0,1", "1-1"]),
    ("limits.cpu.allowance", &["50ms/100ms", "100ms/100ms"]),
    ("limits.cpu.priority", &["0", "5", "10"]),
    ("limits.kernel.core", &["0"]),
    ("limits.memory", &["512MiB", "1GiB", "2048MB", "1073741824", "50%"]),
    ("limits.memory.enforce", &["hard"]),
    ("limits.processes", &["64", "1000", "8192"]),
    ("security.guestapi", &["false", "False", "0", "no", "off"]),
    ("security.idmap.isolated", &["true", "True", "1", "yes", "on"]),
    ("security.nesting", &["true", "TRUE", "1", "yes", "on"]),
    ("security.privileged", &["false", "fAlse", "0", "no", "OFF"]),
    ("security.syscalls.deny_default", &["true", "1"]),
    ("security.syscalls.intercept.mknod", &["true", "yes"]),
    ("security.syscalls.intercept.setxattr", &["true", "on"]),
];

/// Values that most keys do not take.
const OTHER: &[&str] = &["", "true", "0", "soft", "1 GiB", "~"];

/// What a description can be.
const DESCRIPTIONS: &[&str] = &[
    "a guest",
    "Gäste: 中文, עברית, 🦀",
    "it's \"quoted\"",
    "a # no comment",
    "with: colon",
    "  spaces  ",
    "-",
    "true",
    "007",
    "null",
    "a\nb\n\nc",
    "tab\there",
    "back\\slash",
    "{not: flow}",
    "* & ! % @ `",
    "trailing\n",
    "é\u{301}\u{a0}x",
    "",
];

/// One profile for a lab whose pool and network these are.
pub(crate) fn profile(random: &mut Random, pool: &str, network: &str) -> String {
    let mut text = String::new();
    if random.one_in(8) {
        text += "# What this is for.\n---\n";
    }
    let _ = writeln!(text, "description: {}", value(random, random_description, "  ", false));
    let mut config = config(random);
    let mut devices = devices(random, pool, network);
    if random.one_in(2) {
        std::mem::swap(&mut config, &mut devices);
    }
    text + &config + &devices
}

fn random_description(random: &mut Random) -> String {
    (*random.pick(DESCRIPTIONS)).to_owned()
}

fn config(random: &mut Random) -> String {
    let mut keys: Vec<_> = (0..random.below(6)).map(|_| random.below(CONFIG.len())).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut pair = |key: usize| {
        let (key, values) = CONFIG[key];
        let values = if random.one_in(40) { OTHER } else { values };
        (key, (*random.pick(values)).to_owned())
    };
    let pairs: Vec<_> = keys.into_iter().map(&mut pair).collect();
    mapping(random, "config", &pairs, "")
}

fn devices(random: &mut Random, pool: &str, network: &str) -> String {
    let mut devices = String::new();
    let size = format!("{}GiB", 8 + random.below(9));
    let mut root = vec![("type", "disk"), ("path", "/"), ("pool", pool), ("size", &*size)];
    for limit in ["limits.read", "limits.write", "limits.max"] {
        if random.one_in(4) {
            root.push((limit, *random.pick(&["30MiB", "500iops", "10MB"])));
        }
    }
    let mut card = vec![("type", "nic"), ("network", network), ("name", "eth0")];
    for key in ["security.mac_filtering", "security.ipv4_filtering", "security.port_isolation"] {
        card.push((key, *random.pick(&["true", "true", "TRUE", "1", "yes", "on"])));
    }
    for limit in ["limits.ingress", "limits.egress", "limits.max"] {
        if random.one_in(6) {
            card.push((limit, *random.pick(&["100Mbit", "1Gbit"])));
        }
    }
    for (name, keys, chance) in [
        ("root", root, 2),
        ("eth0", card, 2),
        ("eth7", vec![("type", "none")], 6),
        ("data", vec![("type", "none"), ("path", "")], 40),
        ("lan", vec![("type", "nic"), ("parent", "lo"), ("nictype", "macvlan")], 40),
    ] {
        if random.one_in(chance) {
            let keys: Vec<_> = keys.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
            devices += &mapping(random, name, &keys, "  ");
        }
    }
    match devices.is_empty() {
        true if random.one_in(2) => "devices: {}\n".into(),
        true => String::new(),
        false => format!("devices:\n{devices}"),
    }
}

/// A mapping below a key, in block or in flow style.
fn mapping(random: &mut Random, name: &str, pairs: &[(&str, String)], indentation: &str) -> String {
    let name = key(random, name);
    if pairs.is_empty() {
        return format!("{indentation}{name}: {{}}\n");
    }
    if random.one_in(4) {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, text)| format!("{}: {}", key(random, name), value(random, |_| text.clone(), "", true)))
            .collect();
        let comma = *random.pick(&[", ", ",", ",\n      "]);
        return format!("{indentation}{name}: {{{}}}\n", pairs.join(comma));
    }
    let mut text = format!("{indentation}{name}:\n");
    let inner = format!("{indentation}{}", random.pick(&["  ", "    "]));
    for (name, content) in pairs {
        if random.one_in(8) {
            let _ = writeln!(text, "{}# Why: é 中.", random.pick(&["", "  ", "        "]));
        }
        let deeper = format!("{inner}  ");
        let _ = writeln!(text, "{inner}{}: {}", key(random, name), value(random, |_| content.clone(), &deeper, false));
    }
    text
}

fn key(random: &mut Random, key: &str) -> String {
    match random.below(8) {
        0 => format!("\"{key}\""),
        1 => format!("'{key}'"),
        2 => double(random, key),
        _ => key.into(),
    }
}

/// A value in one of the styles that can write it; `indentation` is that of a block.
fn value(random: &mut Random, text: impl FnOnce(&mut Random) -> String, indentation: &str, flow: bool) -> String {
    let text = text(random);
    let comment = if flow || !random.one_in(6) { "" } else { *random.pick(&[" # why", "  # \"no\" value"]) };
    match random.below(8) {
        0 if !flow && is_block(&text) => format!("|-{comment}\n{indentation}{text}"),
        1 if !flow && is_block(&text) => format!(">-{comment}\n{indentation}{text}"),
        2 | 3 if !text.contains('\n') && !text.contains('\t') => format!("'{}'{comment}", text.replace('\'', "''")),
        4 | 5 if is_plain(&text) => format!("{text}{comment}"),
        _ => format!("{}{comment}", double(random, &text)),
    }
}

/// Lint refuses those that only look plain; so some of them are here too.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    first.is_some_and(char::is_alphanumeric)
        && !text.contains([':', '#', '\n', '\t', '{', '"', '\\'])
        && text.trim() == text
}

fn is_block(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.contains(['\n', '\t'])
}

/// In double quotes, now and then with an escape that need not be.
fn double(random: &mut Random, text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        let code = u32::from(c);
        let _ = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\n' => write!(out, "\\n"),
            '\t' => write!(out, "\\t"),
            _ if random.one_in(40) && code < 0x100 => write!(out, "\\x{code:02x}"),
            _ if random.one_in(40) && code < 0x1_0000 => write!(out, "\\u{code:04X}"),
            _ if random.one_in(40) => write!(out, "\\U{code:08x}"),
            _ => write!(out, "{c}"),
        };
    }
    out + "\""
}
