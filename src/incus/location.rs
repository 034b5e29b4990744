//! Which object a request is about, and in which project.
//!
//! Incus takes a request without a project for one about the project `default`. So there is no way to make a location
//! that does not say where its object lives.

use std::fmt;
use std::str::FromStr;

use super::request::{Request, Scope};
use crate::names::LabName;
use crate::text;

/// A name that no project of Incus has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a project")]
pub struct InvalidProjectName(String);

/// The name of a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(String);

impl ProjectName {
    /// The project that every daemon has, and in which bridges and their ACLs live.
    #[must_use]
    pub fn default_project() -> Self {
        Self("default".into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = InvalidProjectName;

    fn from_str(name: &str) -> Result<Self, InvalidProjectName> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(allowed) {
            return Err(InvalidProjectName(text::excerpt(name, 64)));
        }
        Ok(Self(name.into()))
    }
}

impl From<&LabName> for ProjectName {
    fn from(lab: &LabName) -> Self {
        Self(lab.project())
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A list of objects of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    kind: &'static str,
    path: Vec<String>,
    scope: Scope,
}

/// One object. It need not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    collection: Collection,
    name: String,
}

impl Collection {
    fn new(kind: &'static str, path: &[&str], scope: Scope) -> Self {
        Self { kind, path: path.iter().map(|&segment| segment.to_owned()).collect(), scope }
    }

    /// All projects.
    #[must_use]
    pub fn projects() -> Self {
        Self::new("project", &["projects"], Scope::Server)
    }

    /// What the daemon warns of.
    #[must_use]
    pub fn warnings() -> Self {
        Self::new("warning", &["warnings"], Scope::Server)
    }

    /// The certificates that the daemon trusts.
    #[must_use]
    pub fn certificates() -> Self {
        Self::new("certificate", &["certificates"], Scope::Server)
    }

    /// All storage pools.
    #[must_use]
    pub fn pools() -> Self {
        Self::new("storage pool", &["storage-pools"], Scope::Server)
    }

    /// The networks of the project `default`, where bridges must live.
    #[must_use]
    pub fn networks() -> Self {
        Self::new("network", &["networks"], Scope::Project(ProjectName::default_project()))
    }

    /// The networks as a project sees them: what is told of guests there is told of that project's.
    #[must_use]
    pub fn networks_of(project: &ProjectName) -> Self {
        Self::new("network", &["networks"], Scope::Project(project.clone()))
    }

    /// The network ACLs of the project `default`, where those of bridges must live.
    #[must_use]
    pub fn acls() -> Self {
        Self::new("network ACL", &["network-acls"], Scope::Project(ProjectName::default_project()))
    }

    /// The profiles of a project.
    #[must_use]
    pub fn profiles(project: &ProjectName) -> Self {
        Self::new("profile", &["profiles"], Scope::Project(project.clone()))
    }

    /// The instances of a project.
    #[must_use]
    pub fn instances(project: &ProjectName) -> Self {
        Self::new("instance", &["instances"], Scope::Project(project.clone()))
    }

    /// The networks of all projects.
    #[must_use]
    pub fn networks_everywhere() -> Self {
        Self::new("network", &["networks"], Scope::Everywhere)
    }

    /// The profiles of all projects.
    #[must_use]
    pub fn profiles_everywhere() -> Self {
        Self::new("profile", &["profiles"], Scope::Everywhere)
    }

    /// The instances of all projects.
    #[must_use]
    pub fn instances_everywhere() -> Self {
        Self::new("instance", &["instances"], Scope::Everywhere)
    }

    /// The addresses that a network of the project `default` passes on to its guests.
    #[must_use]
    pub fn forwards(network: &str) -> Self {
        Self::below_network("forward", network, "forwards")
    }

    /// The load balancers of a network of the project `default`.
    #[must_use]
    pub fn load_balancers(network: &str) -> Self {
        Self::below_network("load balancer", network, "load-balancers")
    }

    /// The links of a network of the project `default` to others.
    #[must_use]
    pub fn peers(network: &str) -> Self {
        Self::below_network("peer", network, "peers")
    }

    fn below_network(kind: &'static str, network: &str, what: &str) -> Self {
        Self::new(kind, &["networks", network, what], Scope::Project(ProjectName::default_project()))
    }

    /// The snapshots of an instance.
    #[must_use]
    pub fn snapshots(project: &ProjectName, instance: &str) -> Self {
        Self::new("snapshot", &["instances", instance, "snapshots"], Scope::Project(project.clone()))
    }

    /// The images of a project.
    #[must_use]
    pub fn images(project: &ProjectName) -> Self {
        Self::new("image", &["images"], Scope::Project(project.clone()))
    }

    /// The image aliases of a project.
    #[must_use]
    pub fn image_aliases(project: &ProjectName) -> Self {
        Self::new("image alias", &["images", "aliases"], Scope::Project(project.clone()))
    }

    /// The custom volumes of a project in a pool.
    #[must_use]
    pub fn volumes(project: &ProjectName, pool: &str) -> Self {
        Self::new("custom volume", &["storage-pools", pool, "volumes", "custom"], Scope::Project(project.clone()))
    }

