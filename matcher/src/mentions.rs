//! Which names stand on a line: the exact ones of all four fields, by owner, without those that only say how was paid.

use std::ops::Range;

use crate::aliases::Strength;
use crate::context::Context;
use crate::decide;
use crate::dictionary::{Dictionary, EntryId};
use crate::explain::Field;
use crate::lexicon::Lexicon;
use crate::mention::Mention;
use crate::reading::Reading;
use crate::unwrap::{Sells, Vendor};

/// The four fields of a line, read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readings<'r> {
    pub(crate) vendor: &'r Reading,
    pub(crate) purpose: &'r Reading,
    pub(crate) expense_type: &'r Reading,
    pub(crate) category: &'r Reading,
}

impl<'r> Readings<'r> {
    pub(crate) fn of(self, field: Field) -> &'r Reading {
        match field {
            Field::VendorDescription => self.vendor,
            Field::BusinessPurpose => self.purpose,
            Field::ExpenseTypeName => self.expense_type,
            Field::SpendCategory => self.category,
        }
    }
}

/// Notes who owns the exact names in all four fields.
pub(crate) fn mention_names(
    lexicon: &Lexicon,
    fields: Readings<'_>,
    vendor: &Vendor,
    mentions: &mut Vec<Mention>,
) {
    mentions.clear();
    for field in
        [Field::VendorDescription, Field::BusinessPurpose, Field::ExpenseTypeName, Field::SpendCategory]
    {
        let heading = matches!(field, Field::ExpenseTypeName | Field::SpendCategory);
        for occurrence in &fields.of(field).names {
            if field == Field::VendorDescription && is_wrapping(vendor, &occurrence.tokens) {
                continue;
            }
            for alias in lexicon.owners(occurrence.pattern) {
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
pub(crate) fn drop_lone_remainders(dictionary: &Dictionary, mentions: &mut Vec<Mention>) {
    if mentions.iter().all(|m| m.strength != Strength::Remainder) {
        return;
    }
    let paid: Vec<EntryId> =
        mentions.iter().filter(|m| m.field == Field::VendorDescription).map(|m| m.entry).collect();
    mentions.retain(|m| {
        m.strength != Strength::Remainder || paid.iter().any(|&p| decide::is_parent(dictionary, p, m.entry))
    });
}

/// Whether the purpose names an app that neither is the vendor nor belongs to it.
pub(crate) fn names_another_app(dictionary: &Dictionary, mentions: &[Mention], context: Context) -> bool {
    let least = if context.acquires { Strength::Shared } else { Strength::Distinct };
    let sellers = || mentions.iter().filter(|m| m.field == Field::VendorDescription);
    mentions.iter().filter(|m| m.field == Field::BusinessPurpose).any(|bought| {
        let own = |seller: &Mention| {
            seller.entry == bought.entry || decide::is_parent(dictionary, seller.entry, bought.entry)
        };
        bought.strength >= least && !sellers().any(own)
    })
}

/// Whether an unmistakable name stands in the vendor field, so that nothing needs to be guessed.
pub(crate) fn vendor_is_named(mentions: &[Mention]) -> bool {
    mentions.iter().any(|m| m.field == Field::VendorDescription && m.strength >= Strength::Distinct)
}

/// The tokens of the longest exact name in the vendor field.
pub(crate) fn longest_vendor_name(mentions: &[Mention]) -> Option<Range<usize>> {
    let exact = mentions.iter().filter(|m| m.field == Field::VendorDescription && m.guess.is_none());
    exact.map(|m| m.tokens.clone()).max_by_key(|tokens| (tokens.len(), std::cmp::Reverse(tokens.start)))
}

/// Notes which tokens of the vendor belong to a name: they are no strangers to one another.
pub(crate) fn mark_names(tokens: usize, mentions: &[Mention], named: &mut Vec<bool>) {
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
