//! What a plain scalar is. YAML 1.1 and 1.2 and the libraries differ, so only what none of them takes for anything else
//! is a string.

use super::Kind;

/// What every decoder makes of a plain scalar, or why they differ.
pub(super) fn classify(text: &str) -> Result<Kind, Doubt> {
    match text {
        "true" | "false" => return Ok(Kind::Bool),
        "" | "~" => return Err(Doubt::Null),
        "<<" => return Err(Doubt::Merge),
        "=" => return Err(Doubt::Other),
        _ => {}
    }
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("null") {
        return Err(Doubt::Null);
    }
    if ["true", "false", "yes", "no", "on", "off", "y", "n"].into_iter().any(is) {
        return Err(Doubt::Bool);
    }
    if is_canonical_integer(text) {
        return Ok(Kind::Integer);
    }
    if looks_like_number(text) { Err(Doubt::Number) } else { Ok(Kind::String) }
}

/// What a plain scalar could be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// No value at all.
    Null,
    /// A truth value in a spelling that only some decoders know.
    Bool,
    /// A number, a time or a date in some notation.
    Number,
    /// The merge key.
    Merge,
    /// Something with a meaning of its own in YAML 1.1.
    Other,
}

impl Doubt {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "true or false",
            Self::Number => "a number or a date",
            Self::Merge => "a merge key",
            Self::Other => "a default value",
        }
    }
}

fn is_canonical_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = match digits.as_bytes() {
        [b'0'] => text == "0",
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    canonical && text.parse::<i64>().is_ok()
}

/// Whether a decoder could take the text for a number, a time or a date. This says yes rather too often, for an address
/// such as 10.0.0.1: quoting one more value harms nobody.
fn looks_like_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    if [".inf", ".nan", "inf", "nan", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return true;
    }
    let mut chars = unsigned.chars();
    let first = chars.next();
    let digits_first = first.is_some_and(|c| c.is_ascii_digit());
    let point_first = first == Some('.') && chars.next().is_some_and(|c| c.is_ascii_digit() || c == '_' || c == '.');
    let numeric = |c: char| c.is_ascii_hexdigit() || "xopbtz_.:,+- ".contains(c.to_ascii_lowercase());
    (digits_first || point_first) && unsigned.chars().all(numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_written_in_one_way() {
        for text in ["0", "1", "-1", "10", "9223372036854775807", "-9223372036854775808"] {
            assert_eq!(classify(text), Ok(Kind::Integer), "{text}");
        }
        for text in ["-0", "00", "01", "-01", "+1", "1_0", "1 ", "9223372036854775808", "0x1", "1E3", "0O7", "1T", "1Z"]
        {
            assert_eq!(classify(text), Err(Doubt::Number), "{text}");
        }
        for text in ["-", "--", "1a!", "10%", "3GiB", "-a", "e1"] {
            assert_eq!(classify(text), Ok(Kind::String), "{text}");
        }
    }
}
