//! Why no guest is launched to stand by.

use super::Failures;
use crate::names::GuestName;

/// Why no guest is launched to stand by, or one that was launched does not.
#[derive(Debug, thiserror::Error)]
pub enum StandbyError {
    /// A guest that failed was kept, and nobody has looked at it yet.
    #[error("no guest is launched to stand by as long as {0} is kept, whose launch failed")]
    Kept(GuestName),
    /// Attempts failed, and it is too early for the next one.
    #[error("no guest is launched to stand by before {next:.0}: {0}", next = .0.next())]
    TooEarly(Failures),
    /// The proof is not good enough for a guest that somebody uses much later.
    #[error("the guest can't stand by: {0}")]
    NotProven(String),
    /// What it was proven with is not what it was to be.
    #[error("the rules of the lab's ACL were changed while the guest was launched to stand by")]
    AclChanged,
}

impl StandbyError {
    /// What to do next.
    pub(in crate::lab) fn help(&self) -> String {
        match self {
            Self::Kept(name) => {
                format!(
                    "`podclaw info {name}` and `podclaw logs {name} --source stages` say why; then `podclaw delete {name}`"
                )
            }
            Self::TooEarly(_) => "mend what made it fail; `podclaw pool --standby N` tries at once".into(),
            Self::NotProven(_) => {
                "`podclaw launch` and `podclaw prove` show what can't be told on this machine, and why".into()
            }
            Self::AclChanged => "`podclaw pool` launches another one".into(),
        }
    }
}
