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
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "null" => return Err(Doubt::Null),
        "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" => return Err(Doubt::Bool),
        _ => {}
    }
    if is_canonical_integer(text) {
        return Ok(Kind::Integer);
    }
    if looks_like_number(&lower) { Err(Doubt::Number) } else { Ok(Kind::String) }
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
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

/// Whether a decoder could take the text, in lower case, for a number, a time or a date. This says yes rather too
/// often, for an address such as 10.0.0.1: quoting one more value harms nobody.
fn looks_like_number(lower: &str) -> bool {
    let unsigned = lower.trim_start_matches(['+', '-']);
    if matches!(unsigned, ".inf" | ".nan" | "inf" | "nan" | "infinity") {
        return true;
    }
    let mut chars = unsigned.chars();
    let first = chars.next();
    let digits_first = first.is_some_and(|c| c.is_ascii_digit());
    let point_first = first == Some('.') && chars.next().is_some_and(|c| c.is_ascii_digit() || c == '_' || c == '.');
    let numeric = |c: char| c.is_ascii_hexdigit() || "xopbtz_.:,+- ".contains(c);
    (digits_first || point_first) && unsigned.chars().all(numeric)
}
