//! Names run into other words: `QUILLWORKGmbH`, `FSPRGQUILLWORK`.

use super::GuessIndex;
use crate::aliases::{Alias, Strength};
use crate::corrections::BEGINNING;
use crate::normalize::{Gap, Normalized};
use crate::vocabulary::Classes;

/// Letters a name must have to be recognised inside a longer word.
const GLUED_LEN_MIN: usize = BEGINNING;
/// The same where the case changes behind it.
const GLUED_BY_CASE_LEN_MIN: usize = 4;
/// Letters of a name's first word behind a known code.
const LOST_STAR_BEGINNING_LEN_MIN: usize = 4;
/// Letters of an intermediary's code.
const CODE_LEN_MAX: usize = 5;
/// Letters of a name behind a code that nobody knows.
const LOST_STAR_LEN_MIN: usize = 7;

impl GuessIndex<'_> {
    /// The longest name whose last word is the beginning of the word `last`, when what follows it in the same word
    /// begins anew: with another case, a digit, or a word that names are followed by. With the token it ends in.
    pub(super) fn glued(
        &self,
        source: &str,
        text: &Normalized,
        first: usize,
        last: usize,
    ) -> Option<(usize, usize)> {
        let word = text.token(last);
        let token = text.tokens[last];
        let written = source.get(token.source_start as usize..token.source_end as usize)?;
        let name_until = |end: usize| {
            let phrase = if last == first {
                self.lexicon.name(&word[..end])?
            } else {
                self.lexicon.name(&format!("{} {}", text.join(first..last), &word[..end]))?
            };
            let says = |alias: &Alias| alias.strength > Strength::Word;
            self.lexicon.owners(phrase).iter().any(says).then_some((phrase, last))
        };
        // `QUILLWORKGmbH`: the capital may belong to what follows.
        if let Some(at) = case_change(written).filter(|&at| at < word.len()) {
            let shortest = if last == first { GLUED_BY_CASE_LEN_MIN } else { 2 };
            let found = [at, at - 1].into_iter().filter(|&end| end >= shortest).find_map(name_until);
            if found.is_some() {
                return found;
            }
        }
        let may_begin = last == first
            && word.len() > GLUED_LEN_MIN
            && self.corrections.may_begin(&word.as_bytes()[..GLUED_LEN_MIN]);
        if !may_begin {
            return None;
        }
        (GLUED_LEN_MIN..word.len()).rev().find_map(|end| {
            let rest = &word[end..];
            let begins_anew =
                rest.as_bytes()[0].is_ascii_digit() || self.lexicon.vocabulary.begins_follower(rest);
            if begins_anew { name_until(end) } else { None }
        })
    }

    /// The name at the end of a word that begins with an intermediary's code, when the asterisk between them got lost:
    /// `FSPRGQUILLWORK`. Codes of up to three characters need not be known, there are many.
    pub(super) fn behind_lost_star(
        &self,
        text: &Normalized,
        first: usize,
        end: usize,
    ) -> Option<(usize, usize)> {
        let word = text.token(first);
        let is_distinct = |phrase: &usize| {
            self.lexicon.owners(*phrase).iter().any(|alias| alias.strength == Strength::Distinct)
        };
        let is_known = |code: &str| self.lexicon.classes_before_star(code).any(Classes::INTERMEDIARY);
        (2..word.len().saturating_sub(LOST_STAR_BEGINNING_LEN_MIN - 1)).find_map(|code_len| {
            let (code, name) = word.split_at(code_len);
            if name.len() >= GLUED_LEN_MIN
                && self.corrections.may_begin(&name.as_bytes()[..GLUED_LEN_MIN])
                && (code_len <= 3 && name.len() >= LOST_STAR_LEN_MIN || is_known(code))
                && let Some(phrase) = self.lexicon.name(name).filter(is_distinct)
            {
                return Some((phrase, first));
            }
            // The name may go on in the next word.
            let phrases = &self.lexicon.phrases;
            let next = text.tokens.get(first + 1).filter(|_| code_len <= CODE_LEN_MAX && first + 1 < end)?;
            if next.before != Gap::Space || !self.lexicon.vocabulary.may_be_code(code) || !is_known(code) {
                return None;
            }
            let node = phrases.begin(phrases.word(name))?;
            let phrase = phrases.phrase_at(phrases.go_on(node, phrases.word(text.token(first + 1)))?)?;
            is_distinct(&phrase).then_some((phrase, first + 1))
        })
    }
}

/// Where the case changes after two or more letters of one case, the first letter not counted, in characters.
fn case_change(written: &str) -> Option<usize> {
    if written.is_ascii() {
        let mut letters = written.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic()).skip(1);
        let (_, second) = letters.next()?;
        return letters.find(|(_, byte)| (byte ^ second) & 0x20 != 0).map(|(at, _)| at);
    }
    let mut letters = written.chars().enumerate().filter(|(_, c)| c.is_alphabetic()).skip(1);
    let (_, second) = letters.next()?;
    letters.find(|(_, c)| c.is_lowercase() != second.is_lowercase()).map(|(at, _)| at)
}
