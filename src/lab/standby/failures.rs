//! Launches of standby guests that failed, and how long the next one waits for that.
//!
//! A timer runs `podclaw pool` again and again. Where every launch fails, each would fill the lab and clean it up again, for
//! ever; so each failure doubles the wait for the next attempt. It is kept on the lab's project, as nothing else survives.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::incus::Config;
use crate::text::excerpt;

/// The wait after the first failure, and the longest one.
const FIRST: SignedDuration = SignedDuration::from_mins(2);
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// How much of a reason is kept, in characters.
const REASON: usize = 300;
/// The longest text that is read back, in bytes: somebody else may have written it.
const LARGEST: usize = 4096;

/// Attempts that failed since one went well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many there were.
    pub count: u32,
    /// When the last one ended.
    pub last: Timestamp,
    /// Why it failed; escaped.
    pub reason: String,
}

impl Failures {
    /// The project's config key that holds them. It begins as that of the count does, so `init` keeps it.
    pub(super) const KEY: &'static str = "user.podclaw.standby-failures";

    /// Those that are written down, if that can be read.
    pub(super) fn read(config: &Config) -> Option<Self> {
        let text = config.get(Self::KEY).filter(|text| text.len() <= LARGEST)?;
        let read: Self = serde_json::from_str(text).ok()?;
        Some(Self { reason: excerpt(&read.reason, REASON), ..read }).filter(|read| read.count > 0)
    }

    /// What is written down.
    pub(super) fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// One more than there were.
    #[must_use]
    pub fn one_more(before: Option<&Self>, now: Timestamp, reason: &str) -> Self {
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        Self { count, last: now, reason: excerpt(reason, REASON) }
    }

    /// When it is tried again.
    #[must_use]
    pub fn next(&self) -> Timestamp {
        // 16 doublings are far beyond the longest.
        let doubled = FIRST * 2_i32.pow(self.count.saturating_sub(1).min(16));
        self.last.checked_add(doubled.min(LONGEST)).unwrap_or(self.last)
    }

    /// Whether it is too early to try again. A failure in the future is one of a clock that was put back.
    #[must_use]
    pub fn hold(&self, now: Timestamp) -> bool {
        self.last <= now && now < self.next()
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = if self.count == 1 { "attempt" } else { "attempts" };
        write!(f, "{} {attempts} failed, the last one at {:.0}: {}", self.count, self.last, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: &str = "2026-01-01T12:00:00Z";

    fn after(count: u32) -> Failures {
        Failures { count, last: LAST.parse().unwrap(), reason: "why".into() }
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_bound() {
        let minutes = |count: u32| after(count).next().duration_since(after(count).last).as_mins();
        assert_eq!([1, 2, 3, 4, 8, 9, 10, 40, u32::MAX].map(minutes), [2, 4, 8, 16, 256, 360, 360, 360, 360]);
        let at = |time: &str| after(1).hold(time.parse().unwrap());
        assert!(at(LAST) && at("2026-01-01T12:01:59Z"));
        assert!(!at("2026-01-01T12:02:00Z") && !at("2026-01-01T11:59:59Z"));
        let latest = Failures { last: Timestamp::MAX, ..after(1) };
        assert!(!latest.hold(Timestamp::UNIX_EPOCH) && !latest.hold(Timestamp::MAX));
    }

    #[test]
    fn they_are_counted_and_read_back() {
        let one = Failures::one_more(None, LAST.parse().unwrap(), "why\u{1b}");
        let two = Failures::one_more(Some(&one), LAST.parse().unwrap(), "why");
        assert_eq!((one.count, one.reason.as_str(), two.count), (1, "why\\u{1b}", 2));
        assert_eq!(two.to_string(), "2 attempts failed, the last one at 2026-01-01T12:00:00Z: why");
        let read = |text: &str| Failures::read(&[(Failures::KEY.to_owned(), text.to_owned())].into());
        assert_eq!(read(&two.text().unwrap()), Some(two));
        // What podclaw did not write holds nothing up.
        let other = format!(r#"{{"count": 0, "last": "{LAST}", "reason": ""}}"#);
        let long = format!(r#"{{"count": 9, "last": "{LAST}", "reason": "{}"}}"#, "a".repeat(LARGEST));
        for text in ["", "x", "{}", r#"{"count": -1, "last": 0, "reason": 0}"#, &other, &long] {
            assert_eq!(read(text), None, "{text}");
        }
        let loud = format!(r#"{{"count": 9, "last": "{LAST}", "reason": "\u001b[2J"}}"#);
        assert_eq!(read(&loud).unwrap().reason, "\\u{1b}[2J");
    }
}
