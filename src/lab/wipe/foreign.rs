//! What uses an object, as the daemon says, and whether all of that goes.

use std::collections::BTreeSet;

use super::plan::{Fate, Kind, Reason, Target, WipePlan};
use crate::incus::{Object, ProjectName};

/// An object as the daemon names it where it says what uses what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct User {
    path: String,
    project: String,
}

impl User {
    /// Reads an address such as `/1.0/instances/a?project=b`.
    pub(super) fn read(address: &str) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let project = query.split('&').find_map(|pair| pair.strip_prefix("project=")).unwrap_or("default");
        Self { path: path.to_owned(), project: project.to_owned() }
    }

    pub(super) fn of(object: &Object) -> Option<Self> {
        object.address().map(|address| Self::read(&address))
    }

    /// Whether it is that object, or a part of it, such as its snapshot.
    fn is_of(&self, owner: &Self) -> bool {
        let below = self.path.strip_prefix(&owner.path);
        self.project == owner.project && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The rest of the path after its kind.
    fn parts(&self) -> (Kind, &str) {
        let rest = self.path.strip_prefix("/1.0/").unwrap_or(&self.path);
        let (kind, name) = rest.split_once('/').unwrap_or(("", rest));
        let volume = || name.split_once("/volumes/custom/").map(|(_, name)| (Kind::Volume, name));
        let bucket = || name.split_once("/buckets/").map(|(_, name)| (Kind::Bucket, name));
        match kind {
            "instances" => (Kind::Guest, name),
            "profiles" => (Kind::Profile, name),
            "images" => (Kind::Image, name.get(..12).unwrap_or(name)),
            "networks" => (Kind::Network, name),
            "network-acls" => (Kind::Acl, name),
            "storage-pools" => volume().or_else(bucket).unwrap_or((Kind::Other, name)),
            _ => (Kind::Other, rest),
        }
    }

    fn label(&self) -> String {
        let (kind, name) = self.parts();
        format!("{} {name} of the project {}", kind.as_str(), self.project)
    }
}

/// What is in a plan already.
pub(super) struct Known<'a> {
    own: &'a ProjectName,
    /// What goes.
    doomed: Vec<&'a User>,
    /// Whether the lab's project goes, and so all in it that has no step, such as its default profile.
    project_goes: bool,
}

impl<'a> Known<'a> {
    pub(super) fn of(plan: &'a WipePlan, own: &'a ProjectName) -> Self {
        let objects = plan.doomed().filter_map(|step| step.user.as_ref());
        let project_goes = plan.doomed().any(|step| step.kind == Kind::Project);
        Self { own, doomed: objects.collect(), project_goes }
    }

    /// Those that stay.
    pub(super) fn staying(&self, users: &[String]) -> BTreeSet<User> {
        let users = users.iter().map(|address| User::read(address));
        let goes = |user: &User| {
            let is_in = user.project == self.own.as_str();
            // That profile is emptied where the project goes, and where it does not, the daemon refuses.
            is_in && (self.project_goes || user.path == "/1.0/profiles/default")
                || self.doomed.iter().any(|owner| user.is_of(owner))
        };
        users.filter(|user| !goes(user)).collect()
    }
}

/// Says of what uses an object of the lab, and stays, that it does; what is in other projects gets a line of its own.
pub(super) fn fate(plan: &mut WipePlan, own: &ProjectName, is_ours: bool, users: &[String]) -> Fate {
    if !is_ours {
        return Fate::Keep(Reason::Foreign);
    }
    let staying = Known::of(plan, own).staying(users);
    for user in staying.iter().filter(|user| user.project != own.as_str()) {
        let (kind, name) = user.parts();
        let name = format!("{name} (project {})", user.project);
        if !plan.steps.iter().any(|step| step.kind == kind && step.name == name) {
            plan.add(kind, name, Fate::Keep(Reason::Foreign), Target::Nothing);
        }
    }
    let is_new = |user: &User| match user.parts() {
        (Kind::Guest, name) if user.project == own.as_str() => {
            let name = name.split('/').next().unwrap_or(name);
            !plan.steps.iter().any(|step| step.kind == Kind::Guest && step.name == name)
        }
        _ => false,
    };
    plan.is_outdated |= staying.iter().any(is_new);
    if staying.is_empty() {
        Fate::Delete
    } else {
        Fate::Keep(Reason::UsedBy(staying.iter().map(User::label).collect()))
    }
}

/// Whether what is said to use a pool is an image of another project. What the pool has of it is a copy, by its fingerprint, of
/// which the lab's guests were made: the daemon takes it away with the pool, and the image stays.
pub(super) fn is_copy(address: &str, own: &ProjectName) -> bool {
    let user = User::read(address);
    user.parts().0 == Kind::Image && user.project != own.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_told_from_what_goes() {
        let own: ProjectName = "lab".parse().unwrap();
        let mut plan = WipePlan::default();
        plan.judge(Kind::Guest, "a", true, Object::instance(&own, "a"));
        plan.judge(Kind::Guest, "b", false, Object::instance(&own, "b"));
        let uses = |all: &[&str]| all.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        let gone = ["/1.0/instances/a?project=lab", "/1.0/instances/a/snapshots/s?project=lab&target=x"];
        assert_eq!(fate(&mut plan.clone(), &own, true, &uses(&gone)), Fate::Delete);
        assert!(!plan.is_outdated);
        let stays = uses(&[
            "/1.0/instances/b?project=lab",
            "/1.0/instances/a",
            "/1.0/instances/ab?project=lab",
            "/1.0/storage-pools/lab/volumes/custom/v?project=other",
        ]);
        let Fate::Keep(reason) = fate(&mut plan, &own, true, &stays) else { panic!("it goes") };
        assert_eq!(
            reason.to_string(),
            "it is used by guest a of the project default, guest ab of the project lab, guest b of the project lab, \
             custom volume v of the project other"
        );
        assert!(plan.is_outdated, "ab was made since");
        let added: Vec<String> = plan.steps[2..].iter().map(super::super::WipeStep::label).collect();
        assert_eq!(added, ["guest a (project default)", "custom volume v (project other)"]);
        assert_eq!(fate(&mut plan, &own, false, &[]), Fate::Keep(Reason::Foreign));
        // As soon as the project goes, so does all in it.
        plan.judge(Kind::Project, "lab", true, Object::project(&own));
        let inside = uses(&["/1.0/profiles/default?project=lab", "/1.0/images/abc?project=lab"]);
        assert_eq!(fate(&mut plan, &own, true, &inside), Fate::Delete);
    }
}
