//! Whether a value is a secret, or only stands where one would.

use super::base64;

/// Whether it stands for a value that comes from elsewhere, or for none.
pub(super) fn is_placeholder(value: &str) -> bool {
    let between = |open: char, close: char| value.starts_with(open) && value.ends_with(close);
    let first = value.chars().next();
    value.contains(['$', '`'])
        || value.contains("{{")
        || value.contains("...")
        || between('<', '>')
        || between('@', '@')
        || between('%', '%')
        || value.chars().all(|c| Some(c) == first)
        || WORDS.iter().any(|word| contains_ignoring_case(value, word))
}

/// What nobody has as a secret, but many write instead of one.
const WORDS: [&str; 8] =
    ["example", "changeme", "change-me", "change_me", "placeholder", "redacted", "xxxxxxxx", "your-"];

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether chance made it: long enough, without order, and not words or names.
pub(super) fn is_random(value: &str, least: usize) -> bool {
    let value = value.trim_end_matches(['.', ',', '!', '?']);
    let is_digest = ["sha1-", "sha256-", "sha384-", "sha512-"].iter().any(|start| value.starts_with(start));
    // A short text has less of it even where each of its characters is another one.
    let wanted = if value.len() < 20 { 2.8 } else { 3.2 };
    value.len() >= least
        && !is_digest
        && !is_placeholder(value)
        && entropy(value) >= wanted
        && value.split(['-', '_', '.', '/', '+', '=']).any(is_random_part)
}

/// Whether a part between separators is no word, number or name: it has letters and digits, or its case goes up and
/// down more often than in `aNameOfSeveralWords`.
fn is_random_part(part: &str) -> bool {
    let count = |is: fn(&u8) -> bool| part.bytes().filter(is).count();
    let (letters, digits) = (count(u8::is_ascii_alphabetic), count(u8::is_ascii_digit));
    let bytes = part.as_bytes();
    let changes = bytes.windows(2).filter(|two| two[0].is_ascii_lowercase() != two[1].is_ascii_lowercase()).count();
    (part.len() >= 8 && letters >= 2 && digits >= 2) || (part.len() >= 16 && changes * 5 >= part.len() * 2)
}

/// How many bits each character carries, by how often each is there.
#[expect(clippy::cast_precision_loss, reason = "lengths are small, and this is an estimate")]
fn entropy(value: &str) -> f64 {
    let mut counts = [0_usize; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let all = value.len() as f64;
    let part = |&count: &usize| -(count as f64 / all) * (count as f64 / all).log2();
    counts.iter().filter(|&&count| count > 0).map(part).sum()
}

/// Whether the first of the three parts is a header.
pub(super) fn is_web_token(value: &str) -> bool {
    let header = value.split('.').next().and_then(base64::decode);
    header
        .and_then(|header| serde_json::from_slice::<serde_json::Value>(&header).ok())
        .is_some_and(|header| header.get("alg").is_some() || header.get("enc").is_some())
}

/// Whether it is `name:password` in Base64.
pub(super) fn is_name_and_password(value: &str) -> bool {
    let text = base64::decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref().and_then(|text| text.split_once(':')).is_some_and(|(name, password)| {
        !name.is_empty() && !password.is_empty() && !text_is_odd(name) && !text_is_odd(password)
    })
}

fn text_is_odd(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_told_from_words() {
        for (value, least, expected) in [
            ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 20, true),
            ("qW3eR5tY7uI9oP1aS2dF", 20, true),
            ("a3f0c1d2-1f34-4abc-9def-01234a6789ab", 20, true),
            ("QmZhYkRzTGpXcVhOaEtQ", 20, true),
            ("Tr0ub4dor&3x", 12, true),
            ("Tr0ub4dor&3x", 20, false),
            ("gateway-token-of-the-lab", 20, false),
            ("/home/openclaw/.config/podclaw/gateway.env", 20, false),
            ("aNameOfSeveralWordsTogether", 20, false),
            ("12345678901234567890", 20, false),
            ("aaaaaaaaaaaaaaaaaaaaaaa1b2", 20, false),
            ("your-api-key-1a2b3c4d5e6f7a8b", 20, false),
            ("sha512-qW3eR5tY7uI9oP1aS2dF", 20, false),
        ] {
            assert_eq!(is_random(value, least), expected, "{value}");
        }
    }
}
