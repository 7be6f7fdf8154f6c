//! The vendor field without its wrapping: who sold, once banks, payment intermediaries, references, places and
//! legal forms are peeled off.
//!
//! Nothing is cut out of the text: every token gets a role, and the caller reads on from the seller's first token.
//! The grammar is `[bank | reference]* [intermediary]* seller...`; its words are in `data/vocabulary.txt`. Shapes
//! follow the public descriptor formats of card networks and intermediaries (`PAYPAL *SELLER`, `FS *SELLER`).

use crate::automaton::Occurrence;
use crate::normalize::{Gap, Normalized};
use crate::phrases::NO_WORD;
use crate::score::tokens::fold_letter;
use crate::vocabulary::{Classes, Marked, Vocabulary};

/// What a token of the vendor field does there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// How it was paid: a bank's or an intermediary's words before the seller.
    Wrapping,
    /// Order number, telephone number, masked card, store number.
    Reference,
    /// City, state, country, month, currency.
    Place,
    /// A word before a state or country at the end: a city that no list holds, or the name's last word.
    PerhapsPlace,
    /// Legal form, or a word that companies add to their names.
    Legal,
    /// `www`, `com`, ...
    Web,
    /// What services are called: `subscription`, `cloud`, `pro plan`.
    Service,
    /// What shops, venues and carriers are called.
    Venue,
    /// Any other word: part of a name.
    Word,
}

/// Whose software a seller sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sells {
    /// Its own, as far as the field tells.
    #[default]
    Own,
    /// Other people's: a reseller.
    Resold,
    /// Other people's: the field names an app store and nothing else. What was bought there stands elsewhere, if
    /// anywhere.
    InStore,
}

/// The vendor field, read.
#[derive(Debug, Default)]
pub(crate) struct Vendor {
    /// A part for every token.
    pub(crate) parts: Vec<Part>,
    /// What the vocabulary says about every token.
    classes: Vec<Classes>,
    /// The first token of the seller.
    pub(crate) seller: usize,
    /// A payment intermediary stands before the seller.
    pub(crate) intermediary: bool,
    /// Tokens of a storefront (`GOOGLE *`, `APPLE.COM/BILL`) before the seller; empty without one.
    pub(crate) storefront: std::ops::Range<usize>,
    /// Whose software the seller sells.
    pub(crate) sells: Sells,
    /// The field names nobody: empty, `N/A`, `Corporate card`.
    pub(crate) placeholder: bool,
}

impl Vendor {
    /// Reads a vendor field into memory that is already there.
    pub(crate) fn read(&mut self, text: &Normalized, marked: &[Marked], names: &[Occurrence]) {
        self.classes.clear();
        self.classes.resize(text.len(), Classes::EMPTY);
        for mark in marked {
            for classes in &mut self.classes[mark.tokens.clone()] {
                *classes = classes.or(mark.classes);
            }
        }
        self.parts.clear();
        self.parts.extend(self.classes.iter().enumerate().map(|(at, &classes)| part_of(text, at, classes)));
        self.mark_city_before_region(text);
        self.seller = 0;
        self.intermediary = false;
        self.storefront = 0..0;
        while let Some(end) = self.wrapping_at(text, marked) {
            for part in &mut self.parts[self.seller..end] {
                *part = Part::Wrapping;
            }
            self.seller = end;
        }
        self.sells = if resells(text, marked, names, self.seller) {
            Sells::Resold
        } else if self.storefront.is_empty() && self.is_storefront(marked) {
            Sells::InStore
        } else {
            Sells::Own
        };
        let wrapped_all = self.parts[self.seller..].iter().all(|p| *p == Part::Reference);
        self.placeholder = wrapped_all || self.says_nothing();
    }

    /// Gives words that a scanner misread their parts. Costs, so it is done where somebody is named.
    pub(crate) fn read_misread(&mut self, text: &Normalized, words: &[u32], vocabulary: &Vocabulary) {
        for (at, &word) in words.iter().enumerate() {
            if word == NO_WORD && matches!(self.parts[at], Part::Word | Part::Reference | Part::PerhapsPlace)
            {
                let classes = vocabulary.misread(text.token(at));
                if classes != Classes::EMPTY {
                    self.parts[at] = part_of(text, at, classes);
                    if self.parts[at] == Part::Reference {
                        self.parts[at] = Part::Service;
                    }
                }
            }
        }
    }

