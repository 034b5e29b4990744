//! How many requests are made side by side: more as long as the daemon answers about as fast as it can, half as many as
//! soon as it does not. So a small machine is not buried under requests, and a large one is not kept waiting.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

/// How many there are at first, at least and at most.
const FIRST: usize = 8;
const LEAST: usize = 2;
const MOST: usize = 32;
/// An answer that takes this many times as long as the fastest one is slow, and one that takes that many is far too slow.
const SLOW: u32 = 3;
const TOO_SLOW: u32 = 6;
/// What takes less is fast, whatever took less before.
const FAST: Duration = Duration::from_millis(50);

/// How many are made side by side just now.
#[derive(Debug)]
pub(super) struct Pace {
    limit: usize,
    fastest: Duration,
    /// Answers until it may change again: those that were under way at the last change say nothing of it.
    settling: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { limit: FIRST, fastest: Duration::MAX, settling: 0 }
    }
}

impl Pace {
    /// Takes note of an answer.
    fn answered(&mut self, took: Duration, went_well: bool) {
        if went_well {
            self.fastest = self.fastest.min(took.max(FAST));
        }
        if self.settling > 0 {
            self.settling -= 1;
            return;
        }
        if !went_well || took > self.fastest * TOO_SLOW {
            self.limit = (self.limit / 2).max(LEAST);
            self.settling = self.limit;
        } else if took <= self.fastest * SLOW {
            self.limit = (self.limit + 1).min(MOST);
        }
    }

    /// Does all of it side by side, and returns what came of each, in no order.
    pub(super) async fn all<T, F: Future<Output = (T, bool)>>(&mut self, work: impl Iterator<Item = F>) -> Vec<T> {
        let mut waiting = work.fuse();
        let mut running = FuturesUnordered::new();
        let mut done = Vec::new();
        loop {
            while running.len() < self.limit
                && let Some(next) = waiting.next()
            {
                running.push(async move {
                    let began = Instant::now();
                    let (came, went_well) = next.await;
                    (came, went_well, began.elapsed())
                });
            }
            let Some((came, went_well, took)) = running.next().await else { return done };
            self.answered(took, went_well);
            done.push(came);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answers: &[(u64, bool)]) -> usize {
        let mut pace = Pace::default();
        for (millis, went_well) in answers {
            pace.answered(Duration::from_millis(*millis), *went_well);
        }
        pace.limit
    }

    #[test]
    fn more_as_long_as_answers_are_fast_and_half_as_many_when_not() {
        assert_eq!(after(&[(100, true); 5]), FIRST + 5);
        assert_eq!(after(&[(100, true); 100]), MOST);
        assert_eq!(after(&[(100, true), (500, true)]), FIRST + 1);
        assert_eq!(after(&[(100, true), (700, true)]), FIRST.midpoint(1));
        // Those that were under way then do not halve it again.
        assert_eq!(after(&[(100, true), (700, true), (700, true), (700, true)]), FIRST.midpoint(1));
        assert_eq!(after(&[(10, false); 100]), LEAST);
        // What is fast anyway is not held against anybody.
        assert_eq!(after(&[(1, true), (40, true)]), FIRST + 2);
    }

    #[test]
    fn all_of_it_is_done_and_no_more_at_once_than_allowed() {
        use std::cell::Cell;

        let (now, most) = (Cell::new(0_usize), Cell::new(0_usize));
        let one = |number: usize| {
            let (now, most) = (&now, &most);
            async move {
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::task::yield_now().await;
                now.set(now.get() - 1);
                (number, false)
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut done = runtime.block_on(Pace::default().all((0..100).map(one)));
        done.sort_unstable();
        assert!(done.into_iter().eq(0..100));
        assert_eq!(most.get(), FIRST);
    }
}
