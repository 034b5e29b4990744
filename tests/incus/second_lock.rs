//! The second lock: what the daemon itself refuses in the lab's project, what `init` holds back, and that no packet gets
//! through while rules are made anew.

mod arp;
mod flood;
mod gap;
mod held;
mod quoted;
mod refusals;
mod totals;

use crate::harness::Test;

pub(crate) const TESTS: &[&[Test]] =
    &[refusals::TESTS, totals::TESTS, held::TESTS, gap::TESTS, quoted::TESTS, arp::TESTS];
