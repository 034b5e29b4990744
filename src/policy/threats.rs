//! What the threat model demands.

use crate::yaml::{Document, Node, Problem};

/// One demand of the threat model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threat {
    /// Its name, which rules refer to.
    pub id: String,
    /// How strongly it is demanded.
    pub kind: Kind,
    /// What is demanded, or must not be.
    pub statement: String,
    /// Where it is enforced, when no rule can see it in a file.
    pub elsewhere: Option<String>,
}

/// How strongly something is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It must not be.
    NotAllowed,
    /// It is to be prevented.
    Prevent,
    /// It should be.
    Should,
}

pub(super) fn read(document: &Document) -> Result<Vec<Threat>, Problem> {
    document.sequence(&document.root)?.iter().map(|node| threat(document, node)).collect()
}

fn threat(document: &Document, node: &Node) -> Result<Threat, Problem> {
    let mapping = document.mapping(node)?;
    if let Some(problem) = document.unknown_fields(mapping, &["id", "kind", "statement", "elsewhere"]).pop() {
        return Err(problem);
    }
    let text = |name| document.required(node, name).and_then(|value| document.string(value)).map(str::to_owned);
    let kind = document.required(node, "kind")?;
    Ok(Threat {
        id: text("id")?,
        kind: match document.string(kind)? {
            "not-allowed" => Kind::NotAllowed,
            "prevent" => Kind::Prevent,
            "should" => Kind::Should,
            _ => return Err(document.bad_value(kind, "it must be not-allowed, prevent or should")),
        },
        statement: text("statement")?,
        elsewhere: mapping.get("elsewhere").map(|value| document.string(value).map(str::to_owned)).transpose()?,
    })
}
