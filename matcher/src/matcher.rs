//! The front: a [`Matcher`] over a dictionary, and what goes in and comes out of it.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::aliases::{Aliases, Strength};
use crate::automaton::{Automaton, Occurrence};
use crate::band::Band;
use crate::blocking::{Blocking, Proposals};
use crate::context::Context;
use crate::decide;
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::{Explanation, Field, Found};
use crate::guess::GuessIndex;
use crate::mention::Mention;
use crate::normalize::Normalized;
use crate::score::Line;
use crate::unwrap::Vendor;
use crate::vocabulary::{Marked, Vocabulary};

/// The texts of one expense line. Absent texts are empty.
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
    vendor_text: Normalized,
    purpose_text: Normalized,
    type_text: Normalized,
    category_text: Normalized,
    vendor_marks: Vec<Marked>,
    purpose_marks: Vec<Marked>,
    type_marks: Vec<Marked>,
    category_marks: Vec<Marked>,
    vendor: Vendor,
    occurrences: Vec<Occurrence>,
    mentions: Vec<Mention>,
    named: Vec<bool>,
    proposals: Proposals,
}

/// Decides lines against one dictionary. Cheap to share between threads behind an [`Arc`]; building it costs.
#[derive(Debug)]
pub struct Matcher {
    dictionary: Arc<Dictionary>,
    ids: Vec<Arc<str>>,
    vocabulary: Vocabulary,
    aliases: Aliases,
    automaton: Automaton,
    blocking: Blocking,
}

impl Matcher {
    /// Builds the indexes over a dictionary.
    pub fn new(dictionary: Arc<Dictionary>) -> Matcher {
        let vocabulary = Vocabulary::shipped();
        let aliases = Aliases::of(&dictionary, &vocabulary);
        let automaton = Automaton::build(aliases.phrases.iter().map(String::as_str));
        let blocking = Blocking::of(&aliases);
        let ids = dictionary.iter().map(|(_, app)| Arc::from(app.id.as_str())).collect();
        Matcher { dictionary, ids, vocabulary, aliases, automaton, blocking }
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
        self.read(texts, scratch);
        let context = Context::read(
            &scratch.purpose_marks,
            &scratch.type_marks,
            &scratch.category_marks,
            texts.spend_category_code,
        );
        self.find_aliases(scratch);
        self.drop_lone_remainders(&mut scratch.mentions);
        if !scratch.vendor.reseller && !scratch.vendor.placeholder && !vendor_is_named(&scratch.mentions) {
            let Scratch { vendor_text, vendor, proposals, mentions, .. } = scratch;
            let index =
                GuessIndex { aliases: &self.aliases, blocking: &self.blocking, vocabulary: &self.vocabulary };
            index.guess(texts.vendor_description, vendor_text, vendor, proposals, mentions);
        }
        mark_names(scratch);
        let text = &scratch.vendor_text;
        let line = Line {
            vendor_text: text,
            vendor: &scratch.vendor,
            context,
            named: &scratch.named,
            last_word_is_cut: text.len() > 1 && self.vocabulary.begins_follower(text.token(text.len() - 1)),
            domains: &self.aliases.domains,
        };
        let candidates = decide::rank(&scratch.mentions, &line, &self.dictionary);
        decide::answer(candidates, |mention| self.found(mention, texts, scratch), &self.ids)
    }

    /// Normalises the four fields and finds the vocabulary in them.
    fn read(&self, texts: &ExpenseTexts<'_>, scratch: &mut Scratch) {
        let Scratch { vendor_text, purpose_text, type_text, category_text, occurrences, .. } = scratch;
        let mut read = |source: &str, text: &mut Normalized, marks: &mut Vec<Marked>| {
            text.assign(source);
            self.vocabulary.mark(text, occurrences, marks);
        };
        read(texts.vendor_description, vendor_text, &mut scratch.vendor_marks);
        read(texts.business_purpose, purpose_text, &mut scratch.purpose_marks);
        read(texts.expense_type_name, type_text, &mut scratch.type_marks);
        read(texts.spend_category, category_text, &mut scratch.category_marks);
        scratch.vendor.read(&scratch.vendor_text, &scratch.vendor_marks);
    }

    /// Finds exact aliases in all four fields.
    fn find_aliases(&self, scratch: &mut Scratch) {
        let Scratch {
            vendor_text,
            purpose_text,
            type_text,
            category_text,
            occurrences,
            mentions,
            vendor,
            ..
        } = scratch;
        mentions.clear();
        let fields = [
            (Field::VendorDescription, vendor_text),
            (Field::BusinessPurpose, purpose_text),
            (Field::ExpenseTypeName, type_text),
            (Field::SpendCategory, category_text),
        ];
        for (field, text) in fields {
            self.automaton.find(text, occurrences);
            for occurrence in occurrences.drain(..) {
                let heading = matches!(field, Field::ExpenseTypeName | Field::SpendCategory);
                let wrapping = field == Field::VendorDescription && is_wrapping(vendor, &occurrence.tokens);
                if wrapping {
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

    fn found(&self, mention: &Mention, texts: &ExpenseTexts<'_>, scratch: &Scratch) -> Found {
        let (source, text) = match mention.field {
            Field::VendorDescription => (texts.vendor_description, &scratch.vendor_text),
            Field::BusinessPurpose => (texts.business_purpose, &scratch.purpose_text),
            Field::ExpenseTypeName => (texts.expense_type_name, &scratch.type_text),
            Field::SpendCategory => (texts.spend_category, &scratch.category_text),
        };
        let (start, end) = text.source_span(&mention.tokens);
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
fn mark_names(scratch: &mut Scratch) {
    let Scratch { vendor_text, mentions, named, .. } = scratch;
    named.clear();
    named.resize(vendor_text.len(), false);
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
