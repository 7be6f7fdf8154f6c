//! The front: a [`Matcher`] over a dictionary. What goes in and comes out is in `texts` and `decision`.

use std::ops::Range;
use std::sync::Arc;

use crate::aliases::Strength;
use crate::context::Context;
use crate::corrections::Corrections;
use crate::decide::{self, Candidate};
use crate::decision::{Decision, Verdict, verdict};
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::{Explanation, Field, Found, RunnerUp};
use crate::guess::GuessIndex;
use crate::lexicon::{Engine, Lexicon};
use crate::mention::Mention;
use crate::mentions::{
    Readings, drop_lone_remainders, longest_vendor_name, mark_names, mention_names, names_another_app,
    vendor_is_named,
};
use crate::score::{self, Line};
use crate::scratch::Scratch;
use crate::texts::{ExpenseTexts, TEXT_BYTES_MAX};
use crate::unwrap::Sells;

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
    lexicon: Lexicon,
    corrections: Corrections,
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
        Matcher { dictionary, lexicon, corrections }
    }

    /// The id of an entry, to be given away.
    pub(crate) fn id(&self, entry: EntryId) -> Arc<str> {
        Arc::from(self.dictionary.get(entry).id.as_str())
    }

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
        vendor.read(&fields.vendor.text, &fields.vendor.marks, &fields.vendor.names);
        mention_names(lexicon, fields, vendor, mentions);
        drop_lone_remainders(&self.dictionary, mentions);
        let text = &fields.vendor.text;
        if vendor.sells != Sells::Resold && !vendor.placeholder && !vendor_is_named(mentions) {
            let index = GuessIndex { lexicon, corrections: &self.corrections };
            index.guess(texts.vendor_description, fields.vendor, vendor, guesses, mentions);
        } else if let Some(named) = longest_vendor_name(mentions) {
            let index = GuessIndex { lexicon, corrections: &self.corrections };
            index.guess_longer(fields.vendor, vendor, &named, guesses, mentions);
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
            purpose_text: &fields.purpose.text,
            vendor,
            context,
            bought_through: vendor.sells == Sells::InStore
                && names_another_app(&self.dictionary, mentions, context),
            named,
            last_word_is_cut: !mentions.is_empty()
                && text.len() > 1
                && lexicon.vocabulary.begins_follower(text.token(text.len() - 1)),
            works: fields.purpose.works.or(fields.expense_type.works),
            lines_of_work: &lexicon.work,
            namesakes: &lexicon.namesakes,
            dictionary: &self.dictionary,
        };
        decide::rank(mentions, &line, candidates);
        then(&line, fields, mentions, candidates)
    }

    fn found(&self, mention: &Mention, texts: &ExpenseTexts<'_>, fields: Readings<'_>) -> Found {
        let source = match mention.field {
            Field::VendorDescription => texts.vendor_description,
            Field::BusinessPurpose => texts.business_purpose,
            Field::ExpenseTypeName => texts.expense_type_name,
            Field::SpendCategory => texts.spend_category,
        };
        let (start, end) = fields.of(mention.field).text.source_span(&mention.tokens);
        let app = self.dictionary.get(mention.entry);
        let alias = mention.spelling.of(app);
        Found {
            matched_by: decide::matched_by(mention),
            field: mention.field,
            text: source.get(start..end).unwrap_or_default().to_owned(),
            alias: alias.to_owned(),
            alias_source: app.source_of(alias).map(str::to_owned),
            start,
            end,
        }
    }
}
