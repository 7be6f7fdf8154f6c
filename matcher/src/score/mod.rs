//! The evidence for one mention, added up.
//!
//! Each reason is a weight in log-odds from `weights` and a sentence; the score is their sum through the logistic
//! function. Which mention wins is `decide`'s part.

pub(crate) mod osa;
pub(crate) mod tokens;
mod weights;

use std::borrow::Cow;

use crate::aliases::{Strength, domain_phrase};
use crate::context::{Context, Heading};
use crate::dictionary::Dictionary;
use crate::explain::{Evidence, Field};
use crate::mention::Mention;
use crate::namesakes::Namesakes;
use crate::normalize::{Gap, Normalized};
use crate::unwrap::{Part, Sells, Vendor};
use crate::work::{LinesOfWork, Works};
use tokens::Likeness;
use weights as w;

/// What else is said about the app of a mention in the other fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Company {
    /// The vendor field names the app too.
    pub(crate) corroborated: bool,
    /// The vendor field names the company that bills for the app.
    pub(crate) parent_paid: bool,
}

/// All that a score is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'l> {
    pub(crate) vendor_text: &'l Normalized,
    pub(crate) purpose_text: &'l Normalized,
    pub(crate) vendor: &'l Vendor,
    pub(crate) context: Context,
    /// For each token of the vendor field, whether it is part of any known name.
    pub(crate) named: &'l [bool],
    /// The vendor is an app store, and the purpose names an app that is not the store's own.
    pub(crate) bought_through: bool,
    /// The vendor field ends in the beginning of a word that follows names.
    pub(crate) last_word_is_cut: bool,
    /// The lines of work that purpose and expense type speak of.
    pub(crate) works: Works,
    pub(crate) lines_of_work: &'l LinesOfWork,
    pub(crate) namesakes: &'l Namesakes,
    pub(crate) dictionary: &'l Dictionary,
}

/// A sum of reasons.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) log_odds: f64,
    /// The reasons in words, when somebody asks for them.
    pub(crate) evidence: Option<Vec<Evidence>>,
}

impl Tally {
    fn add<W: Into<Cow<'static, str>>>(&mut self, name: &'static str, weight: f64, why: impl FnOnce() -> W) {
        self.log_odds += weight;
        if let Some(evidence) = &mut self.evidence {
            evidence.push(Evidence { name, weight, why: why().into() });
        }
    }

    /// The sum as a probability, rounded to four digits: more would pretend to know more.
    pub(crate) fn score(&self) -> f64 {
        let probability = 1.0 / (1.0 + (-(self.log_odds + self.calibration())).exp());
        (probability * 10_000.0).round() / 10_000.0
    }

    /// What makes the sum a probability.
    fn calibration(&self) -> f64 {
        w::CALIBRATION + if self.log_odds < 0.0 { w::DOUBT_SLOPE * self.log_odds } else { 0.0 }
    }
}

/// Weighs one mention.
pub(crate) fn weigh(mention: &Mention, line: &Line<'_>, company: Company) -> Tally {
    tally(mention, line, company, None)
}

/// Weighs one mention and gives the reasons.
pub(crate) fn explain(mention: &Mention, line: &Line<'_>, company: Company) -> Vec<Evidence> {
    let mut tally = tally(mention, line, company, Some(Vec::new()));
    tally.add("calibration", tally.calibration(), || "how often such evidence is right");
    tally.evidence.unwrap_or_default()
}

fn tally(mention: &Mention, line: &Line<'_>, company: Company, evidence: Option<Vec<Evidence>>) -> Tally {
    let mut tally = Tally { log_odds: 0.0, evidence };
    match mention.field {
        Field::VendorDescription => {
            vendor_name(mention, line, &mut tally);
            vendor_surroundings(mention, line, &mut tally);
            if company.parent_paid {
                tally.add("parent_named", w::PARENT_PAID, || "the company behind the app stands beside it");
            }
        }
        Field::BusinessPurpose => purpose_name(mention, line, company, &mut tally),
        Field::ExpenseTypeName | Field::SpendCategory => {
            tally.add("heading_mention", w::HEADING_MENTION, || "the name stands in a heading");
        }
    }
    if company.corroborated {
        tally.add("corroborated", w::CORROBORATED, || "vendor and purpose name the same app");
    }
    context(mention, line.context, &mut tally);
    namesake(mention, line, &mut tally);
    limit_guess(mention, line, &mut tally);
    tally
}

