//! What to do about an error: the words that stand below it.

use crate::fence::NftError;

use super::{Error, totals};

impl Error {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Incus(error) => return totals::help(&error.to_string()).or_else(|| error.help()),
            Self::NotStarted { error, .. } => return error.help(),
            Self::Image(error) => return error.help(),
            Self::Resolver(error) => error.help(),
            Self::Lock(error) => error.help(),
            Self::Renamed { .. } => "run it again".into(),
            Self::Profiles(error) => return error.help().map(str::to_owned),
            Self::NotCleaned { .. } => "`podclaw list` shows what is left, `podclaw delete NAME` removes it".into(),
            Self::Kept { error, guest } => {
                let kept = format!("the stopped guest is kept: `podclaw logs {guest} --source stages` has its logs");
                let help = match error.as_ref() {
                    Self::StageFailed { code: 78, .. } | Self::Incus(_) | Self::NotStarted { .. } | Self::Escapes(_) => error.help(),
                    _ => None,
                };
                help.map_or_else(|| kept.clone(), |help| format!("{help}; {kept}"))
            }
            Self::Busy { guest, .. } => {
                format!("look at `incus operation list`, and try `podclaw delete {guest}` again")
            }
            Self::Evidence(_) => {
                "name a new directory with room for all guests, or leave --evidence out; `--quarantine` keeps guests harmless meanwhile"
                    .into()
            }
            Self::DaemonHangs { .. } => {
                "restart the daemon (`systemctl restart incus`; guests run on) and run the command again: it goes on from there".into()
            }
            Self::NoLab { .. } => "make it with `podclaw init`".into(),
            Self::Foreign { .. } => "choose another name for the lab (--lab, or `name` in the lab file)".into(),
            Self::Fixed { .. } => {
                "change the lab file back, or `podclaw wipe` and `podclaw init` to make the lab anew".into()
            }
            Self::HostUnseen { .. } => "`podclaw doctor` says what can't be seen on this machine".into(),
            Self::TotalTooSmall { field, .. } => {
                format!("lower `limits.{field}`, take smaller `profiles`, or set a higher `totals.{field}` in the lab file")
            }
            Self::NotAddable { field, .. } => {
                format!("set `limits.{field}` to a plain amount, or leave out `totals.{field}`")
            }
            Self::SubnetTaken { .. } => "set another `network.subnet` in the lab file".into(),
            Self::Unallowable { .. } => "take it out of `network.egress.allow` in the lab file: guests never reach their host".into(),
            Self::Drifted { .. } => "put it right with `podclaw init`".into(),
            Self::HeldBack { held, .. } if held.can_disrupt => {
                "stop the guests that are named and run `podclaw init`, or put it right at once with `podclaw init --disrupt`"
                    .into()
            }
            Self::HeldBack { .. } => "`podclaw init` says what stands in the way".into(),
            Self::Nft(NftError::Missing(_)) => "install nftables and util-linux".into(),
            Self::Nft(NftError::Forbidden) => "run podclaw as root".into(),
            Self::Nft(NftError::Failed { .. }) => "look at `nft list ruleset`, and whether the kernel has nftables".into(),
            Self::Escapes(_) => "do not use the guest; `podclaw init` puts the lab right, `podclaw prove` tries again".into(),
            Self::NotContained(_) => "take what is named out of the profiles; podclaw never sends it".into(),
            Self::UnknownProfile(_) => "name a profile with -p, or add it to the directory of `data` in the lab file".into(),
            Self::Reserved(_) => "choose another name".into(),
            Self::NameTaken(name) => format!("choose another name, or `podclaw delete {name}` first"),
            Self::SharedIds(_) => "launch again when no other guest is made at the same time".into(),
            Self::NoGuest(_) => "`podclaw list` shows the guests that there are".into(),
            Self::Standby(error) => error.help(),
            Self::NotRunning(name) => format!("`podclaw logs {name} --source stages` shows how far it came, `podclaw info {name}` what it is"),
            Self::WrongArchive { .. } => {
                "if podclaw built it, `podclaw image delete` and `podclaw image build` make it anew; if the lab file names it, put \
                 the right file back or change `gateway.archive.digest`"
                    .into()
            }
            Self::StageFailed { code: 78, .. } => {
                "78 is the gateway's code for a configuration, credentials or state that it refuses; look at the output above, \
                 then at the gateway's settings in cloud-init/"
                    .into()
            }
            Self::StageFailed { .. } | Self::CloudInit { .. } | Self::TimedOut { .. } | Self::Vanished { .. } => {
                "launch again with --keep-failed to look into the stopped guest".into()
            }
            Self::NotBaked { error, log } => match error.as_ref() {
                Self::Incus(_) => return error.help(),
                _ => format!("all that the builder said is in {}; `podclaw launch --cold` needs no baked image", log.display()),
            },
            Self::NotSealed { .. } => "what is baked must hold nothing of the builder's own; look at what it says".into(),
            Self::Online { .. } | Self::NeverOffline => "see who changes the builder, and bake again".into(),
            Self::OtherBakes { .. } => "wait for it; `podclaw delete podclaw-bake` removes its builder".into(),
            Self::BakedGone => "another bake made a new one, or somebody deleted it: run it again".into(),
            Self::Untrustworthy(_) => "delete the guest; what it was made of may have been tampered with".into(),
            Self::LabFile(_)
            | Self::Templates(_)
            | Self::Render(_)
            | Self::AclRule(_)
            | Self::Name(_)
            | Self::Unreadable { .. }
            | Self::Receipt(_)
            | Self::Program(_)
            | Self::Cancelled => return None,
        };
        Some(help)
    }
}
