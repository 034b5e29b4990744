//! The gateway's configuration, as the rules look at it.

use crate::json::{Member, Node, Value};

/// The configuration, with the one question that most rules ask.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) root: Node,
}

impl Config {
    /// Whether the gateway listens on its own loopback alone. In a container it listens on all addresses unless it is told
    /// to do so.
    pub(super) fn is_loopback(&self) -> bool {
        self.text("gateway.bind") == Some("loopback")
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.root.at(path).and_then(Node::as_str)
    }

    /// Where what is missing should stand: the innermost object on the way to it that is there.
    pub(super) fn nearest(&self, path: &str) -> std::ops::Range<usize> {
        let mut node = &self.root;
        for key in path.split('.') {
            match node.get(key) {
                Some(next) => node = next,
                None => break,
            }
        }
        node.bytes.start..(node.bytes.start + 1).min(node.bytes.end)
    }

    /// Calls `each` with every member at any depth, and its path.
    pub(super) fn walk<'a>(&'a self, mut each: impl FnMut(&Path<'a>, &'a Member)) {
        down(&self.root, &mut Path(Vec::new()), &mut each);
    }
}

/// The keys on the way to a member, and the member's own. What lies in lists has `[]` in it.
#[derive(Debug)]
pub(super) struct Path<'a>(Vec<&'a str>);

impl Path<'_> {
    /// As it is shown and named in waivers.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        for key in &self.0 {
            if !text.is_empty() && *key != "[]" {
                text.push('.');
            }
            text.push_str(&crate::text::excerpt(key, 64));
        }
        text
    }

    /// The path with dots between its keys. Dots within keys are replaced, and long keys cut: neither is a setting.
    pub(super) fn dotted(&self) -> String {
        let mut text = String::new();
        for key in &self.0 {
            if !text.is_empty() {
                text.push('.');
            }
            text.extend(key.chars().take(48).map(|c| if c == '.' { '/' } else { c }));
        }
        text
    }

    /// Whether it ends with these keys.
    pub(super) fn ends_with(&self, keys: &[&str]) -> bool {
        self.0.ends_with(keys)
    }

    pub(super) fn starts_with(&self, keys: &[&str]) -> bool {
        self.0.starts_with(keys)
    }
}

fn down<'a>(node: &'a Node, path: &mut Path<'a>, each: &mut impl FnMut(&Path<'a>, &'a Member)) {
    match &node.value {
        Value::Object(members) => {
            for member in members {
                path.0.push(&member.key);
                each(path, member);
                down(&member.value, path, each);
                path.0.pop();
            }
        }
        Value::Array(items) => {
            path.0.push("[]");
            for item in items {
                down(item, path, each);
            }
            path.0.pop();
        }
        _ => {}
    }
}
