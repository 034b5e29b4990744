//! Sections and keys that nobody has judged.

use std::collections::BTreeSet;

use super::file::{Quadlet, Type, subject};
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-unknown",
    severity: Severity::Error,
    summary: "a section or key that podclaw does not know, or does not allow",
    why: "Each version of Podman adds keys, and each can weaken the container in a way that nobody has looked at yet. \
          A misspelt key protects nothing.",
    remedy: "remove it, or write it as Podman's documentation does: upper and lower case matter",
    threats: &["judged-is-sent"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/data.volume",
        bad: "[Volume]\nvolumename=data\n",
        good: "[Volume]\nVolumeName=data\n",
        trial: Trial::Alone,
    }],
};

/// The keys of Podman 4.9 to 5.6 that are harmless whatever they are set to, or that another rule judges.
const CONTAINER: &str = "\
    AddCapability AddDevice AddHost AppArmor AutoUpdate CgroupsMode ContainerName ContainersConfModule DNS DNSOption \
    DNSSearch DropCapability Entrypoint Environment EnvironmentFile EnvironmentHost Exec ExposeHostPort GIDMap \
    GlobalArgs Group GroupAdd HealthCmd HealthInterval HealthLogDestination HealthMaxLogCount HealthMaxLogSize \
    HealthOnFailure HealthRetries HealthStartPeriod HealthStartupCmd HealthStartupInterval HealthStartupRetries \
    HealthStartupSuccess HealthStartupTimeout HealthTimeout HostName IP IP6 Image Label LogDriver LogOpt Mask Memory \
    Mount Network NetworkAlias NoNewPrivileges Notify PidsLimit Pod PodmanArgs PublishPort Pull ReadOnly \
    ReadOnlyTmpfs ReloadSignal RemapGid RemapUid RemapUidSize RemapUsers Retry RetryDelay Rootfs RunInit \
    SeccompProfile Secret SecurityLabelDisable SecurityLabelFileType SecurityLabelLevel SecurityLabelNested \
    SecurityLabelType ServiceName ShmSize StartWithPod StopSignal StopTimeout SubGIDMap SubUIDMap Sysctl Timezone \
    Tmpfs UIDMap Ulimit Unmask User UserNS VolatileTmp Volume WorkingDir";
const POD: &str = "\
    AddHost ContainersConfModule DNS DNSOption DNSSearch ExitPolicy GIDMap GlobalArgs HostName IP IP6 Label Network \
    NetworkAlias PodName PodmanArgs PublishPort RemapGid RemapUid RemapUidSize RemapUsers ServiceName ShmSize \
    StopTimeout SubGIDMap SubUIDMap UIDMap UserNS Volume";
const NETWORK: &str = "\
    ContainersConfModule DNS DisableDNS Driver Gateway GlobalArgs IPAMDriver IPRange IPv6 Internal Label \
    NetworkDeleteOnStop NetworkName Options PodmanArgs ServiceName Subnet";
const VOLUME: &str = "\
    ContainersConfModule Copy Device Driver GlobalArgs Group Image Label Options PodmanArgs ServiceName Type User \
    VolumeName";
const IMAGE: &str = "\
    AllTags Arch ContainersConfModule GlobalArgs Image ImageTag OS PodmanArgs Policy Retry RetryDelay ServiceName \
    TLSVerify Variant";
const ARTIFACT: &str =
    "Artifact ContainersConfModule GlobalArgs PodmanArgs Quiet Retry RetryDelay ServiceName TLSVerify";
/// These files are refused as a whole.
const BUILD: &str = "File ImageTag SetWorkingDirectory Label GlobalArgs PodmanArgs ContainersConfModule";
const KUBE: &str = "Yaml GlobalArgs PodmanArgs ContainersConfModule PublishPort Network UserNS AutoUpdate";
const UNIT: &str = "\
    After AssertFileNotEmpty AssertPathExists Before BindsTo ConditionFileNotEmpty ConditionPathExists ConditionUser \
    Conflicts DefaultDependencies Description Documentation PartOf RefuseManualStart RefuseManualStop Requires \
    RequiresMountsFor Requisite StartLimitBurst StartLimitIntervalSec StopWhenUnneeded Wants";
const INSTALL: &str = "RequiredBy WantedBy";
const QUADLET: &str = "DefaultDependencies";

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for section in &quadlet.unit.sections {
        if keys(quadlet.kind, &section.name).is_none() && seen.insert(&section.name) {
            let name = excerpt(&section.name, 64);
            found.add(
                &RULE,
                name.clone(),
                section.bytes.clone(),
                format!("the section [{name}] is not known in this file"),
            );
        }
    }
    for entry in &quadlet.unit.entries {
        // What stands in an unknown section is not said again.
        let Some(known) = keys(quadlet.kind, &entry.section) else { continue };
        if &*entry.section != "Service" && !lists(known, &entry.key) {
            let message = format!("the key {} is not one that is allowed here", excerpt(&entry.key, 64));
            found.add(&RULE, subject(entry), entry.bytes.clone(), message);
        }
    }
}

fn lists(keys: &str, key: &str) -> bool {
    keys.split_ascii_whitespace().any(|known| known == key)
}

/// The keys that a section may have, where it is known.
fn keys(kind: Type, section: &str) -> Option<&'static str> {
    Some(match section {
        "Unit" => UNIT,
        // The rule about services judges these.
        "Service" => "",
        "Install" => INSTALL,
        "Quadlet" => QUADLET,
        own if own == kind.section() => match kind {
            Type::Container => CONTAINER,
            Type::Pod => POD,
            Type::Network => NETWORK,
            Type::Volume => VOLUME,
            Type::Kube => KUBE,
            Type::Image => IMAGE,
            Type::Build => BUILD,
            Type::Artifact => ARTIFACT,
        },
        _ => return None,
    })
}
