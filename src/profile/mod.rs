//! Incus profiles: read strictly, merged in Incus' order, judged, and turned into what the daemon is sent.
//!
//! A file's text never reaches the daemon. Its tree is parsed into a [`Profile`], profiles are put into a [`Stack`], and
//! both the judgement ([`Effective::check`]) and the JSON are made from these.

mod check;
mod device_check;
mod diff;
mod directory;
mod effective;
mod incus_value;
mod json;
mod library;
mod limits;
mod model;
mod parse;

pub use crate::place::Origin;
pub use check::Refusal;
pub use diff::{Difference, compare};
pub use effective::{Effective, Layer, Stack};
pub use incus_value::{is_bool, is_false, is_true};
pub use library::{DEFAULT_STACK, Library, LoadError, UnknownProfile};
pub use limits::{BadLimit, CpuLimit, Limits, MemoryLimit, ProcessLimit, Size};
pub use model::{Device, Profile, Setting};
