//! The front: a [`Matcher`] over a dictionary, and what goes in and comes out of it.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::aliases::{Aliases, Strength};
use crate::band::Band;
use crate::blocking::Blocking;
use crate::context::Context;
use crate::decide;
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::{Explanation, Field, Found};
use crate::guess::GuessIndex;
use crate::mention::Mention;
use crate::nearest::Nearest;
use crate::reading::{Headings, Reader, Reading};
use crate::score::Line;
use crate::unwrap::Vendor;
use crate::vocabulary::Vocabulary;

/// Bytes of a text that are read. Concur's own limit is 64 characters (Entries v3); what comes from a file may be longer,
/// and its beginning names the vendor. Without a limit one row could hold up all others.
pub const TEXT_BYTES_MAX: usize = 512;

/// The texts of one expense line. Absent texts are empty; of longer ones only [`TEXT_BYTES_MAX`] bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpenseTexts<'t> {
    /// Concur's `VendorDescription`.
    pub vendor_description: &'t str,
    /// Concur's `BusinessPurpose`.
    pub business_purpose: &'t str,
    /// Concur's `ExpenseTypeName`.
    pub expense_type_name: &'t str,
    /// Concur's `SpendCategory`.
    pub spend_category: &'t str,
    /// Concur's `ExpenseTypeCode`; the same in every language.
    pub expense_type_code: Option<&'t str>,
    /// Concur's `SpendCategoryCode`; the same in every language.
    pub spend_category_code: Option<&'t str>,
}

/// What the matcher says about one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The app, or `None` when the matcher abstains.
    pub app_id: Option<Arc<str>>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band; [`Band::None`] exactly when `app_id` is `None`.
    pub band: Band,
    /// The best app seen, also when the matcher abstains.
    pub candidate: Option<Arc<str>>,
    /// Why.
    pub explanation: Explanation,
}

/// Memory that a matcher reuses from line to line. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Whose readings are remembered. Holding it keeps another dictionary from being taken for it.
    dictionary: Option<Arc<Dictionary>>,
    headings: Headings,
    vendor_field: Reading,
    purpose_field: Reading,
    vendor: Vendor,
    mentions: Vec<Mention>,
    named: Vec<bool>,
    nearest: Nearest,
}

impl Scratch {
    /// Forgets what was read for another dictionary.
    fn begin_line(&mut self, dictionary: &Arc<Dictionary>) {
        if !self.dictionary.as_ref().is_some_and(|known| Arc::ptr_eq(known, dictionary)) {
            self.headings.forget();
            self.nearest.forget();
            self.dictionary = Some(Arc::clone(dictionary));
        }
        self.headings.begin_line();
    }
}

/// The four fields of a line, read.
#[derive(Debug, Clone, Copy)]
struct Readings<'r> {
    vendor: &'r Reading,
    purpose: &'r Reading,
    expense_type: &'r Reading,
    category: &'r Reading,
}

impl<'r> Readings<'r> {
    fn of(self, field: Field) -> &'r Reading {
        match field {
            Field::VendorDescription => self.vendor,
            Field::BusinessPurpose => self.purpose,
            Field::ExpenseTypeName => self.expense_type,
            Field::SpendCategory => self.category,
        }
    }
}

/// Decides lines against one dictionary. Cheap to share between threads behind an [`Arc`]; building it costs.
///
/// # Cost
/// Orders of magnitude with 2,000 apps on one core of a server; `benches` measures them. Building takes some ten
/// milliseconds and four megabytes, both in proportion to the names. A decision takes one to two microseconds and
/// some ten thousand instructions when its [`Scratch`] has seen similar lines, and twice that when it has not:
/// the automaton reads each text once, a line that names an app without doubt costs no guess, and what was read
/// from headings and looked for in vain is remembered (two megabytes a scratch at most). The slowest line is a
/// seller of four long words that nobody has seen: each beginning of it is compared with the sketches of the names
/// that share its first letter and about its length. That is the only part that grows with the dictionary, up to
/// a fixed limit.
#[derive(Debug)]
pub struct Matcher {
    dictionary: Arc<Dictionary>,
    ids: Vec<Arc<str>>,
    vocabulary: Vocabulary,
    aliases: Aliases,
    reader: Reader,
    blocking: Blocking,
}

impl<'t> ExpenseTexts<'t> {
    /// The texts as far as they are read.
    fn cut(&self) -> ExpenseTexts<'t> {
        let cut = |text: &'t str| &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
        ExpenseTexts {
            vendor_description: cut(self.vendor_description),
            business_purpose: cut(self.business_purpose),
            expense_type_name: cut(self.expense_type_name),
            spend_category: cut(self.spend_category),
            ..*self
        }
    }
}

impl Matcher {
    /// Builds the indexes over a dictionary.
    pub fn new(dictionary: Arc<Dictionary>) -> Matcher {
        let vocabulary = Vocabulary::shipped();
        let aliases = Aliases::of(&dictionary, &vocabulary);
        let reader = Reader::of(&aliases, &vocabulary);
        let blocking = Blocking::of(&aliases);
        let ids = dictionary.iter().map(|(_, app)| Arc::from(app.id.as_str())).collect();
        Matcher { dictionary, ids, vocabulary, aliases, reader, blocking }
    }

