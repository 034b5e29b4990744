//! Asking the daemon. What it does not tell is noted, and the audit goes on with what it does.

use std::fmt::Display;

use ipnet::Ipv4Net;
use serde::de::DeserializeOwned;

use super::{drift, empty};
use crate::incus::{Acl, Collection, InstanceWithState, Network, Object};
use crate::lab::{Error, Lab, Result};
use crate::lint::Report;
use crate::names::GuestName;
use crate::rules::live::Drift;

/// The daemon, and the report that takes what it does not tell.
pub(super) struct Fetch<'a> {
    pub(super) lab: &'a Lab,
    pub(super) report: Report,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(lab: &'a Lab) -> Self {
        Self { lab, report: empty() }
    }

    /// Counts what is judged.
    pub(super) fn count(&mut self, kind: &'static str, count: usize) {
        if count > 0 {
            self.report.judged.add(kind, count);
        }
    }

    /// What came out; or nothing, and a failure in the report.
    pub(super) fn unless_failed<T, E: Display>(&mut self, what: &str, outcome: std::result::Result<T, E>) -> Option<T> {
        outcome.map_err(|error| self.report.fail(what, error.to_string())).ok()
    }

    /// One object.
    pub(super) async fn one<T: DeserializeOwned>(&mut self, kind: &'static str, object: &Object) -> Option<T> {
        let outcome = self.lab.client.get(object).await;
        self.unless_failed(&format!("{kind} {}", object.name()), outcome).flatten()
    }

    /// All objects of a kind.
    pub(super) async fn all<T: DeserializeOwned>(&mut self, kind: &'static str, of: &Collection) -> Vec<T> {
        let outcome = self.lab.client.list(of).await;
        let found = self.unless_failed(&of.to_string(), outcome).unwrap_or_default();
        self.count(kind, found.len());
        found
    }

    /// The daemon's networks, and the host's interfaces.
    pub(super) async fn networks(&mut self) -> Vec<Network> {
        let outcome = self.lab.client.list(&Collection::networks()).await;
        self.unless_failed("the networks", outcome).unwrap_or_default()
    }

    /// All ACLs of bridges.
    pub(super) async fn acls(&mut self) -> Vec<Acl> {
        let outcome = self.lab.client.list(&Collection::acls()).await;
        self.unless_failed("the network ACLs", outcome).unwrap_or_default()
    }

    /// All instances of the lab's project, where those that are named are among them.
    pub(super) async fn instances(&mut self, names: &[GuestName]) -> Result<Vec<InstanceWithState>> {
        let outcome = self.lab.client.list_with_state(&Collection::instances(&self.lab.project)).await;
        let Some(found) = self.unless_failed("the guests", outcome) else { return Ok(Vec::new()) };
        let has = |name: &GuestName| found.iter().any(|found| found.instance.name == name.as_str());
        if let Some(missing) = names.iter().find(|name| !has(name)) {
            return Err(Error::NoGuest(missing.clone()));
        }
        Ok(found)
    }

    /// How the lab's objects differ from what its file makes of them.
    pub(super) async fn drift(&mut self) -> Vec<Drift> {
        drift::of(self.lab, &mut self.report).await
    }

    /// The networks of the host itself, which are not for guests, whatever their addresses are.
    pub(super) async fn closed(&mut self) -> Vec<Ipv4Net> {
        let outcome = self.lab.host_addresses().await;
        let found = self.unless_failed("the addresses of the host", outcome).unwrap_or_default();
        found.into_iter().map(|(_, address)| address).collect()
    }
}
