//! What a condition is told of a file, and where each part of it stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::Value;

use super::condition::Facts;
use super::rule::On;
use crate::json;
use crate::place::{Origin, Source};
use crate::profile::{Device, Effective, Setting};
use crate::unit_file::{self, Unit};
use crate::yaml::{self, Document, Kind, Node};

/// A file, or a stack, as conditions see it.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) facts: Facts,
    /// Where a finding points at that has no better place.
    pub(super) origin: Origin,
    tree: Tree,
}

/// A value with its place.
#[derive(Debug)]
struct Tree {
    value: Value,
    origin: Option<Origin>,
    /// The parts of a mapping or list, by key or number.
    parts: Vec<(String, Self)>,
    is_list: bool,
}

/// A part of a subject.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: String,
    pub(super) key: Value,
    pub(super) value: Value,
    pub(super) origin: Option<Origin>,
}

impl Subject {
    /// A file. `None` where it is not of its kind, which other rules say; an error where nobody else does.
    pub(super) fn file(on: On, source: &Arc<Source>) -> Result<Option<Self>, String> {
        let origin = Origin::File(source.place(0..0));
        let tree = match on {
            On::Stack => return Ok(None),
            On::Quadlet => Tree::unit(&unit_file::read(&source.text)),
            On::Openclaw => {
                let document = json::read(&source.text);
                let problem = document.problems.first().map_or("", |problem| problem.message);
                Tree::json(&document.root.ok_or_else(|| format!("it is not JSON: {problem}"))?)
            }
            On::Profile | On::CloudConfig | On::LabFile => match yaml::parse(&source.name, source.text.as_bytes()) {
                Ok(document) => Tree::yaml(&document, &document.root, on == On::Profile),
                Err(_) => return Ok(None),
            },
        };
        let mut subject = Self::of(tree, origin, source.text.len());
        let variables = &mut subject.facts.variables;
        variables.insert("file", source.name.as_str().into());
        variables.insert("text", source.text.as_str().into());
        Ok(Some(subject))
    }

    /// What profiles merge into.
    pub(super) fn stack(effective: &Effective) -> Self {
        let devices = effective.devices.iter().map(|(name, device)| (name.clone(), Tree::device(device))).collect();
        let tree = Tree::mapping(
            vec![
                ("config".into(), Tree::settings(&effective.config)),
                ("devices".into(), Tree::mapping(devices, None)),
            ],
            None,
        );
        let bytes = effective.config.values().map(|setting| setting.value.len()).sum();
        Self::of(tree, Origin::named("the stack"), bytes)
    }

    fn of(tree: Tree, origin: Origin, bytes: usize) -> Self {
        let empty = || Value::from(HashMap::<String, Value>::new());
        let part = |name| tree.get(name).map_or_else(empty, |part| part.value.clone());
        let variables =
            HashMap::from([("config", part("config")), ("devices", part("devices")), ("doc", tree.value.clone())]);
        Self { facts: Facts { variables, nodes: tree.size(), bytes }, origin, tree }
    }

    /// The part at a path: its keys, joined by dots. `None` where there is none.
    pub(super) fn at(&self, path: &str) -> Option<&Origin> {
        self.tree.find(path)?.origin.as_ref()
    }

    /// The keys or elements of the part at a path; none where it is not there.
    pub(super) fn each(&self, path: &str) -> Vec<Part> {
        let Some(tree) = self.tree.find(path) else { return Vec::new() };
        let parts = tree.parts.iter().enumerate().map(|(index, (name, part))| Part {
            path: if tree.is_list { format!("{path}[{index}]") } else { format!("{path}.{name}") },
            key: if tree.is_list { i64::try_from(index).unwrap_or_default().into() } else { name.as_str().into() },
            value: part.value.clone(),
            origin: part.origin.clone(),
        });
        parts.collect()
    }
}

impl Tree {
    fn leaf(value: impl Into<Value>, origin: Option<Origin>) -> Self {
        Self { value: value.into(), origin, parts: Vec::new(), is_list: false }
    }

    fn mapping(parts: Vec<(String, Self)>, origin: Option<Origin>) -> Self {
        let value: HashMap<String, Value> = parts.iter().map(|(key, part)| (key.clone(), part.value.clone())).collect();
        Self { value: value.into(), origin, parts, is_list: false }
    }

