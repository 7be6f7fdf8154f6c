//! The front: a [`Matcher`] over a dictionary, and what goes in and comes out of it.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::aliases::Strength;
use crate::band::Band;
use crate::context::Context;
use crate::corrections::Corrections;
use crate::decide::{self, Candidate};
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::{Explanation, Field, Found, RunnerUp};
use crate::guess::{GuessIndex, Guesses};
use crate::lexicon::{Engine, Lexicon};
use crate::mention::Mention;
use crate::reading::{Headings, Reading};
use crate::score::{self, Line};
use crate::unwrap::{Sells, Vendor};

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

/// What the matcher says about one line, in a few bytes: a [`Decision`] without its reasons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The app, or `None` when the matcher abstains.
    pub app: Option<EntryId>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band; [`Band::None`] exactly when `app` is `None`.
    pub band: Band,
    /// The best app seen, also when the matcher abstains.
    pub candidate: Option<EntryId>,
}

/// Memory that a matcher reuses from line to line. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Whose readings are remembered. Holding it keeps another dictionary from being taken for it.
    dictionary: Option<Arc<Dictionary>>,
    expense_types: Headings,
    categories: Headings,
    vendor_field: Reading,
    purpose_field: Reading,
    vendor: Vendor,
    mentions: Vec<Mention>,
    named: Vec<bool>,
    guesses: Guesses,
    candidates: Vec<Candidate>,
    /// Apps that the line at hand does not pay for, whatever its texts say.
    pub(crate) never: Vec<EntryId>,
}