/// Letters below which a name that is one letter away is mostly another one.
const SHORT_NAME_LETTERS: usize = 7;

fn letters_of(mention: &Mention, line: &Line<'_>) -> usize {
    mention.tokens.clone().map(|at| line.vendor_text.token(at).len()).sum()
}

/// That something is software does not tell which: a name that is only near stays as sure as it is near.
fn limit_guess(mention: &Mention, line: &Line<'_>, tally: &mut Tally) {
    let limit = match mention.guess {
        Some(Likeness::Misspelt(1)) if letters_of(mention, line) < SHORT_NAME_LETTERS => {
            w::LIMIT_MISSPELT_SHORT
        }
        Some(Likeness::Misspelt(1)) => w::LIMIT_MISSPELT_ONCE,
        Some(Likeness::Misspelt(_)) => w::LIMIT_MISSPELT_TWICE,
        Some(Likeness::Cut) => w::LIMIT_CUT,
        _ => return,
    };
    if tally.log_odds > limit {
        tally.add(
            "guess_limit",
            limit - tally.log_odds,
            || "the name is only near, whatever else speaks for software",
        );
    }
}

fn vendor_name(mention: &Mention, line: &Line<'_>, tally: &mut Tally) {
    let (name, weight, why) = match mention.strength {
        Strength::Remainder | Strength::Word => {
            ("vendor_word", w::VENDOR_WORD, "the name is an ordinary word")
        }
        Strength::Shared => ("vendor_shared", w::VENDOR_SHARED, "the name has other owners or is very short"),
        Strength::Distinct => ("vendor_name", w::VENDOR_DISTINCT, "the vendor bears the app's name"),
        Strength::Domain => ("vendor_domain", w::VENDOR_DOMAIN, "the vendor bears the app's domain"),
    };
    tally.add(name, weight, || why);
    match mention.guess {
        None => {}
        Some(Likeness::Joined) => {
            tally.add("guess_joined", w::GUESS_JOINED, || "the words are run together or apart");
        }
        Some(Likeness::LookAlike) => {
            tally.add(
                "guess_look_alike",
                w::GUESS_LOOK_ALIKE,
                || "look-alike characters, as scanners make them",
            );
        }
        Some(Likeness::Misspelt(edits)) => {
            let weight = match (edits, letters_of(mention, line)) {
                (1, 0..SHORT_NAME_LETTERS) => w::GUESS_MISSPELT_SHORT,
                (1, _) => w::GUESS_MISSPELT_ONCE,
                _ => w::GUESS_MISSPELT_TWICE,
            };
            tally.add("guess_misspelt", weight, || match edits {
                1 => Cow::Borrowed("one letter away from the name"),
                _ => Cow::Owned(format!("{edits} letters away from the name")),
            });
        }
        Some(Likeness::Cut) => tally.add("guess_cut", w::GUESS_CUT, || "the name is cut off"),
        Some(Likeness::Glued) => {
            tally.add("guess_glued", w::GUESS_GLUED, || "other words are run into the name");
        }
    }
}

