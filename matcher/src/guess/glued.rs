//! Names run into other words: `QUILLWORKGmbH`, `FSPRGQUILLWORK`.

use super::GuessIndex;
use crate::aliases::Strength;
use crate::corrections::BEGINNING;
use crate::normalize::Normalized;
use crate::vocabulary::Classes;

/// Letters a name must have to be recognised inside a longer word.
const GLUED_LEN_MIN: usize = BEGINNING;
/// The same where the case changes behind it.
const GLUED_BY_CASE_LEN_MIN: usize = 4;
/// Letters of a name's first word behind a known code.
const LOST_STAR_BEGINNING_LEN_MIN: usize = 4;
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
        let may_begin = last > first
            || word.len() > GLUED_LEN_MIN && self.corrections.may_begin(&word.as_bytes()[..GLUED_LEN_MIN]);
        let shortest = match last == first {
            true if may_begin => GLUED_LEN_MIN,
            true => GLUED_BY_CASE_LEN_MIN,
            false => 1,
        };
        if shortest >= word.len() {
            return None;
        }
        (shortest..word.len()).rev().find_map(|end| {
            let rest = &word[end..];
            let case_changes = case_changes_at(written, end);
            // Beside a first word that is no beginning of a name, only a change of case tells where one ends.
            let begins_anew = case_changes
                || may_begin
                    && last == first
                    && (rest.as_bytes()[0].is_ascii_digit() || self.lexicon.vocabulary.begins_follower(rest));
            if !begins_anew {
                return None;
            }
            let phrase = if last == first {
                self.lexicon.name(&word[..end])?
            } else {
                self.lexicon.name(&format!("{} {}", text.join(first..last), &word[..end]))?
            };
            let says = |strength: Strength| strength > Strength::Word;
            self.lexicon.owners(phrase).iter().any(|alias| says(alias.strength)).then_some((phrase, last))
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
        (2..word.len().saturating_sub(LOST_STAR_BEGINNING_LEN_MIN - 1)).find_map(|code_len| {
            let (code, name) = word.split_at(code_len);
            let is_known_code = self.lexicon.classes_before_star(code).any(Classes::INTERMEDIARY);
            let is_distinct = |phrase: &usize| {
                self.lexicon.owners(*phrase).iter().any(|alias| alias.strength == Strength::Distinct)
            };
            if self.corrections.may_begin(&name.as_bytes()[..name.len().min(GLUED_LEN_MIN)])
                && (is_known_code || code_len <= 3 && name.len() >= LOST_STAR_LEN_MIN)
                && let Some(phrase) = self.lexicon.name(name).filter(is_distinct)
            {
                return Some((phrase, first));
            }
            // The name may go on in the next word.
            let longer =
                || self.lexicon.name(&format!("{name} {}", text.token(first + 1))).filter(is_distinct);
            (is_known_code && first + 1 < end).then(longer)?.map(|phrase| (phrase, first + 1))
        })
    }
}

/// Whether the case changes between two characters, with one case throughout before.
fn case_changes_at(written: &str, at: usize) -> bool {
    // Most words are written in one case, and say so at their second letter.
    let upper = |c: &char| c.is_uppercase();
    let before = written.chars().take(at).filter(|c| c.is_alphabetic());
    let mut after = written.chars().skip(at);
    let Some(next) = after.next() else { return false };
    let (mut all_upper, mut all_lower, mut seen) = (true, true, 0);
    for c in before.skip(1) {
        seen += 1;
        all_upper &= upper(&c);
        all_lower &= !upper(&c);
    }
    if seen == 0 {
        return false;
    }
    let following_lower = after.next().is_some_and(char::is_lowercase);
    (all_lower && upper(&next)) || (all_upper && (next.is_lowercase() || following_lower))
}
