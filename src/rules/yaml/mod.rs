//! Documents on which two YAML readers could disagree, or which are none.

mod ambiguous;
mod field;
mod hidden;
mod mend;
mod syntax;
mod untyped;

use super::{Finding, Rule};
use crate::yaml::{Code, Problem};

/// The rules of this module.
pub const RULES: &[&Rule] = &[&ambiguous::RULE, &untyped::RULE, &hidden::RULE, &syntax::RULE, &field::RULE];

/// What the strict parser says, as findings.
#[must_use]
pub fn findings(problems: Vec<Problem>) -> Vec<Finding> {
    problems.into_iter().map(finding).collect()
}

/// Whether a rule of this id keeps a document from being read, so that what else is wrong with it is not known.
#[must_use]
pub fn is_unread(id: &str) -> bool {
    RULES.iter().any(|rule| rule.id == id && id != field::RULE.id)
}

fn finding(problem: Problem) -> Finding {
    let fix = mend::fix(&problem);
    let found =
        Finding::at(rule(problem.code), format!("yaml.{}", problem.code.as_str()), problem.place, problem.message);
    let found = match problem.help {
        Some(help) => found.remedy(help),
        None => found,
    };
    Finding { fix, ..found }
}

fn rule(code: Code) -> &'static Rule {
    match code {
        Code::Directive
        | Code::Tag
        | Code::Anchor
        | Code::Alias
        | Code::MergeKey
        | Code::ComplexKey
        | Code::DuplicateKey
        | Code::SeveralDocuments
        | Code::DocumentMarker
        | Code::Layout
        | Code::NoFinalNewline => &ambiguous::RULE,
        Code::Null | Code::QuoteThis => &untyped::RULE,
        Code::ByteOrderMark | Code::LineBreak | Code::ControlCharacter | Code::HiddenCharacter => &hidden::RULE,
        Code::TooLarge | Code::TooDeep | Code::TooManyNodes | Code::NotUtf8 | Code::Empty | Code::Syntax => {
            &syntax::RULE
        }
        Code::UnknownField | Code::MissingField | Code::WrongType | Code::BadValue => &field::RULE,
    }
}
