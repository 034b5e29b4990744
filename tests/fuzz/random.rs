//! Numbers that look random and are the same for the same seed.

/// A source of numbers, after Steele, Lea and Flood's `SplitMix`.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The source for one document of a run.
    pub(crate) fn new(seed: u64, document: u64) -> Self {
        let mut random = Self(seed ^ document.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, or 0 where that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("it fits").max(1);
        usize::try_from(self.next() % end).expect("it fits")
    }

    /// Whether something of that chance happens.
    pub(crate) fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    /// One of some things, of which there must be one.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