impl Scratch {
    /// Forgets what was read for another dictionary.
    fn begin_line(&mut self, dictionary: &Arc<Dictionary>) {
        if !self.dictionary.as_ref().is_some_and(|known| Arc::ptr_eq(known, dictionary)) {
            self.expense_types.forget();
            self.categories.forget();
            self.guesses.forget();
            self.dictionary = Some(Arc::clone(dictionary));
        }
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
/// A text costs one look-up a word, a line that names an app a little more, and a seller that nobody has seen a
/// look into the index of misspelt words; what was read from headings and looked for in vain is remembered (three
/// megabytes a scratch, about ten at most). None of it grows with the dictionary by more than the machine's caches make it.
/// `benches` measures.
#[derive(Debug)]
pub struct Matcher {
    dictionary: Arc<Dictionary>,
    ids: Vec<Arc<str>>,
    lexicon: Lexicon,
    corrections: Corrections,
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
        Matcher::with_engine(dictionary, Engine::default())
    }

    /// The same with another engine for exact names; the decisions are the same.
    pub fn with_engine(dictionary: Arc<Dictionary>, engine: Engine) -> Matcher {
        let mut lexicon = Lexicon::of(&dictionary, engine);
        let targets = std::mem::take(&mut lexicon.aliases.targets);
        let guessed = |strength| matches!(strength, Strength::Shared | Strength::Distinct);
        let corrections = Corrections::of(&lexicon.phrases, &targets, |word| {
            let phrase = lexicon.phrases.begin(word).and_then(|node| lexicon.phrases.phrase_at(node));
            phrase.is_some_and(|phrase| lexicon.owners(phrase).iter().any(|alias| guessed(alias.strength)))
        });
        let ids = dictionary.iter().map(|(_, app)| Arc::from(app.id.as_str())).collect();
        Matcher { dictionary, ids, lexicon, corrections }
    }

    /// The id of an entry, to be shared.
    pub(crate) fn id(&self, entry: EntryId) -> Arc<str> {
        self.ids[entry.index()].clone()
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn lexicon(&self) -> &Lexicon {
        &self.lexicon
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
        scratch.never.clear();
        self.decide_allowed(texts, scratch)
    }

    /// The same without the apps that the scratch says are never meant.
    pub(crate) fn decide_allowed(&self, texts: &ExpenseTexts<'_>, scratch: &mut Scratch) -> Decision {
        self.read(&texts.cut(), scratch, |line, fields, mentions, candidates| {
            let verdict = verdict(candidates, mentions);
            let id = |entry: EntryId| self.id(entry);
            let explanation = candidates.first().map_or_else(Explanation::default, |best| {
                let mention = &mentions[best.mention];
                let company = decide::company(mention, mentions, &self.dictionary);
                Explanation {
                    found: Some(self.found(mention, &texts.cut(), fields)),
                    evidence: score::explain(mention, line, company),
                    runner_up: candidates.get(1).map(|second| RunnerUp {
                        app_id: id(mentions[second.mention].entry),
                        score: second.score,
                    }),
                    ..Explanation::default()
                }
            });
            Decision {
                app_id: verdict.app.map(id),
                score: verdict.score,
                band: verdict.band,
                candidate: verdict.candidate.map(id),
                explanation,
            }
        })
    }

    /// Decides one line without giving reasons: the same answer as [`Matcher::decide`], which gives them at any
    /// later time. A line of words that were seen before allocates nothing.
    pub fn judge(&self, texts: &ExpenseTexts<'_>, scratch: &mut Scratch) -> Verdict {
        scratch.never.clear();
        self.judge_allowed(texts, scratch)
    }

    /// The same without the apps that the scratch says are never meant.
    pub(crate) fn judge_allowed(&self, texts: &ExpenseTexts<'_>, scratch: &mut Scratch) -> Verdict {
        self.read(&texts.cut(), scratch, |_, _, mentions, candidates| verdict(candidates, mentions))
    }

    /// Hands over every app that a text names, token for token, with where the name stands in the text; of names one
    /// inside the other the longer one. Nothing is weighed: that a name stands somewhere does not mean that it is meant.
    pub fn names_in(&self, text: &str, scratch: &mut Scratch, mut each: impl FnMut(EntryId, Range<usize>)) {
        let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
        let reading = &mut scratch.vendor_field;
        reading.read_names(text, &self.lexicon);
        for name in &reading.names {
            let (start, end) = reading.text.source_span(&name.tokens);
            for alias in self.lexicon.owners(name.pattern) {
                each(alias.entry, start..end);
            }
        }
    }

    /// Reads and weighs a line, and hands over what came of it.
    fn read<T>(
        &self,
        texts: &ExpenseTexts<'_>,
        scratch: &mut Scratch,
        then: impl FnOnce(&Line<'_>, Readings<'_>, &[Mention], &[Candidate]) -> T,
    ) -> T {
        scratch.begin_line(&self.dictionary);
        let Scratch {
            expense_types,
            categories,
            vendor_field,
            purpose_field,
            vendor,
            mentions,
            named,
            guesses,
            candidates,
            never,
            ..
        } = scratch;
        let lexicon = &self.lexicon;
        vendor_field.read(texts.vendor_description, lexicon);
        purpose_field.read_names(texts.business_purpose, lexicon);
        let fields = Readings {
            vendor: vendor_field,
            purpose: purpose_field,
            expense_type: expense_types.read(texts.expense_type_name, lexicon),
            category: categories.read(texts.spend_category, lexicon),
        };
        vendor.read(&fields.vendor.text, &fields.vendor.marks);
        self.mention_names(fields, vendor, mentions);
        self.drop_lone_remainders(mentions);
        let text = &fields.vendor.text;
        if vendor.sells != Sells::Resold && !vendor.placeholder && !vendor_is_named(mentions) {
            let index = GuessIndex { lexicon, corrections: &self.corrections };
            index.guess(texts.vendor_description, fields.vendor, vendor, guesses, mentions);
        } else if let Some(named) = longest_vendor_name(mentions) {
            let index = GuessIndex { lexicon, corrections: &self.corrections };
            index.guess_longer(fields.vendor, &named, guesses, mentions);
        }
        if let Some(named) = longest_vendor_name(mentions) {
            let index = GuessIndex { lexicon, corrections: &self.corrections };
            index.number_glued(text, &named, mentions);
        }
        if !never.is_empty() {
            mentions.retain(|mention| !never.contains(&mention.entry));
        }
        if !mentions.is_empty() {
            vendor.read_misread(text, &fields.vendor.words, &lexicon.vocabulary);
        }
        mark_names(text.len(), mentions, named);
        let mut context = Context::read(
            fields.purpose.says,
            fields.expense_type.says,
            fields.category.says,
            texts.spend_category_code,
        );
        // App stores sell no devices: "iPad app" is an app.
        context.hardware &= vendor.sells != Sells::InStore;
        let line = Line {
            vendor_text: text,
            vendor,
            context,
            bought_through: vendor.sells == Sells::InStore && self.names_another_app(mentions, context),
            named,
            last_word_is_cut: !mentions.is_empty()
                && text.len() > 1
                && lexicon.vocabulary.begins_follower(text.token(text.len() - 1)),
            dictionary: &self.dictionary,
        };
        decide::rank(mentions, &line, candidates);
        then(&line, fields, mentions, candidates)
    }

    /// Notes who owns the exact names in all four fields.
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
                for alias in self.lexicon.owners(occurrence.pattern) {
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
                        spelling: alias.spelling,
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

    /// Whether the purpose names an app that neither is the vendor nor belongs to it.
    fn names_another_app(&self, mentions: &[Mention], context: Context) -> bool {
        let least = if context.acquires { Strength::Shared } else { Strength::Distinct };
        let sellers = || mentions.iter().filter(|m| m.field == Field::VendorDescription);
        mentions.iter().filter(|m| m.field == Field::BusinessPurpose).any(|bought| {
            let own = |seller: &Mention| {
                seller.entry == bought.entry
                    || decide::is_parent(&self.dictionary, seller.entry, bought.entry)
            };
            bought.strength >= least && !sellers().any(own)
        })
    }

    fn found(&self, mention: &Mention, texts: &ExpenseTexts<'_>, fields: Readings<'_>) -> Found {
        let source = match mention.field {
            Field::VendorDescription => texts.vendor_description,
            Field::BusinessPurpose => texts.business_purpose,
            Field::ExpenseTypeName => texts.expense_type_name,
            Field::SpendCategory => texts.spend_category,
        };
        let (start, end) = fields.of(mention.field).text.source_span(&mention.tokens);
        Found {
            matched_by: decide::matched_by(mention),
            field: mention.field,
            text: source.get(start..end).unwrap_or_default().to_owned(),
            alias: mention.spelling.of(self.dictionary.get(mention.entry)).to_owned(),
            start,
            end,
        }
    }
}

fn verdict(candidates: &[Candidate], mentions: &[Mention]) -> Verdict {
    let Some(best) = candidates.first() else {
        return Verdict { app: None, score: 0.0, band: Band::None, candidate: None };
    };
    let entry = mentions[best.mention].entry;
    let band = Band::of_score(best.score);
    Verdict { app: (band != Band::None).then_some(entry), score: best.score, band, candidate: Some(entry) }
}

/// Whether an unmistakable name stands in the vendor field, so that nothing needs to be guessed.
fn vendor_is_named(mentions: &[Mention]) -> bool {
    mentions.iter().any(|m| m.field == Field::VendorDescription && m.strength >= Strength::Distinct)
}

/// The tokens of the longest exact name in the vendor field.
fn longest_vendor_name(mentions: &[Mention]) -> Option<Range<usize>> {
    let exact = mentions.iter().filter(|m| m.field == Field::VendorDescription && m.guess.is_none());
    exact.map(|m| m.tokens.clone()).max_by_key(|tokens| (tokens.len(), std::cmp::Reverse(tokens.start)))
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
    vendor.sells == Sells::Resold || before_seller
}
