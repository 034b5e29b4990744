//! A set of names, each of which stands for everything below it too.

/// Longest line that is written. dnsmasq takes what is beyond 1024 bytes for another line.
const LONGEST_LINE: usize = 1000;

/// Names in lower case. What is below another one in the set is left out.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Label by label from the right, each with a dot behind it, in order: `test.ads.`.
    keys: Vec<String>,
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut keys: Vec<String> = names.into_iter().map(|name| key(&name)).collect();
        keys.sort_unstable();
        let mut last = String::new();
        // What is below a name comes right after it.
        keys.retain(|key| {
            let is_covered = !last.is_empty() && key.starts_with(&last);
            if !is_covered {
                last.clone_from(key);
            }
            !is_covered
        });
        Self { keys }
    }
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the set has this name or one above it.
    pub(super) fn cover(&self, name: &str) -> bool {
        let key = key(name);
        let after = self.keys.partition_point(|other| *other <= key);
        after.checked_sub(1).is_some_and(|before| key.starts_with(&self.keys[before]))
    }

    /// Lines that begin with `option` and then have one name after the other, each with a slash behind it.
    pub(super) fn lines(&self, option: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for key in &self.keys {
            let labels: Vec<&str> = key.trim_end_matches('.').rsplit('.').collect();
            let name = labels.join(".");
            match lines.last_mut() {
                Some(line) if line.len() + name.len() < LONGEST_LINE => {
                    line.push_str(&name);
                    line.push('/');
                }
                _ => lines.push(format!("{option}{name}/")),
            }
        }
        lines
    }
}

fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 1);
    for label in name.rsplit('.') {
        key += label;
        key.push('.');
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Names {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_name_covers_what_is_below_it() {
        let set = names(&["x.ads.test", "ads.test", "ads.test", "ads-x.test", "bads.test", "a.b.c.d"]);
        assert_eq!(set.lines("local=/"), ["local=/a.b.c.d/ads-x.test/ads.test/bads.test/"]);
        assert_eq!(set.len(), 4);
        for covered in ["ads.test", "y.x.ads.test", "ads-x.test", "e.a.b.c.d"] {
            assert!(set.cover(covered), "{covered}");
        }
        for free in ["test", "xads.test", "ads.testing", "b.c.d", "zzz.test", "aa.test"] {
            assert!(!set.cover(free), "{free}");
        }
        assert!(!names(&[]).cover("a.test"));
    }

    #[test]
    fn no_line_is_too_long_for_dnsmasq() {
        let long: Vec<String> = (0..40).map(|n| format!("{n}.{}", vec!["l".repeat(49); 5].join("."))).collect();
        let lines = Names::from_iter(long.clone()).lines("local=/");
        assert!(lines.len() > 5 && lines.iter().all(|line| line.len() <= LONGEST_LINE), "{lines:?}");
        assert_eq!(lines.iter().map(|line| line.matches('/').count() - 1).sum::<usize>(), long.len());
    }
}