fn vendor_surroundings(mention: &Mention, line: &Line<'_>, tally: &mut Tally) {
    let vendor = line.vendor;
    let misspelt = matches!(mention.guess, Some(Likeness::Misspelt(_)));
    let weak = misspelt || mention.strength <= Strength::Shared;
    let strange_word = match (mention.strength <= Strength::Shared, misspelt) {
        (true, _) => w::STRANGE_WORD_WEAK,
        (false, true) => w::STRANGE_WORD_MISSPELT,
        (false, false) => w::STRANGE_WORD_DISTINCT,
    };
    let name_ends = end_of_name(mention, line);
    let beside = || (vendor.seller..vendor.parts.len()).filter(|at| !mention.tokens.contains(at));
    // A city that no list holds explains a word beside a coined name; beside a weak one it may be the rest of another,
    // unless the line speaks of the app's work.
    let works = is_line_of_work(mention, line);
    let weak_name = mention.strength <= Strength::Shared;
    let is_strange = |at: &usize| match vendor.parts[*at] {
        Part::Word => {
            let code = works && *at >= mention.tokens.end && is_short_code(line.vendor_text.token(*at));
            !line.named[*at] && !code
        }
        Part::PerhapsPlace => weak_name && !works && !line.named[*at],
        _ => false,
    };
    let strange = beside().filter(|&at| at < name_ends).filter(is_strange).count();
    let venue = beside().find(|&at| vendor.parts[at] == Part::Venue && !line.named[at]);
    let wrapped = !vendor.storefront.is_empty() && mention.tokens.end <= vendor.storefront.end;
    if line.bought_through || wrapped && line.named[vendor.seller..].iter().any(|named| *named) {
        tally.add(
            "storefront_wraps",
            w::STOREFRONT_WRAPS,
            || "another app was bought through the storefront",
        );
    }
    if strange == 0 && venue.is_none() {
        tally.add("whole", w::WHOLE, || "nothing in the vendor belongs to another name");
        if works {
            tally.add(
                "line_of_work",
                w::LINE_OF_WORK,
                || "the purpose or the expense type says what the app does",
            );
        }
    } else if strange > 0 {
        let counted = u8::try_from(strange).unwrap_or(u8::MAX).min(w::STRANGE_WORDS_MAX);
        tally.add("strange_words", strange_word * f64::from(counted), || {
            format!("{strange} words beside the name are unexplained")
        });
    }
    if let Some(at) = venue {
        let weight = if weak { w::VENUE_WEAK } else { w::VENUE_DISTINCT };
        let word = line.vendor_text.token(at);
        tally.add("venue", weight, || format!("\"{word}\" is what shops and venues are called"));
    }
    let before = (vendor.seller..mention.tokens.start.max(vendor.seller))
        .any(|at| vendor.parts[at] == Part::Word && !line.named[at]);
    if before {
        tally.add("not_first", w::NOT_FIRST, || "the seller's name begins with other words");
    }
    if venue.is_none() && beside().any(|at| vendor.parts[at] == Part::Service) {
        tally.add("service", w::SERVICE, || "a word for services stands beside the name");
    }
    if is_label_of_other_domain(mention, line) {
        tally.add("other_domain", w::OTHER_DOMAIN, || "the name is part of another domain");
    }
    if is_address_of(mention, line) {
        tally.add("address", w::ADDRESS, || "the address of the name's website follows, as far as it fits");
    }
    let follower = line.vendor_text.tokens.get(mention.tokens.end);
    if follower.is_some_and(|token| token.before == Gap::Star) {
        tally.add("star", w::STAR_FOLLOWS, || "an asterisk follows the name, as in billing descriptors");
    }
    if vendor.intermediary && mention.tokens.start >= vendor.seller {
        tally.add("intermediary", w::INTERMEDIARY, || "paid through an intermediary for online payments");
    }
}

/// `T09`: two digits or more among one or two letters are an account's code or a gate's number, no part of a name.
fn is_short_code(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    digits >= 2 && token.len() > digits && token.len() <= 4
}

/// Whether a weak name is supported by words for what its app does. A name that is only near gets no such support:
/// competitors do the same work, and some of them are called alike.
fn is_line_of_work(mention: &Mention, line: &Line<'_>) -> bool {
    if line.works == Works::EMPTY || mention.strength > Strength::Shared || mention.guess.is_some() {
        return false;
    }
    let category = line.dictionary.get(mention.entry).category.as_deref().unwrap_or_default();
    let bought = !line.context.occasion && !line.context.hardware && line.context.heading != Heading::Travel;
    bought && line.works.any(line.lines_of_work.of_category(category))
}

/// Where the words that may belong to the seller's name end: what follows a reference, an asterisk or a number sign
/// belongs to the order, what belongs to a host name to the web, and a last word may be cut off.
fn end_of_name(mention: &Mention, line: &Line<'_>) -> usize {
    let text = line.vendor_text;
    // A guess that holds the host's ending says what one without it would; an exact host name says more, and is held to more.
    let is_host = text.tokens[mention.tokens.end - 1].before == Gap::Dot;
    if is_host && mention.guess.is_some() {
        return mention.tokens.end;
    }
    let order_begins = (mention.tokens.end..text.len()).find(|&at| {
        line.vendor.parts[at] == Part::Reference
            || matches!(text.tokens[at].before, Gap::Star | Gap::Hash | Gap::Dot)
            || text.tokens.get(at + 1).is_some_and(|next| next.before == Gap::Dot)
    });
    order_begins.unwrap_or(text.len() - usize::from(line.last_word_is_cut))
}

