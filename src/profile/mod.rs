//! Incus profiles: read strictly, merged in Incus' order, and turned into what the daemon is sent.
//!
//! A file's text never reaches the daemon. Its tree is parsed into a [`Profile`], profiles are put into a [`Stack`], and
//! both the judgement ([`crate::rules::profile`]) and the JSON are made from these.

mod diff;
mod directory;
mod effective;
pub(crate) mod incus_value;
mod json;
mod library;
mod limits;
mod model;
mod parse;

pub use crate::place::Origin;
pub use diff::{Difference, compare};
pub use effective::{Effective, Layer, Stack};
pub use incus_value::{is_bool, is_false, is_true};
pub use library::{DEFAULT_STACK, Library, LoadError, UnknownProfile};
pub use limits::{BadLimit, CpuLimit, Limits, MemoryLimit, ProcessLimit, Size};
pub use model::{Device, Profile, Setting};
