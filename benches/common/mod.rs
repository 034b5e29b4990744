//! What every benchmark shares: measuring, and where the figures go.

pub(crate) mod measure;
pub(crate) mod section;
