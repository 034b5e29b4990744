//! Taking some of many: they are looked at side by side, and not for ever.

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// How many are looked at side by side.
const AT_ONCE: usize = 4;
/// What is said of those that were not looked at to the end.
const NO_TIME: &str = "there was no time to look at it";

/// What was taken, and what was not, with the reason.
type Taken<C, T> = (Vec<T>, Vec<(C, String)>);

/// Takes up to `count` of the candidates that are fit, the first ones first. A look ends at the deadline; what is being taken
/// then is taken all the same, because nobody would know of it otherwise.
pub(super) async fn take<C, L, T>(
    candidates: impl Iterator<Item = C>,
    count: usize,
    deadline: Instant,
    look: impl AsyncFn(&C) -> Result<L, String>,
    take: impl AsyncFn(&C, L) -> Result<T, String>,
) -> Taken<C, T> {
    let (look, take) = (&look, &take);
    let mut candidates = candidates.fuse();
    let (mut taken, mut passed_over) = (Vec::new(), Vec::new());
    while taken.len() < count {
        // Never more than are wanted: what is fit is taken at once.
        let round: Vec<C> = candidates.by_ref().take(count - taken.len()).collect();
        if round.is_empty() {
            break;
        }
        let one = |candidate| async move {
            let outcome = match timeout_at(deadline, look(&candidate)).await {
                Ok(Ok(looked)) => take(&candidate, looked).await,
                Ok(Err(reason)) => Err(reason),
                Err(_) => Err(NO_TIME.to_owned()),
            };
            (candidate, outcome)
        };
        let outcomes: Vec<_> = stream::iter(round).map(one).buffered(AT_ONCE).collect().await;
        for (candidate, outcome) in outcomes {
            match outcome {
                Ok(one) => taken.push(one),
                Err(reason) => passed_over.push((candidate, reason)),
            }
        }
    }
    (taken, passed_over)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;

    /// Long before anybody gives up.
    fn late() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    #[tokio::test]
    async fn the_first_that_are_fit_are_taken_and_no_more_than_are_wanted() {
        let tried = Cell::new(0);
        let look = async |&number: &u32| if number % 3 == 0 { Err("a third one".into()) } else { Ok(number) };
        let all = take(1..100, 5, late(), look, async |_, number| {
            tried.set(tried.get() + 1);
            // Somebody else was quicker.
            if number == 2 { Err("gone".into()) } else { Ok(number) }
        });
        let (taken, passed_over) = all.await;
        assert_eq!(taken, [1, 4, 5, 7, 8]);
        assert_eq!(passed_over.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3, 6]);
        assert_eq!(tried.get(), 6);
        let few = take(1..3, 5, late(), async |_| Ok(()), async |number, ()| Ok(*number)).await;
        assert_eq!(few.0, [1, 2]);
    }

    /// As many as may be wait for each other here, so that one after the other would wait for ever.
    #[tokio::test]
    async fn several_are_looked_at_side_by_side_but_not_all() {
        let (barrier, now, most) = (tokio::sync::Barrier::new(AT_ONCE), Cell::new(0), Cell::new(0));
        let look = async |_: &usize| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            barrier.wait().await;
            now.set(now.get() - 1);
            Ok(())
        };
        let count = 3 * AT_ONCE;
        let all = take(0..count, count, late(), look, async |number, ()| Ok(*number));
        let (taken, _) = timeout(Duration::from_mins(1), all).await.expect("they wait for each other");
        assert_eq!((taken.len(), most.get()), (count, AT_ONCE));
    }

    #[tokio::test]
    async fn what_does_not_answer_keeps_nothing_else_from_being_taken() {
        let deadline = Instant::now() + Duration::from_millis(50);
        let look = async |&number: &u32| {
            if number == 2 {
                std::future::pending::<()>().await;
            }
            Ok(())
        };
        // What was found fit in time is taken, however long that takes.
        let all = take([1, 2, 3].into_iter(), 3, deadline, look, async |number, ()| {
            sleep(Duration::from_millis(100)).await;
            Ok(*number)
        });
        let (taken, passed_over) = timeout(Duration::from_mins(1), all).await.expect("nobody waits for it");
        assert_eq!((taken, passed_over), (vec![1, 3], vec![(2, NO_TIME.to_owned())]));
    }
}