/// `HTTPSQUILLWORK.I`: descriptors run the website's address together and cut it where the field ends.
fn is_address_of(mention: &Mention, line: &Line<'_>) -> bool {
    let text = line.vendor_text;
    let name: String = mention.tokens.clone().map(|at| text.token(at)).collect();
    (mention.tokens.end..text.len()).any(|at| {
        let token = text.token(at);
        let address = ["https", "http", "www"].iter().find_map(|scheme| token.strip_prefix(scheme));
        address.is_some_and(|address| {
            address.len() >= 3 && (address.starts_with(&name) || name.starts_with(address))
        })
    })
}

/// `QUILLWORK.SHOP` is not the app whose domain is `quillwork.io`; `QUILLWORK.I` may be.
fn is_label_of_other_domain(mention: &Mention, line: &Line<'_>) -> bool {
    let text = line.vendor_text;
    let end =
        (mention.tokens.end..text.len()).find(|&at| text.tokens[at].before != Gap::Dot).unwrap_or(text.len());
    if mention.strength == Strength::Domain || mention.guess.is_some() || end == mention.tokens.end {
        return false;
    }
    let Some(domain) = &line.dictionary.get(mention.entry).domain else { return false };
    !domain_phrase(domain).starts_with(&text.join(mention.tokens.start..end))
}

fn purpose_name(mention: &Mention, line: &Line<'_>, company: Company, tally: &mut Tally) {
    let (name, weight, why) = match mention.strength {
        Strength::Remainder | Strength::Word => {
            ("purpose_word", w::PURPOSE_WORD, "an ordinary word in the purpose")
        }
        Strength::Shared => ("purpose_shared", w::PURPOSE_SHARED, "a shared name in the purpose"),
        Strength::Distinct => ("purpose_name", w::PURPOSE_DISTINCT, "the purpose names the app"),
        Strength::Domain => ("purpose_domain", w::PURPOSE_DOMAIN, "the purpose names the app's domain"),
    };
    tally.add(name, weight, || why);
    if company.corroborated {
        // Counted for every field, in `weigh`.
    } else if company.parent_paid {
        tally.add("parent_paid", w::PARENT_PAID, || "the vendor is the company behind the app");
    } else if line.vendor.sells == Sells::InStore {
        tally.add("storefront", w::RESELLER, || "the vendor is a store for other people's apps");
    } else if line.vendor.sells == Sells::Resold {
        tally.add("reseller", w::RESELLER, || "the vendor resells other people's software");
    } else if line.vendor.placeholder {
        tally.add("nobody_named", w::NOBODY_NAMED, || "the vendor field names nobody");
    } else {
        tally.add("stranger_paid", w::STRANGER_PAID, || "the vendor is somebody else");
    }
}

/// Vendor or purpose speak of somebody else who is called like the app.
fn namesake(mention: &Mention, line: &Line<'_>, tally: &mut Tally) {
    let told_by = |text| line.namesakes.told_by(mention.entry, text);
    if let Some(word) = told_by(line.vendor_text).or_else(|| told_by(line.purpose_text)) {
        tally.add("negative_word", w::NEGATIVE_WORD, || {
            format!("\"{}\" tells of somebody else with that name", word.phrase())
        });
    }
}

fn context(mention: &Mention, context: Context, tally: &mut Tally) {
    let in_purpose = mention.field == Field::BusinessPurpose;
    match context.heading {
        Heading::Software => tally.add("heading_software", w::HEADING_SOFTWARE, || "booked as software"),
        Heading::Services => {
            tally.add("heading_services", w::HEADING_SERVICES, || "booked where online services often are");
        }
        Heading::Goods => tally.add("heading_goods", w::HEADING_GOODS, || "booked where software seldom is"),
        Heading::Travel => {
            let weight = if in_purpose { w::HEADING_TRAVEL_PURPOSE } else { w::HEADING_TRAVEL };
            tally.add("heading_travel", weight, || "booked as travel, meals or entertainment");
        }
        Heading::Neutral => {}
    }
    if context.hardware {
        tally.add("hardware", w::HARDWARE, || "the purpose names a device");
    }
    if context.occasion {
        let weight = if in_purpose { w::OCCASION_PURPOSE } else { w::OCCASION };
        tally.add("occasion", weight, || "the purpose names an occasion");
    } else if context.acquires {
        let weight = if in_purpose { w::ACQUIRES_PURPOSE } else { w::ACQUIRES };
        tally.add("acquires", weight, || "the purpose speaks of an acquisition of software");
    }
}
