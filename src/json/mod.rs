//! JSON, read into a tree in which every key and value knows where it stands.
//!
//! Only what every reader of JSON reads the same is taken: no comments, no commas at the end, no key twice. JSON5, which
//! the gateway takes too, is refused.

mod read;
#[cfg(test)]
mod read_tests;

use std::ops::Range;

pub use read::read;

/// How deep lists and objects may be nested.
pub const MAX_DEPTH: usize = 64;

/// A document, and what is wrong with it.
#[derive(Debug, Default, PartialEq)]
pub struct Document {
    /// The outermost value; `None` where the text is not JSON at all.
    pub root: Option<Node>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Something wrong at one place.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub bytes: Range<usize>,
    /// What it is, as a fragment.
    pub message: &'static str,
}

/// A value and where it stands.
#[derive(Debug, PartialEq)]
pub struct Node {
    /// Where it is.
    pub bytes: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text, decoded.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// Keys with their values, in the order of the text.
    Object(Vec<Member>),
}

/// One key with its value.
#[derive(Debug, PartialEq)]
pub struct Member {
    /// The key, decoded.
    pub key: String,
    /// Where the key is.
    pub key_bytes: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The members of an object; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The value at the end of several keys, with dots between them.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, Self::get)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as `true` or `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value as a whole number that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match &self.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}