    /// `BURLINGTON MA`: descriptors end in city and region, and there are more cities than any list holds.
    fn mark_city_before_region(&mut self, text: &Normalized) {
        let Some(region) = self.parts.iter().rposition(|part| *part != Part::Reference) else { return };
        let is_region = self.classes[region].any(Classes::REGION) && text.token(region).len() <= 3;
        if region < 2 || !is_region || text.tokens[region].before != Gap::Space {
            return;
        }
        self.parts[region] = Part::Place;
        if self.parts[region - 1] == Part::Word && text.tokens[region - 1].before == Gap::Space {
            self.parts[region - 1] = Part::PerhapsPlace;
            let begins_city = region > 3 && self.classes[region - 2].any(Classes::REGION);
            if begins_city && text.token(region - 2).len() > 3 {
                self.parts[region - 2] = Part::PerhapsPlace;
            }
        }
    }

    /// Whether the seller is a storefront, and nothing follows that could name what was bought.
    fn is_storefront(&self, marked: &[Marked]) -> bool {
        let says_no_more = |end: usize| {
            self.parts[end..].iter().zip(&self.classes[end..]).all(|(part, classes)| {
                matches!(
                    part,
                    Part::Reference
                        | Part::Place
                        | Part::PerhapsPlace
                        | Part::Web
                        | Part::Legal
                        | Part::Service
                ) || classes.any(Classes::STOREFRONT)
            })
        };
        marked
            .iter()
            .filter(|m| m.tokens.start == self.seller && m.classes.any(Classes::STOREFRONT))
            .map(|m| m.tokens.end)
            .max()
            .is_some_and(says_no_more)
    }

    /// Where the wrapping that begins at the seller ends; `None` when the seller begins with a name.
    fn wrapping_at(&mut self, text: &Normalized, marked: &[Marked]) -> Option<usize> {
        let from = self.seller;
        let longest = |class: Classes| {
            marked
                .iter()
                .filter(|m| m.tokens.start == from && m.classes.any(class))
                .map(|m| m.tokens.end)
                .max()
        };
        // Wrapping wraps something: without a name after it, it is the vendor.
        let something_follows = |end: usize| {
            self.parts[end..].iter().any(|p| !matches!(p, Part::Reference | Part::Place | Part::PerhapsPlace))
        };
        if let Some(end) = longest(Classes::STOREFRONT).filter(|&end| something_follows(end)) {
            self.storefront = from..end;
            return Some(end);
        }
        if let Some(end) = longest(Classes::INTERMEDIARY).filter(|&end| something_follows(end)) {
            self.intermediary = true;
            return Some(end);
        }
        if let Some(end) = longest(Classes::BANK).filter(|&end| something_follows(end)) {
            return Some(end);
        }
        let leading_reference = text.len() > from + 1
            && self.parts[from] == Part::Reference
            && text.token(from).bytes().filter(u8::is_ascii_digit).count() >= 4;
        (leading_reference && something_follows(from + 1)).then_some(from + 1)
    }

    fn says_nothing(&self) -> bool {
        self.parts
            .iter()
            .zip(&self.classes)
            .all(|(part, classes)| *part == Part::Reference || classes.any(NOBODY))
    }
}

/// Letters of a code before a reseller's name, such as a country's.
const CODE_LEN_MAX: usize = 3;
/// Words that name no seller: how it was paid is not whom.
const NOBODY: Classes = Classes::PLACEHOLDER.or(Classes::INTERMEDIARY).or(Classes::BANK);

/// Whether the seller's name is that of a reseller, or a code and that. Part of an app's name says nothing of who sells it:
/// the last word of "Quillwork Insight" is no Insight.
fn resells(text: &Normalized, marked: &[Marked], names: &[Occurrence], from: usize) -> bool {
    let inside_name = |mark: &Marked| {
        names.iter().any(|name| {
            name.tokens.len() > mark.tokens.len()
                && name.tokens.start <= mark.tokens.start
                && mark.tokens.end <= name.tokens.end
        })
    };
    let begins = |mark: &Marked| {
        mark.tokens.start <= from && mark.tokens.end > from
            || mark.tokens.start == from + 1 && text.token(from).len() <= CODE_LEN_MAX
    };
    marked.iter().any(|mark| mark.classes.any(Classes::RESELLER) && begins(mark) && !inside_name(mark))
}

