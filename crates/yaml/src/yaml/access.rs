//! What a consumer asks of a tree. Each answer that is a problem names its place.

use super::{Code, Document, Entry, Kind, Mapping, Node, Problem, Scalar, Value};
use crate::text::excerpt;

impl Mapping {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }
}

impl Scalar {
    /// The value as a truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        (self.kind == Kind::Bool).then(|| self.text == "true")
    }

    /// The value as an integer, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        if self.kind == Kind::Integer { self.text.parse().ok() } else { None }
    }
}

impl Value {
    /// What the value is, for a message.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
            Self::Scalar(scalar) => match scalar.kind {
                Kind::String => "a string",
                Kind::Bool => "true or false",
                Kind::Integer => "a number",
            },
        }
    }
}

impl Document {
    /// The document as a mapping.
    pub fn root_mapping(&self) -> Result<&Mapping, Problem> {
        self.mapping(&self.root)
    }

    /// A value as a mapping.
    pub fn mapping<'a>(&self, node: &'a Node) -> Result<&'a Mapping, Problem> {
        match &node.value {
            Value::Mapping(mapping) => Ok(mapping),
            _ => Err(self.wrong_type(node, "a mapping")),
        }
    }

    /// A value as a list.
    pub fn sequence<'a>(&self, node: &'a Node) -> Result<&'a [Node], Problem> {
        match &node.value {
            Value::Sequence(nodes) => Ok(nodes),
            _ => Err(self.wrong_type(node, "a list")),
        }
    }

    /// A value as a string. A number or `true` is none: it must be quoted to be one.
    pub fn string<'a>(&self, node: &'a Node) -> Result<&'a str, Problem> {
        match &node.value {
            Value::Scalar(scalar) if scalar.kind == Kind::String => Ok(&scalar.text),
            _ => Err(self.wrong_type(node, "a string")),
        }
    }

    /// A single value of any kind as text, as Incus stores it.
    pub fn scalar<'a>(&self, node: &'a Node) -> Result<&'a str, Problem> {
        match &node.value {
            Value::Scalar(scalar) => Ok(&scalar.text),
            _ => Err(self.wrong_type(node, "a single value")),
        }
    }

    /// A value as `true` or `false`.
    pub fn bool(&self, node: &Node) -> Result<bool, Problem> {
        match &node.value {
            Value::Scalar(scalar) => scalar.as_bool(),
            _ => None,
        }
        .ok_or_else(|| self.wrong_type(node, "true or false"))
    }

    /// A value as an integer.
    pub fn integer(&self, node: &Node) -> Result<i64, Problem> {
        match &node.value {
            Value::Scalar(scalar) => scalar.as_integer(),
            _ => None,
        }
        .ok_or_else(|| self.wrong_type(node, "a number"))
    }

    /// A problem at a value that has the right type and is wrong all the same.
    #[must_use]
    pub fn bad_value(&self, node: &Node, message: impl Into<String>) -> Problem {
        Problem::new(Code::BadValue, self.place(node.span), message)
    }

    /// The required value of a key.
    pub fn required<'a>(&self, node: &'a Node, key: &str) -> Result<&'a Node, Problem> {
        self.mapping(node)?.get(key).ok_or_else(|| {
            let message = format!("the field `{key}` is missing");
            Problem::new(Code::MissingField, self.place(node.span), message)
        })
    }

    /// One problem for each key of `mapping` that is not in `known`.
    #[must_use]
    pub fn unknown_fields(&self, mapping: &Mapping, known: &[&str]) -> Vec<Problem> {
        let unknown = mapping.entries.iter().filter(|entry| !known.contains(&entry.key.text.as_str()));
        unknown
            .map(|entry| {
                let message = format!("unknown field `{}`", excerpt(&entry.key.text, 64));
                let help = format!("the fields here are: {}", known.join(", "));
                Problem::new(Code::UnknownField, self.place(entry.key.span), message).help(help)
            })
            .collect()
    }

    fn wrong_type(&self, node: &Node, wanted: &str) -> Problem {
        let message = format!("this is {}, not {wanted}", node.value.describe());
        let problem = Problem::new(Code::WrongType, self.place(node.span), message);
        if wanted == "a string" && matches!(node.value, Value::Scalar(_)) {
            return problem.help("quote it");
        }
        problem
    }
}