    /// The dictionary behind the decisions.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Fresh working memory for [`Matcher::decide`].
    pub fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    /// Decides one line. What `scratch` was used for before makes no difference.
    pub fn decide(&self, texts: &ExpenseTexts<'_>, scratch: &mut Scratch) -> Decision {
        let texts = &texts.cut();
        scratch.begin_line(&self.dictionary);
        let Scratch { headings, vendor_field, purpose_field, vendor, mentions, named, nearest, .. } = scratch;
        let read = |source: &str, reading: &mut Reading| self.reader.read(source, &self.vocabulary, reading);
        read(texts.vendor_description, vendor_field);
        read(texts.business_purpose, purpose_field);
        let expense_type = headings.place(texts.expense_type_name, |new| read(texts.expense_type_name, new));
        let category = headings.place(texts.spend_category, |new| read(texts.spend_category, new));
        let fields = Readings {
            vendor: vendor_field,
            purpose: purpose_field,
            expense_type: headings.at(expense_type),
            category: headings.at(category),
        };
        vendor.read(&fields.vendor.text, &fields.vendor.marks);
        let context = Context::read(
            &fields.purpose.marks,
            &fields.expense_type.marks,
            &fields.category.marks,
            texts.spend_category_code,
        );
        self.mention_names(fields, vendor, mentions);
        self.drop_lone_remainders(mentions);
        let text = &fields.vendor.text;
        if !vendor.reseller && !vendor.placeholder && !vendor_is_named(mentions) {
            let index =
                GuessIndex { aliases: &self.aliases, blocking: &self.blocking, vocabulary: &self.vocabulary };
            index.guess(texts.vendor_description, text, vendor, nearest, mentions);
        }
        mark_names(text.len(), mentions, named);
        let line = Line {
            vendor_text: text,
            vendor,
            context,
            named,
            last_word_is_cut: text.len() > 1 && self.vocabulary.begins_follower(text.token(text.len() - 1)),
            domains: &self.aliases.domains,
        };
        let candidates = decide::rank(mentions, &line, &self.dictionary);
        decide::answer(candidates, |mention| self.found(mention, texts, fields), &self.ids)
    }

    /// Notes who owns the exact aliases in all four fields.
    fn mention_names(&self, fields: Readings<'_>, vendor: &Vendor, mentions: &mut Vec<Mention>) {
        mentions.clear();
        for field in
            [Field::VendorDescription, Field::BusinessPurpose, Field::ExpenseTypeName, Field::SpendCategory]
        {
            let heading = matches!(field, Field::ExpenseTypeName | Field::SpendCategory);
            for occurrence in &fields.of(field).names {
                if field == Field::VendorDescription && is_wrapping(vendor, &occurrence.tokens) {
                    continue;
                }
                for alias in &self.aliases.owners[occurrence.pattern] {
                    // Headings are made of ordinary words: only an unmistakable name counts there.
                    if heading && alias.strength < Strength::Distinct {
                        continue;
                    }
                    if alias.strength == Strength::Remainder && field != Field::VendorDescription {
                        continue;
                    }
                    mentions.push(Mention {
                        entry: alias.entry,
                        phrase: occurrence.pattern,
                        strength: alias.strength,
                        field,
                        tokens: occurrence.tokens.clone(),
                        guess: None,
                    });
                }
            }
        }
    }

    /// Drops what is left of product names where their company is not named.
    fn drop_lone_remainders(&self, mentions: &mut Vec<Mention>) {
        if mentions.iter().all(|m| m.strength != Strength::Remainder) {
            return;
        }
        let paid: Vec<EntryId> =
            mentions.iter().filter(|m| m.field == Field::VendorDescription).map(|m| m.entry).collect();
        mentions.retain(|m| {
            m.strength != Strength::Remainder
                || paid.iter().any(|&p| decide::is_parent(&self.dictionary, p, m.entry))
        });
    }

    fn found(&self, mention: &Mention, texts: &ExpenseTexts<'_>, fields: Readings<'_>) -> Found {
        let source = match mention.field {
            Field::VendorDescription => texts.vendor_description,
            Field::BusinessPurpose => texts.business_purpose,
            Field::ExpenseTypeName => texts.expense_type_name,
            Field::SpendCategory => texts.spend_category,
        };
        let (start, end) = fields.of(mention.field).text.source_span(&mention.tokens);
        let owners = &self.aliases.owners[mention.phrase];
        let alias =
            owners.iter().find(|alias| alias.entry == mention.entry).map(|alias| alias.spelled.clone());
        Found {
            matched_by: decide::matched_by(mention),
            field: mention.field,
            text: source.get(start..end).unwrap_or_default().to_owned(),
            alias: alias.unwrap_or_default(),
            start,
            end,
        }
    }
}

/// Whether an unmistakable name stands in the vendor field, so that nothing needs to be guessed.
fn vendor_is_named(mentions: &[Mention]) -> bool {
    mentions.iter().any(|m| m.field == Field::VendorDescription && m.strength >= Strength::Distinct)
}

/// Notes which tokens of the vendor belong to a name: they are no strangers to one another.
fn mark_names(tokens: usize, mentions: &[Mention], named: &mut Vec<bool>) {
    named.clear();
    named.resize(tokens, false);
    for mention in mentions.iter().filter(|m| m.field == Field::VendorDescription) {
        if mention.strength != Strength::Word {
            named[mention.tokens.clone()].fill(true);
        }
    }
}

/// Whether a name in the vendor field only says how was paid, or who sold other people's software: neither is what
/// was bought. A storefront stays: it is the seller when nothing else is named.
fn is_wrapping(vendor: &Vendor, tokens: &Range<usize>) -> bool {
    let before_seller = tokens.end <= vendor.seller && !vendor.storefront.contains(&tokens.start);
    vendor.reseller || before_seller
}
