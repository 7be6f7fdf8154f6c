//! A position in the text of a filter or path, and the budget that keeps reading and evaluating it cheap.

use crate::Error;

/// Bytes of a filter or path.
pub(crate) const MAX_BYTES: usize = 4 * 1024;
/// Levels of brackets of any kind; recursion goes no deeper.
const MAX_DEPTH: usize = 16;
/// Comparisons in one filter.
const MAX_TERMS: usize = 50;
/// Value paths (`emails[...]`) in one filter.
const MAX_VALUE_PATHS: usize = 5;

/// Where reading has come to.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    terms: usize,
    value_paths: usize,
    in_value_path: bool,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::invalid_filter(format!(
                "A filter or path may have {MAX_BYTES} bytes at most."
            )));
        }
        Ok(Self { text, at: 0, depth: 0, terms: 0, value_paths: 0, in_value_path: false })
    }

    /// What is still to be read.
    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(crate) fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(crate) fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    pub(crate) fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// The letters that follow, without consuming them.
    pub(crate) fn peek_word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(|c| !crate::path::is_name_char(c)).unwrap_or(rest.len())]
    }

    /// Consumes the word if it is the next one, in any letter case.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek_word().eq_ignore_ascii_case(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// A sentence that says what is wrong and where; never the text itself, which may name a person.
    pub(crate) fn blame(&self, what: &str) -> String {
        let position = self.text[..self.at].chars().count() + 1;
        format!("At character {position}: {what}.")
    }

    pub(crate) fn fail<T>(&self, what: &str) -> Result<T, Error> {
        Err(Error::invalid_filter(self.blame(what)))
    }

    pub(crate) fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(&format!("brackets are nested more than {MAX_DEPTH} deep"));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn enter_value_path(&mut self) -> Result<(), Error> {
        self.value_paths += 1;
        if self.in_value_path {
            return self.fail("a value path may not contain another one");
        }
        if self.value_paths > MAX_VALUE_PATHS {
            return self.fail(&format!("there are more than {MAX_VALUE_PATHS} value paths"));
        }
        self.in_value_path = true;
        self.enter()
    }

    pub(crate) fn leave_value_path(&mut self) {
        self.in_value_path = false;
        self.leave();
    }

    pub(crate) fn count_term(&mut self) -> Result<(), Error> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return self.fail(&format!("there are more than {MAX_TERMS} comparisons"));
        }
        Ok(())
    }
}
