//! Values as Incus reads them. None of these trims, and none guesses.

/// Whether Incus takes the value for true: `true`, `1`, `yes` or `on` in any case.
#[must_use]
pub fn is_true(value: &str) -> bool {
    ["true", "1", "yes", "on"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether Incus takes the value for false: `false`, `0`, `no` or `off` in any case.
#[must_use]
pub fn is_false(value: &str) -> bool {
    ["false", "0", "no", "off"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether Incus accepts the value as a truth value.
#[must_use]
pub fn is_bool(value: &str) -> bool {
    is_true(value) || is_false(value)
}

/// A whole number without sign that fits into 63 bits.
pub(crate) fn number(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A size in bytes: digits and a unit.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    amount(text, &[("", 1), ("B", 1), (" bytes", 1)], "B")
}

/// A rate in bits a second: digits and a unit.
pub(crate) fn bits(text: &str) -> Option<u64> {
    amount(text, &[("", 1), ("bit", 1)], "bit")
}

fn amount(text: &str, plain: &[(&str, u64)], suffix: &str) -> Option<u64> {
    const PREFIXES: [(&str, u64); 12] = [
        ("k", 1000),
        ("M", 1000 * 1000),
        ("G", 1000 * 1000 * 1000),
        ("T", 1000 * 1000 * 1000 * 1000),
        ("P", 1000 * 1000 * 1000 * 1000 * 1000),
        ("E", 1000 * 1000 * 1000 * 1000 * 1000 * 1000),
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("Pi", 1 << 50),
        ("Ei", 1 << 60),
    ];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let factor = plain.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).or_else(|| {
        let prefix = unit.strip_suffix(suffix)?;
        PREFIXES.iter().find(|(name, _)| *name == prefix).map(|(_, factor)| *factor)
    })?;
    let total = u64::try_from(number(count)?).ok()?.checked_mul(factor)?;
    // Incus counts in signed 64 bits.
    i64::try_from(total).ok().map(|_| total)
}

/// The longest set of CPUs that is read, in bytes: reading one takes time for each of its parts.
const LONGEST_SET: usize = 1024;

/// How many CPUs a value of `limits.cpu` gives: a count, or the size of a set.
pub(crate) fn cpus(text: &str) -> Option<u64> {
    if let Some(count) = number(text) {
        return u64::try_from(count).ok().filter(|count| *count > 0);
    }
    if text.len() > LONGEST_SET {
        return None;
    }
    let mut all = std::collections::BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        // The kernel has no more CPUs than this, and a set must not take all memory.
        if first > last || last >= 8192 {
            return None;
        }
        all.extend(first..=last);
    }
    u64::try_from(all.len()).ok()
}
