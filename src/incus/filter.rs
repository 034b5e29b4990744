//! Having the daemon leave out of a list what is not asked for.

/// What of a list is asked for. The daemon compares; what it answers is to be looked at all the same, as one that knows no
/// filters answers with everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl Filter {
    /// Those whose config has a value for a key that fits a pattern. The pattern has no spaces, and is anchored here.
    #[must_use]
    pub fn config(key: &str, pattern: &str) -> Self {
        Self(format!("config.{key} eq ^({pattern})$"))
    }

    /// Those of these names, which have nothing in them that a pattern could take for something else.
    #[must_use]
    pub fn named(names: &[&str]) -> Self {
        let plain = |name: &&&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        Self(format!("name eq ^({})$", names.iter().filter(plain).copied().collect::<Vec<_>>().join("|")))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(Filter::named(&["a", "b-1"]).as_str(), "name eq ^(a|b-1)$");
        assert_eq!(Filter::named(&["a", ".*", "b c", "x)|(y"]).as_str(), "name eq ^(a)$");
    }
}
