//! Where a command reads from and writes to.

use std::ops::Range;

use brush_parser::ast::{self, IoFileRedirectTarget};

use super::call::Input;
use super::text::{FETCHED, NUMBER, Word};
use super::walk::{Frame, Walker};
use super::{network, writes};

impl Walker<'_> {
    pub(super) fn redirects(
        &mut self,
        redirects: Option<&ast::RedirectList>,
        frame: &Frame,
        bytes: &Range<usize>,
    ) -> Input {
        let mut input = Input::default();
        for redirect in redirects.iter().flat_map(|list| &list.0) {
            self.redirect(redirect, frame, bytes, &mut input);
        }
        input
    }

    pub(super) fn redirect(
        &mut self,
        redirect: &ast::IoRedirect,
        frame: &Frame,
        bytes: &Range<usize>,
        input: &mut Input,
    ) {
        use ast::IoFileRedirectKind as K;
        let at = Frame { anchor: Some(bytes.clone()), ..frame.clone() };
        match redirect {
            ast::IoRedirect::File(_, kind, target) => match target {
                IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                    let word = Word { values: self.values(&word.value, &at, 0), many: false };
                    let number = word
                        .values
                        .iter()
                        .all(|value| value.chars().all(|c| c.is_ascii_digit() || c == '-' || c == NUMBER));
                    if matches!(target, IoFileRedirectTarget::Duplicate(_)) && number {
                        return;
                    }
                    if let Some(found) = network::device(&word, bytes) {
                        self.say(frame, found);
                    }
                    if matches!(kind, K::Read | K::DuplicateInput | K::ReadAndWrite) {
                        input.piped = true;
                    }
                    if !matches!(kind, K::Read | K::DuplicateInput) {
                        if let Some(found) = writes::path(&word, "redirection", bytes) {
                            self.say(frame, found);
                        }
                        input.to.extend(word.values);
                    }
                }
                IoFileRedirectTarget::Fd(_) => {}
                IoFileRedirectTarget::ProcessSubstitution(kind, shell) => {
                    let piped =
                        Input { piped: matches!(kind, ast::ProcessSubstitutionKind::Write), ..Input::default() };
                    input.fetched |= self.list(&shell.list, &at, &piped);
                    input.piped = true;
                }
            },
            ast::IoRedirect::HereDocument(_, document) => {
                input.text = Some(self.here(&document.doc.value, document.requires_expansion, &at));
            }
            ast::IoRedirect::HereString(_, word) => input.text = Some(self.values(&word.value, &at, 0)),
            ast::IoRedirect::OutputAndError(word, _) => {
                let word = Word { values: self.values(&word.value, &at, 0), many: false };
                for found in network::device(&word, bytes).into_iter().chain(writes::path(&word, "redirection", bytes))
                {
                    self.say(frame, found);
                }
                input.to.extend(word.values);
            }
        }
        if let Some(text) = &input.text {
            input.fetched |= text.iter().any(|text| text.contains(FETCHED));
        }
    }
}
