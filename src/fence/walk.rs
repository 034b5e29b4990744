//! What the rules of one table do with a packet, when nothing else stands in its way.

use std::net::IpAddr;

use serde_json::Value;

use super::matching::{Holds, compare};
use super::ruleset::{Chain, Ruleset};

/// How many chains a packet is led through. The kernel allows 16, one within the other.
const DEEPEST: usize = 16;

/// The first packet of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'p> {
    /// Where it passes the host's firewall.
    pub hook: Hook,
    /// The link that it comes in by.
    pub from: Link<'p>,
    /// The link that it goes out by.
    pub to: Link<'p>,
    /// Its source address.
    pub source: IpAddr,
    /// Its destination.
    pub destination: IpAddr,
    /// Its kind.
    pub protocol: Protocol,
}

/// Where a packet passes the host's firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// On its way to the host itself.
    Input,
    /// On its way through.
    Forward,
    /// On its way out of the host itself.
    Output,
}

/// A link that a packet takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'p> {
    /// The lab's bridge.
    Bridge(&'p str),
    /// Any other link than that bridge.
    Other(&'p str),
    /// None.
    None,
}

/// The kind of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP, with its ports.
    Tcp {
        /// The source's.
        from: u16,
        /// The destination's.
        to: u16,
    },
    /// UDP, with its ports.
    Udp {
        /// The source's.
        from: u16,
        /// The destination's.
        to: u16,
    },
    /// A request for an echo, over IPv4.
    Echo,
}

/// What becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A rule stops it.
    Stopped,
    /// No rule does.
    Passes,
    /// A rule that is not understood here may let it pass.
    Unknown(String),
}

impl Link<'_> {
    pub(super) fn is_called(&self, name: &str) -> Holds {
        let fits = |own: &str| name.strip_suffix('*').map_or(own == name, |start| own.starts_with(start));
        match self {
            Self::Bridge(own) if fits(own) => Holds::Yes,
            Self::Bridge(_) | Self::None => Holds::No,
            Self::Other(bridge) if *bridge == name => Holds::No,
            Self::Other(_) => Holds::Unknown,
        }
    }
}

impl Hook {
    fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
        }
    }
}

/// What a chain says.
enum End {
    Accept,
    Stop,
    /// It says nothing, and the caller goes on.
    Over,
}

/// What a rule does when it is about the packet.
enum Verdict<'r> {
    Accept,
    Stop,
    Return,
    Jump(&'r str),
    Goto(&'r str),
    Nothing,
    Unknown,
}

/// Why a packet may pass all the same.
type Doubt = Option<String>;

impl Ruleset {
    /// What becomes of a packet by the rules of this table alone.
    #[must_use]
    pub fn fate(&self, packet: &Packet<'_>) -> Fate {
        let is_met = |chain: &&Chain| chain.is_filter && chain.hook.as_deref() == Some(packet.hook.as_str());
        let mut met: Vec<&Chain> = self.chains.values().filter(is_met).collect();
        met.sort_by_key(|chain| chain.priority);
        let mut unsure = None;
        for chain in met {
            let mut doubt = None;
            let stops = match self.walk(chain, packet, &mut doubt, 0) {
                End::Stop => true,
                End::Accept => false,
                End::Over => chain.drops,
            };
            match (stops, doubt) {
                (true, None) => return Fate::Stopped,
                (true, Some(doubt)) => unsure = Some(doubt),
                (false, _) => {}
            }
        }
        unsure.map_or(Fate::Passes, Fate::Unknown)
    }

    /// Rules in doubt count as it is worse: one that stops is not about the packet, and one that does not may be.
    fn walk(&self, chain: &Chain, packet: &Packet<'_>, doubt: &mut Doubt, depth: usize) -> End {
        for rule in &chain.rules {
            let holds = holds(rule, packet);
            if holds == Holds::No {
                continue;
            }
            let is_sure = holds == Holds::Yes;
            let mut suspect = || *doubt = Some(crate::text::excerpt(&Value::from(rule.clone()).to_string(), 120));
            match verdict(rule) {
                Verdict::Stop if is_sure => return End::Stop,
                Verdict::Accept if is_sure => return End::Accept,
                Verdict::Return if is_sure => return End::Over,
                Verdict::Stop | Verdict::Nothing => {}
                Verdict::Accept | Verdict::Return | Verdict::Unknown => suspect(),
                Verdict::Jump(to) | Verdict::Goto(to) => {
                    let Some(next) = self.chains.get(to).filter(|_| depth < DEEPEST && is_sure) else {
                        suspect();
                        continue;
                    };
                    match self.walk(next, packet, doubt, depth + 1) {
                        End::Over if matches!(verdict(rule), Verdict::Jump(_)) => {}
                        end => return end,
                    }
                }
            }
        }
        End::Over
    }
}

/// Whether a rule is about a packet.
fn holds(rule: &[Value], packet: &Packet<'_>) -> Holds {
    rule.iter().fold(Holds::Yes, |so_far, part| match part.get("match") {
        Some(comparison) => so_far.and(compare(comparison, packet)),
        // Most parts do something; this one decides how often.
        None if part.get("limit").is_some() => so_far.and(Holds::Unknown),
        None => so_far,
    })
}

fn verdict(rule: &[Value]) -> Verdict<'_> {
    let mut unknown = false;
    for part in rule {
        let Some((what, with)) = part.as_object().and_then(|part| part.iter().next()) else {
            unknown = true;
            continue;
        };
        let target = with["target"].as_str();
        match (what.as_str(), target) {
            // What follows an unknown part may not be got to.
            ("drop" | "reject", _) if !unknown => return Verdict::Stop,
            ("accept", _) => return Verdict::Accept,
            ("return", _) => return Verdict::Return,
            ("jump", Some(to)) if !unknown => return Verdict::Jump(to),
            ("goto", Some(to)) if !unknown => return Verdict::Goto(to),
            ("match" | "counter" | "log" | "limit" | "comment", _) => {}
            _ => unknown = true,
        }
    }
    if unknown { Verdict::Unknown } else { Verdict::Nothing }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
