//! Changes that know how YAML is written: most of what they make is still a document, only a doubtful one.

use super::random::Random;
use super::words;

/// Changes one line of a document, if it is text.
pub(crate) fn yaml(bytes: &mut Vec<u8>, random: &mut Random) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let number = random.below(lines.len());
    let line = lines[number].trim_end_matches('\n').to_owned();
    let changed = match random.below(12) {
        0 => indent(&line, random),
        1 => quote_key(&line, random),
        2 | 3 => quote_value(&line, random),
        4 | 5 => with_value(&line, random.pick::<&str>(words::VALUES)),
        6 => {
            let key: &&str = random.pick(words::KEYS);
            with_key(&line, key)
        }
        7 => twice(&line, random),
        8 => marked(&line, random),
        9 => hidden(&line, random),
        10 => around(&line, random),
        _ => format!("{line}\n{}", random.pick(words::PROFILE).trim_end()),
    };
    lines[number] = changed + "\n";
    *bytes = lines.concat().into_bytes();
}

/// A line as indentation, key and value, with what is between them.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let indentation = line.len() - line.trim_start_matches([' ', '-']).len();
    let (key, value) = line[indentation..].split_once(": ")?;
    (!key.starts_with('#')).then_some((&line[..indentation], key, value))
}

fn indent(line: &str, random: &mut Random) -> String {
    match random.below(4) {
        0 => format!(" {line}"),
        1 => format!("  {line}"),
        2 => format!("\t{line}"),
        _ => line.strip_prefix("  ").unwrap_or(line.trim_start()).to_owned(),
    }
}

fn quote_key(line: &str, random: &mut Random) -> String {
    let Some((indentation, key, value)) = parts(line) else { return line.into() };
    let bare = key.trim_matches(['"', '\'']);
    let key = match random.below(6) {
        0 => format!("\"{bare}\""),
        1 => format!("'{bare}'"),
        2 => format!("\"{}\"", escaped(bare, random)),
        3 => format!("? {bare}\n{indentation}"),
        4 => format!("{bare} "),
        _ => bare.to_uppercase(),
    };
    format!("{indentation}{key}: {value}")
}

fn quote_value(line: &str, random: &mut Random) -> String {
    let Some((indentation, key, value)) = parts(line) else { return line.into() };
    let (value, comment) =
        value.split_once(" #").map_or((value, String::new()), |(value, rest)| (value, format!(" #{rest}")));
    let bare = value.trim_matches(['"', '\'']);
    let inner = format!("{}  ", indentation.replace('-', " "));
    let value = match random.below(7) {
        0 => bare.to_owned(),
        1 => format!("'{}'", bare.replace('\'', "''")),
        2 => format!("\"{bare}\""),
        3 => format!("\"{}\"", escaped(bare, random)),
        4 => return format!("{indentation}{key}: |-{comment}\n{inner}{bare}"),
        5 => return format!("{indentation}{key}: >-{comment}\n{inner}{bare}"),
        _ => return format!("{indentation}{key}: |{comment}\n{inner}{bare}"),
    };
    format!("{indentation}{key}: {value}{comment}")
}

/// The text with one of its characters as an escape of a quoted scalar.
fn escaped(text: &str, random: &mut Random) -> String {
    let chosen = random.below(text.chars().count());
    let form = random.below(3);
    let write = |(number, c): (usize, char)| match form {
        _ if number != chosen => c.to_string(),
        0 if u32::from(c) < 256 => format!("\\x{:02x}", u32::from(c)),
        1 if u32::from(c) < 0x1_0000 => format!("\\u{:04x}", u32::from(c)),
        _ => format!("\\U{:08x}", u32::from(c)),
    };
    text.chars().enumerate().map(write).collect()
}

fn with_value(line: &str, value: &str) -> String {
    match parts(line) {
        Some((indentation, key, _)) => format!("{indentation}{key}: {value}"),
        None => line.into(),
    }
}

fn with_key(line: &str, key: &str) -> String {
    match parts(line) {
        Some((indentation, _, value)) => format!("{indentation}{key}: {value}"),
        None => line.into(),
    }
}

/// The same key once more, as it is or spelt in another way.
fn twice(line: &str, random: &mut Random) -> String {
    let again = match random.below(3) {
        0 => line.to_owned(),
        1 => quote_key(line, random),
        _ => with_value(line, random.pick::<&str>(words::VALUES)),
    };
    if random.one_in(2) { format!("{line}\n{again}") } else { format!("{again}\n{line}") }
}

fn marked(line: &str, random: &mut Random) -> String {
    let Some((indentation, key, value)) = parts(line) else { return line.into() };
    match random.below(5) {
        0 => format!("{indentation}{key}: &a {value}\n{indentation}zz: *a"),
        1 => format!("{indentation}{key}: !!str {value}"),
        2 => format!("{indentation}<<: {{{key}: {value}}}"),
        3 => format!("{indentation}!!str {key}: {value}"),
        _ => format!("{indentation}{key}: &a\n{indentation}  <<: *a"),
    }
}

/// A comment that some decoders take for the end of a line.
fn hidden(line: &str, random: &mut Random) -> String {
    let indentation = &line[..line.len() - line.trim_start().len()];
    let end = random.pick(&["\u{85}", "\u{2028}", "\u{2029}", "\r", "\r\n", "\n", "\u{b}", "\u{c}"]);
    let what = random.pick(words::PROFILE).trim();
    format!("{line} # remark{end}{indentation}{what}")
}

/// What stands around a document, or around a value.
fn around(line: &str, random: &mut Random) -> String {
    match random.below(6) {
        0 => format!("\u{feff}{line}"),
        1 => format!("---\n{line}"),
        2 => format!("{line}\n...\n{line}"),
        3 => format!("%YAML 1.1\n---\n{line}"),
        4 => format!("{line} # remark"),
        _ => format!("# remark é 中\n\n{line}"),
    }
}
