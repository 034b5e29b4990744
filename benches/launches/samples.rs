//! What was measured several times.

use std::time::{Duration, Instant};

use serde_json::Value;

/// How long something takes, and what comes out.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let made = work();
    (began.elapsed(), made)
}

/// Seconds, to the millisecond, as they are kept.
pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).round() / 1e3
}

/// The middle of some values, and how far they spread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    /// All of them, sorted. There is at least one.
    sorted: Vec<f64>,
}

impl Spread {
    /// Of a list of numbers; nothing where there is no list, or nothing in it.
    pub(crate) fn of(list: &Value) -> Option<Self> {
        let mut sorted: Vec<f64> = list.as_array()?.iter().filter_map(Value::as_f64).collect();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then_some(Self { sorted })
    }

    /// The middle one, or between the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let count = self.sorted.len();
        f64::midpoint(self.sorted[(count - 1) / 2], self.sorted[count / 2])
    }

    /// The smallest.
    pub(crate) fn least(&self) -> f64 {
        self.sorted[0]
    }

    /// The largest.
    pub(crate) fn most(&self) -> f64 {
        self.sorted[self.sorted.len() - 1]
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[f64] {
        &self.sorted
    }
}