fn part_of(text: &Normalized, at: usize, classes: Classes) -> Part {
    let token = text.token(at);
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let after_dot = text.tokens[at].before == Gap::Dot;
    if matches!(token, "www") || token.starts_with("http") || (after_dot && token.len() <= 3) {
        Part::Web
    } else if digits == token.len()
        || (digits > 0
            && token.len() >= 5
            && letters_in_a_row(token) < REFERENCE_LETTERS_MAX
            && !is_scanned_word(token, digits))
        || (text.tokens[at].before == Gap::Hash && digits > 0)
        || token.bytes().all(|b| b == b'x')
    {
        Part::Reference
    } else if classes.any(Classes::VENUE) {
        Part::Venue
    } else if classes.any(Classes::SERVICE) {
        Part::Service
    } else if classes.any(Classes::LEGAL) {
        Part::Legal
    } else if token.len() == 1 || classes.any(Classes::PLACE) {
        Part::Place
    } else {
        Part::Word
    }
}

/// Letters in a row from which a token with digits is a name (`123forms`) and no order number (`E0400XYZ`).
const REFERENCE_LETTERS_MAX: usize = 5;

/// Single digits inside a word of letters are letters that a scanner misread.
fn is_scanned_word(token: &str, digits: usize) -> bool {
    let bytes = token.as_bytes();
    let inner_and_single = |at: usize| {
        let letter = |i: Option<&u8>| i.is_some_and(u8::is_ascii_alphabetic);
        at > 0 && letter(bytes.get(at - 1)) && letter(bytes.get(at + 1))
    };
    let looks_like_letter = |byte: u8| fold_letter(byte).is_ascii_alphabetic();
    let vowels =
        token.bytes().filter(|&byte| b"aeiouy".contains(&byte) || matches!(byte, b'0' | b'1' | b'3' | b'4'));
    digits * 4 <= bytes.len()
        && vowels.count() * 5 > bytes.len()
        && (0..bytes.len())
            .filter(|&at| bytes[at].is_ascii_digit())
            .all(|at| inner_and_single(at) && looks_like_letter(bytes[at]))
}

/// Letters in a row that can be spoken: codes have too few vowels.
fn letters_in_a_row(token: &str) -> usize {
    let vowels = |run: &str| run.bytes().filter(|letter| b"aeiou".contains(letter)).count();
    let runs = token.split(|c: char| c.is_ascii_digit());
    runs.filter(|run| vowels(run) * 5 > run.len()).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;

    fn read(text: &str) -> (Normalized, Vendor) {
        let Reading { text, marks, .. } = Reading::of_words(text);
        let mut vendor = Vendor::default();
        vendor.read(&text, &marks, &[]);
        (text, vendor)
    }

    #[test]
    fn the_seller_begins_after_the_wrapping() {
        let check = |text: &str, seller: &str, intermediary: bool| {
            let (normalized, vendor) = read(text);
            assert_eq!(normalized.token(vendor.seller), seller, "text {text:?}");
            assert_eq!(vendor.intermediary, intermediary, "text {text:?}");
        };
        check("PAYPAL *QUILLWORK", "quillwork", true);
        check("PADDLE.NET* QUILLWORK", "quillwork", true);
        check("POS DEBIT 1204 QUILLWORK", "quillwork", false);
        check("CHECKCARD 0417 PP*QUILLWORK", "quillwork", true);
        check("43035640 QUILLWORK CAFE", "quillwork", false);
        check("QUILLWORK", "quillwork", false);
        check("PAYPAL", "paypal", false);
        check("PAYPAL 4029357733", "paypal", false);
    }

    #[test]
    fn every_token_has_its_part() {
        let parts = |text: &str| read(text).1.parts;
        assert_eq!(parts("QUILLWORK INC BERLIN"), [Part::Word, Part::Legal, Part::Place]);
        assert_eq!(parts("QUILLWORK #301"), [Part::Word, Part::Reference]);
        assert_eq!(parts("QU1LLW0RK E0400X7A"), [Part::Word, Part::Reference]);
        assert_eq!(parts("www.quillwork.com"), [Part::Web, Part::Word, Part::Web]);
        assert_eq!(parts("QUILLWORK SUBSCRIPTION"), [Part::Word, Part::Service]);
        assert_eq!(parts("QUILLWORK HOTEL"), [Part::Word, Part::Venue]);
    }

    #[test]
    fn a_field_that_names_nobody_is_a_placeholder() {
        let check =
            |text: &str, expected: bool| assert_eq!(read(text).1.placeholder, expected, "text {text:?}");
        check("", true);
        check("N/A", true);
        check("Corporate card", true);
        check("立替", true);
        check("PAYPAL 4029357733", true);
        check("Quillwork", false);
        check("Corporate card services Quillwork", false);
    }
}