    /// All volumes of a project in a pool, those of guests and images and all snapshots too: what its guests and volumes hold
    /// is seen by one question.
    #[must_use]
    pub fn all_volumes(project: &ProjectName, pool: &str) -> Self {
        Self::new("volume", &["storage-pools", pool, "volumes"], Scope::Project(project.clone()))
    }

    /// The buckets of a project in a pool.
    #[must_use]
    pub fn buckets(project: &ProjectName, pool: &str) -> Self {
        Self::new("bucket", &["storage-pools", pool, "buckets"], Scope::Project(project.clone()))
    }

    /// The backups of an instance.
    #[must_use]
    pub fn backups(project: &ProjectName, instance: &str) -> Self {
        Self::new("backup", &["instances", instance, "backups"], Scope::Project(project.clone()))
    }

    /// The object of that name in it.
    #[must_use]
    pub fn object(&self, name: impl Into<String>) -> Object {
        Object { collection: self.clone(), name: name.into() }
    }

    pub(super) fn request(&self) -> Request {
        Request::new(self.path.clone(), self.scope.clone())
    }

    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl Object {
    /// A project.
    #[must_use]
    pub fn project(name: &ProjectName) -> Self {
        Collection::projects().object(name.as_str())
    }

    /// A storage pool.
    #[must_use]
    pub fn pool(name: &str) -> Self {
        Collection::pools().object(name)
    }

    /// A network of the project `default`.
    #[must_use]
    pub fn network(name: &str) -> Self {
        Collection::networks().object(name)
    }

    /// A network ACL of the project `default`.
    #[must_use]
    pub fn acl(name: &str) -> Self {
        Collection::acls().object(name)
    }

    /// A profile.
    #[must_use]
    pub fn profile(project: &ProjectName, name: &str) -> Self {
        Collection::profiles(project).object(name)
    }

    /// An instance.
    #[must_use]
    pub fn instance(project: &ProjectName, name: &str) -> Self {
        Collection::instances(project).object(name)
    }

    /// A snapshot of an instance.
    #[must_use]
    pub fn snapshot(project: &ProjectName, instance: &str, name: &str) -> Self {
        Collection::snapshots(project, instance).object(name)
    }

    /// An image, by its full fingerprint.
    #[must_use]
    pub fn image(project: &ProjectName, fingerprint: &str) -> Self {
        Collection::images(project).object(fingerprint)
    }

    /// An image alias.
    #[must_use]
    pub fn image_alias(project: &ProjectName, name: &str) -> Self {
        Collection::image_aliases(project).object(name)
    }

    /// A custom volume.
    #[must_use]
    pub fn volume(project: &ProjectName, pool: &str, name: &str) -> Self {
        Collection::volumes(project, pool).object(name)
    }

    /// Its address in the API, as the daemon names it where it says what uses what; nothing where its name has none.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let url = self.request().url()?;
        Some(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }

    /// Its name; of an image, the fingerprint.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn collection(&self) -> &Collection {
        &self.collection
    }

    pub(super) fn request(&self) -> Request {
        self.collection.request().below(&self.name)
    }
}

impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}s", self.kind)?;
        match &self.scope {
            Scope::Project(project) if project.as_str() != "default" => write!(f, " of the project {project}"),
            Scope::Everywhere => f.write_str(" of all projects"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.collection.kind, text::excerpt(&self.name, 128))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(object: &Object) -> String {
        object.request().url().map_or_else(String::new, |url| url.to_string())
    }

    #[test]
    fn every_request_names_its_project() {
        let lab: ProjectName = "lab".parse().unwrap();
        assert_eq!(url(&Object::instance(&lab, "a")), "http://incus/1.0/instances/a?project=lab");
        assert_eq!(url(&Object::image_alias(&lab, "a/b")), "http://incus/1.0/images/aliases/a%2Fb?project=lab");
        assert_eq!(url(&Object::network("br0")), "http://incus/1.0/networks/br0?project=default");
        assert_eq!(url(&Object::acl("x")), "http://incus/1.0/network-acls/x?project=default");
        assert_eq!(url(&Object::pool("p")), "http://incus/1.0/storage-pools/p");
        assert_eq!(
            url(&Object::volume(&lab, "p", "v")),
            "http://incus/1.0/storage-pools/p/volumes/custom/v?project=lab"
        );
        let list = |collection: &Collection| collection.request().url().map_or_else(String::new, |url| url.to_string());
        assert_eq!(list(&Collection::profiles_everywhere()), "http://incus/1.0/profiles?all-projects=true");
        assert_eq!(list(&Collection::forwards("br0")), "http://incus/1.0/networks/br0/forwards?project=default");
    }

    #[test]
    fn a_name_stays_one_segment() {
        let lab: ProjectName = "lab".parse().unwrap();
        assert_eq!(
            url(&Object::instance(&lab, "../x?project=y#%2e")),
            "http://incus/1.0/instances/..%2Fx%3Fproject=y%23%252e?project=lab"
        );
        for lost in ["", ".", "..", "a\nb", "\t", ".\n."] {
            assert_eq!(url(&Object::instance(&lab, lost)), "", "{lost:?}");
        }
        for bad in ["", "..", "a b", "a/b", "*", "a,b", "é"] {
            assert!(bad.parse::<ProjectName>().is_err(), "{bad:?}");
        }
    }
}