    fn list(parts: Vec<Self>, origin: Option<Origin>) -> Self {
        let value: Vec<Value> = parts.iter().map(|part| part.value.clone()).collect();
        let parts = parts.into_iter().enumerate().map(|(index, part)| (index.to_string(), part)).collect();
        Self { value: value.into(), origin, parts, is_list: true }
    }

    /// A tree of YAML. In a profile every value is text, as Incus stores it.
    fn yaml(document: &Document, node: &Node, only_text: bool) -> Self {
        let origin = Some(Origin::File(document.place(node.span)));
        match &node.value {
            yaml::Value::Scalar(scalar) => match (only_text, scalar.as_bool(), scalar.as_integer(), scalar.kind) {
                (false, Some(flag), _, Kind::Bool) => Self::leaf(flag, origin),
                (false, _, Some(number), Kind::Integer) => Self::leaf(number, origin),
                _ => Self::leaf(scalar.text.as_str(), origin),
            },
            yaml::Value::Sequence(nodes) => {
                Self::list(nodes.iter().map(|node| Self::yaml(document, node, only_text)).collect(), origin)
            }
            yaml::Value::Mapping(mapping) => {
                let parts = mapping.entries.iter().map(|entry| {
                    let mut part = Self::yaml(document, &entry.value, only_text);
                    part.origin = Some(Origin::File(document.place(entry.key.span)));
                    (entry.key.text.clone(), part)
                });
                Self::mapping(parts.collect(), origin)
            }
        }
    }

    fn json(node: &json::Node) -> Self {
        match &node.value {
            json::Value::Null => Self::leaf(Value::Null, None),
            json::Value::Bool(flag) => Self::leaf(*flag, None),
            json::Value::Number(text) => match text.parse::<i64>() {
                Ok(number) => Self::leaf(number, None),
                Err(_) => Self::leaf(text.parse().unwrap_or(f64::NAN), None),
            },
            json::Value::String(text) => Self::leaf(text.as_str(), None),
            json::Value::Array(items) => Self::list(items.iter().map(Self::json).collect(), None),
            json::Value::Object(members) => {
                let parts = members.iter().map(|member| (member.key.clone(), Self::json(&member.value)));
                Self::mapping(parts.collect(), None)
            }
        }
    }

    /// Sections with keys, each with all its values in order.
    fn unit(unit: &Unit) -> Self {
        let mut sections: BTreeMap<&str, BTreeMap<&str, Vec<Self>>> = BTreeMap::new();
        for section in &unit.sections {
            sections.entry(&section.name).or_default();
        }
        for entry in &unit.entries {
            let keys = sections.entry(&entry.section).or_default();
            keys.entry(&entry.key).or_default().push(Self::leaf(entry.value.as_str(), None));
        }
        let keys = |keys: BTreeMap<&str, Vec<Self>>| {
            Self::mapping(keys.into_iter().map(|(key, all)| (key.to_owned(), Self::list(all, None))).collect(), None)
        };
        Self::mapping(sections.into_iter().map(|(name, section)| (name.to_owned(), keys(section))).collect(), None)
    }

    fn settings(settings: &BTreeMap<String, Setting>) -> Self {
        let parts = settings
            .iter()
            .map(|(key, setting)| (key.clone(), Self::leaf(setting.value.as_str(), Some(setting.origin.clone()))));
        Self::mapping(parts.collect(), None)
    }

    fn device(device: &Device) -> Self {
        Self { origin: Some(device.origin.clone()), ..Self::settings(&device.keys) }
    }

    fn get(&self, name: &str) -> Option<&Self> {
        self.parts.iter().find(|(key, _)| key == name).map(|(_, part)| part)
    }

    /// By a path in which keys may have dots themselves: the longest key that fits is taken.
    fn find(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        let fits = |key: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let (key, part) = self.parts.iter().filter(|(key, _)| fits(key)).max_by_key(|(key, _)| key.len())?;
        part.find(path[key.len()..].trim_start_matches('.'))
    }

    fn size(&self) -> usize {
        1 + self.parts.iter().map(|(_, part)| part.size()).sum::<usize>()
    }
}
