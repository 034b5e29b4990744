//! The path, project and query of one request.

use super::location::ProjectName;

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// The daemon's: it is in no project.
    Server,
    /// A project's.
    Project(ProjectName),
    /// Anybody's: those of all projects.
    Everywhere,
}

/// What a request is about.
#[derive(Debug, Clone)]
pub(super) struct Request {
    path: Vec<String>,
    scope: Scope,
    query: Vec<(&'static str, String)>,
}

impl Request {
    pub(super) fn new(path: Vec<String>, scope: Scope) -> Self {
        Self { path, scope, query: Vec::new() }
    }

    /// A request about the daemon itself.
    pub(super) fn server(path: &[&str]) -> Self {
        Self { path: path.iter().map(|&segment| segment.to_owned()).collect(), scope: Scope::Server, query: Vec::new() }
    }

    /// A request below a project that is about no object of a [`Collection`].
    pub(super) fn project(project: &ProjectName, path: &[&str]) -> Self {
        Self { scope: Scope::Project(project.clone()), ..Self::server(path) }
    }

    pub(super) fn below(mut self, segment: &str) -> Self {
        self.path.push(segment.into());
        self
    }

    pub(super) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// The URL, or nothing where a name would be lost on the way: a URL drops empty names, those that mean a directory,
    /// and control characters.
    pub(super) fn url(&self) -> Option<reqwest::Url> {
        let lost = |name: &String| matches!(name.as_str(), "" | "." | "..") || name.chars().any(char::is_control);
        if self.path.iter().any(lost) {
            return None;
        }
        let mut url = reqwest::Url::parse("http://incus/1.0").ok()?;
        url.path_segments_mut().ok()?.extend(&self.path);
        match &self.scope {
            Scope::Server => {}
            Scope::Project(project) => drop(url.query_pairs_mut().append_pair("project", project.as_str())),
            Scope::Everywhere => drop(url.query_pairs_mut().append_pair("all-projects", "true")),
        }
        for (key, value) in &self.query {
            url.query_pairs_mut().append_pair(key, value);
        }
        Some(url)
    }
}
