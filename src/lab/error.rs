//! What can go wrong with a lab.

use std::time::Duration;

use crate::cloud_init::{RenderError, Stage, TemplateError};
use crate::names::{GuestName, LabName};
use crate::profile::{LoadError, UnknownProfile};
use crate::{image, incus};

/// Why something could not be done to a lab.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The daemon refused, or could not be reached.
    #[error(transparent)]
    Incus(#[from] incus::Error),
    /// The images are not there, or not those of the lock.
    #[error(transparent)]
    Image(#[from] image::Error),
    /// Somebody else works on the lab.
    #[error(transparent)]
    Lock(#[from] super::LockError),
    /// The lab file names another lab than when this began.
    #[error("the lab file named the lab {from} when this began, and names {to} now")]
    Renamed {
        /// The lab that it named.
        from: LabName,
        /// The lab that it names.
        to: LabName,
    },
    /// The lab file is wrong.
    #[error(transparent)]
    LabFile(#[from] super::LabFileError),
    /// The resolver can't be set up as the lab file says.
    #[error(transparent)]
    Resolver(#[from] super::ResolverError),
    /// The profiles can't be used.
    #[error(transparent)]
    Profiles(#[from] LoadError),
    /// A profile is asked for that there is not.
    #[error(transparent)]
    UnknownProfile(#[from] UnknownProfile),
    /// The cloud-init templates can't be used.
    #[error(transparent)]
    Templates(#[from] TemplateError),
    /// The user-data can't be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// There is no lab yet.
    #[error("there is no lab {lab} on this daemon")]
    NoLab {
        /// The lab.
        lab: LabName,
    },
    /// An object of the lab's name is somebody else's.
    #[error("the {object} exists and is not podclaw's: it does not carry the mark user.podclaw.lab of this lab")]
    Foreign {
        /// Its kind and name.
        object: String,
    },
    /// An object can't be changed into what the lab file asks for while it exists.
    #[error("the {object} can't be changed: its {key} is {is:?}, and the lab file asks for {wanted:?}")]
    Fixed {
        /// Its kind and name.
        object: String,
        /// What can't be changed.
        key: &'static str,
        /// What it is.
        is: String,
        /// What is asked for.
        wanted: String,
    },
    /// What the host has could not be read.
    #[error("cannot tell {what}: {why}")]
    HostUnseen {
        /// What was to be read.
        what: &'static str,
        /// Why it was not.
        why: crate::host::Unseen,
    },
    /// A total that not even one guest fits into.
    #[error(
        "no guest fits into the lab: `totals.{field}` is {total}{}, and one guest of the lab's profiles may have {guest}",
        if *.is_default { ", which is 80% of what this host has" } else { "" }
    )]
    TotalTooSmall {
        /// The total's field in the lab file.
        field: &'static str,
        /// What it is.
        total: String,
        /// What one guest may have.
        guest: String,
        /// Whether the lab file says nothing about it.
        is_default: bool,
    },
    /// A total over limits that Incus can't add up.
    #[error(
        "the lab file sets `totals.{field}`, and the {field} of its guests is {}, which Incus can't add up",
        .guest.as_deref().unwrap_or("not limited")
    )]
    NotAddable {
        /// The total's field in the lab file.
        field: &'static str,
        /// What one guest may have.
        guest: Option<String>,
    },
    /// The subnet is taken.
    #[error("the subnet {subnet} overlaps with {address} on this host's interface {interface}")]
    SubnetTaken {
        /// The lab's subnet.
        subnet: String,
        /// The address that is in the way.
        address: String,
        /// The interface that has it.
        interface: String,
    },
    /// An allowance leads to the host itself, and nowhere else.
    #[error("`{to}` can't be allowed by network.egress: it is an address of this host, or closed to all guests")]
    Unallowable {
        /// Where it leads.
        to: String,
    },
    /// This program can't be brought into a guest.
    #[error(transparent)]
    Program(#[from] crate::probe::Unusable),
    /// The lab's objects are not as they have to be.
    #[error("the lab's {object} is not as it has to be: {difference}")]
    Drifted {
        /// Its kind and name.
        object: String,
        /// The first difference.
        difference: String,
    },
    /// The lab's objects are not as they have to be, and putting them right would be felt by running guests, or is refused.
    #[error("the lab's {object} is not as it has to be: {difference}; it is held back: {}", .held.reason)]
    HeldBack {
        /// Its kind and name.
        object: String,
        /// The first difference.
        difference: String,
        /// Why it is held back.
        held: super::Held,
    },
    /// The host's firewall could not be asked or told.
    #[error("the lab's firewall table can't be put up: {0}")]
    Nft(#[from] crate::fence::NftError),
    /// The lab's own ACL can't be turned into a firewall table.
    #[error(transparent)]
    AclRule(#[from] crate::fence::NotUnderstood),
    /// The merged instance breaks the policy.
    #[error("the guest would not be contained:\n{}", .0.iter().map(|refusal| format!("  {refusal}")).collect::<Vec<_>>().join("\n"))]
    NotContained(Vec<String>),
    /// Probes in the guest got where they must not.
    #[error("the guest is not contained:\n{}", .0.iter().map(|escape| format!("  {escape}")).collect::<Vec<_>>().join("\n"))]
    Escapes(Vec<String>),
    /// A guest of that name exists.
    #[error("a guest named {0} exists already")]
    NameTaken(GuestName),
    /// The name is that of the guest that images are baked in.
    #[error("{0} is the name of the guest that images are baked in")]
    Reserved(GuestName),
    /// The daemon gave it ids that another guest has.
    #[error("the daemon gave guest {0} user ids that another guest has, each time")]
    SharedIds(GuestName),
    /// There is no guest of that name.
    #[error("there is no guest named {0}")]
    NoGuest(GuestName),
    /// No guest is launched to stand by, or one that was launched does not.
    #[error(transparent)]
    Standby(#[from] super::StandbyError),
    /// The guest does not run.
    #[error("guest {0} is not running")]
    NotRunning(GuestName),
    /// What was pushed is not what the lock pins.
    #[error("the gateway image {path} has the digest {is}, and {wanted} is pinned")]
    WrongArchive {
        /// The file.
        path: String,
        /// Its digest.
        is: String,
        /// The digest that is pinned, in podclaw.lock or in the lab file.
        wanted: String,
    },
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A stage of the guest failed.
    #[error("stage {stage} failed with exit code {code}{reason}{log}", log = indented(log))]
    StageFailed {
        /// The stage.
        stage: Stage,
        /// The exit code of its script.
        code: u8,
        /// Why, as the stage said: empty, or `: reason`.
        reason: String,
        /// The end of its output, escaped.
        log: String,
    },
    /// The guest did not finish in time.
    #[error("it did not finish within {} s; it was at {at}{log}", after.as_secs(), log = indented(log))]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// What ran then.
        at: String,
        /// The end of the output of what ran, escaped.
        log: String,
    },
    /// The builder could not remove what is its own.
    #[error("the builder could not be sealed: exit code {code}{}", indented(log))]
    NotSealed {
        /// The exit code of the script.
        code: i32,
        /// The end of its output, escaped.
        log: String,
    },
    /// A builder has a network when its gateway runs.
    #[error("the builder has the device {card} while its gateway runs, which could come from elsewhere then")]
    Online {
        /// The device; escaped.
        card: String,
    },
    /// The stages of a builder ended before its network was taken away.
    #[error("the builder's stages ended before its network was taken away")]
    NeverOffline,
    /// Somebody else bakes, and does not end.
    #[error("another podclaw (pid {pid}) bakes an image for this lab, and did not end in time")]
    OtherBakes {
        /// Its process id, as it said.
        pid: i32,
    },
    /// The image that a guest was to be made from is gone.
    #[error("the baked image is gone, or no longer what the lab file and podclaw.lock ask for")]
    BakedGone,
    /// An image could not be baked.
    #[error("{error}")]
    NotBaked {
        /// Why.
        error: Box<Self>,
        /// The file with what the builder said.
        log: std::path::PathBuf,
    },
    /// A name is no name of a guest.
    #[error(transparent)]
    Name(#[from] crate::names::InvalidName),
    /// cloud-init ended, but not all stages ran.
    #[error("cloud-init ended without running all stages{}", indented(log))]
    CloudInit {
        /// What cloud-init says about itself, escaped.
        log: String,
    },
    /// The guest stopped by itself.
    #[error("the guest stopped, or can't be reached any more, at {at}: {reason}{log}", log = indented(log))]
    Vanished {
        /// What ran then.
        at: String,
        /// How that showed.
        reason: String,
        /// The end of its console, escaped.
        log: String,
    },
    /// The daemon could not start it.
    #[error("{error}{}", indented(.log))]
    NotStarted {
        /// What the daemon says.
        error: incus::Error,
        /// What its log says of it, escaped.
        log: String,
    },
    /// The guest says things that no podclaw guest says.
    #[error("the guest can't be trusted: {0}")]
    Untrustworthy(String),
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
    /// It failed, and the guest was stopped and kept.
    #[error("{error}")]
    Kept {
        /// Why it failed.
        error: Box<Self>,
        /// The guest.
        guest: GuestName,
    },
    /// The receipt of a launch can't be written down.
    #[error("cannot write the receipt: {0}")]
    Receipt(#[from] serde_json::Error),
    /// The daemon would not stop being busy with a guest.
    #[error("the daemon is still busy with guest {guest} after {} s", after.as_secs())]
    Busy {
        /// The guest.
        guest: String,
        /// How long was waited.
        after: Duration,
    },
    /// What is to be kept before it is deleted can't be kept.
    #[error("the evidence is not complete, so nothing was deleted: {0}")]
    Evidence(String),
    /// The daemon takes questions, and answers none.
    #[error("the daemon does not answer: nothing came for {} s", after.as_secs())]
    DaemonHangs {
        /// How long it was asked.
        after: Duration,
    },
    /// It failed, and so did the attempt to remove what was made.
    #[error("{error}\n  and then the guest could not be removed: {cleanup}")]
    NotCleaned {
        /// Why it failed.
        error: Box<Self>,
        /// Why removing failed.
        cleanup: Box<Self>,
    },
}

/// A log's end, set off from the message that it explains.
fn indented(log: &str) -> String {
    if log.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = log.lines().map(|line| format!("  | {line}")).collect();
    format!("; the end of its output:\n{}", lines.join("\n"))
}
