//! Every number of the score, with its reason. Unit: log-odds (natural logarithm); 0 is even odds, +2.2 is 9 in 10,
//! -2.2 is 1 in 10.
//!
//! They were set by reasoning and checked on labelled lines of invented and public descriptors; they are rules of
//! thumb that hold for any customer, not fitted coefficients.

/// Evidence that just balances is right in four cases of five: names are not drawn by lot, a text that holds one mostly
/// means it. The sum of the reasons is moved by this much before it is read as a probability.
pub(crate) const CALIBRATION: f64 = 1.3863;
/// Below the balance doubt grows by this much more than trust does above it: what speaks against a name is mostly right.
pub(crate) const DOUBT_SLOPE: f64 = 2.0;

/// An ordinary word as the payee is as often the shop round the corner: alone, even as the whole seller, it does not
/// reach even odds.
pub(crate) const VENDOR_WORD: f64 = -1.4;
/// The dictionary itself warns that the name has other owners, or it is very short.
pub(crate) const VENDOR_SHARED: f64 = 0.6;
/// A coined name in the field where payees stand.
pub(crate) const VENDOR_DISTINCT: f64 = 2.4;
/// A domain has one owner.
pub(crate) const VENDOR_DOMAIN: f64 = 3.2;

/// In the purpose an ordinary word is a word.
pub(crate) const PURPOSE_WORD: f64 = -2.4;
/// In the purpose a shared name needs an acquisition beside it.
pub(crate) const PURPOSE_SHARED: f64 = -1.0;
/// A coined name in the purpose is talked about, which is not yet paid.
pub(crate) const PURPOSE_DISTINCT: f64 = 0.4;
/// People seldom write a domain unless they paid there.
pub(crate) const PURPOSE_DOMAIN: f64 = 0.8;

/// A heading is the customer's own list; an app's name there is an account set up for that app, or a coincidence.
pub(crate) const HEADING_MENTION: f64 = -0.8;

/// The name is the whole seller; only references, places and legal forms follow.
pub(crate) const WHOLE: f64 = 1.2;
/// A word beside a coined name that nothing explains.
pub(crate) const STRANGE_WORD_DISTINCT: f64 = -0.9;
/// A word beside a shared name or ordinary word: probably another company's name.
pub(crate) const STRANGE_WORD_WEAK: f64 = -2.2;
/// A word beside a misspelt name: another name, or a city that no list holds.
pub(crate) const STRANGE_WORD_MISSPELT: f64 = -1.6;
/// The address of a website that bears the name.
pub(crate) const ADDRESS: f64 = 2.5;
/// Strange words are counted up to here; more say nothing new.
pub(crate) const STRANGE_WORDS_MAX: u8 = 3;
/// The name is the label of another company's domain.
pub(crate) const OTHER_DOMAIN: f64 = -2.4;
/// The seller's name begins elsewhere.
pub(crate) const NOT_FIRST: f64 = -0.8;
/// A word of shops, venues and carriers beside a coined name: its stadium, its store.
pub(crate) const VENUE_DISTINCT: f64 = -2.6;
/// The same beside a weak name.
pub(crate) const VENUE_WEAK: f64 = -4.5;
/// `subscription`, `cloud`, `pro plan` beside the name.
pub(crate) const SERVICE: f64 = 1.0;
/// An asterisk follows the name, as billing systems write it before an order number.
pub(crate) const STAR_FOLLOWS: f64 = 1.0;
/// Behind an intermediary for online payments stands an online seller.
pub(crate) const INTERMEDIARY: f64 = 0.5;
/// The name is that of a storefront, and another name follows.
pub(crate) const STOREFRONT_WRAPS: f64 = -3.0;

/// Booked as software.
pub(crate) const HEADING_SOFTWARE: f64 = 1.6;
/// Booked under a heading where online services are often booked.
pub(crate) const HEADING_SERVICES: f64 = 1.1;
/// Booked under gifts, postage, insurance.
pub(crate) const HEADING_GOODS: f64 = -2.2;
/// Booked under travel or meals: what was bought is known, and it is no software.
pub(crate) const HEADING_TRAVEL: f64 = -3.5;
/// Under such a heading a purpose names the occasion. A veto.
pub(crate) const HEADING_TRAVEL_PURPOSE: f64 = -9.0;

/// The purpose speaks of licences, subscriptions, renewals.
pub(crate) const ACQUIRES: f64 = 0.9;
/// The same where the app itself is named in the purpose.
pub(crate) const ACQUIRES_PURPOSE: f64 = 1.6;
/// The purpose speaks of a taxi, a dinner, a visit.
pub(crate) const OCCASION: f64 = -1.8;
/// The same where the app itself is named in the purpose: it is the occasion.
pub(crate) const OCCASION_PURPOSE: f64 = -4.0;
/// The purpose names a device.
pub(crate) const HARDWARE: f64 = -2.5;

/// Purpose or expense type say what the app of a weak name does: "team chat". A farm of that name does not.
pub(crate) const LINE_OF_WORK: f64 = 2.2;

/// The dictionary says that the word tells of somebody else with that name, whatever else speaks for the app.
pub(crate) const NEGATIVE_WORD: f64 = -9.0;

/// Nobody is named as the payee, so the purpose says who was.
pub(crate) const NOBODY_NAMED: f64 = 1.6;
/// A reseller was paid; the purpose says for what.
pub(crate) const RESELLER: f64 = 2.0;
/// Somebody else was paid.
pub(crate) const STRANGER_PAID: f64 = -2.6;
/// The payee is the company behind the product.
pub(crate) const PARENT_PAID: f64 = 3.0;
/// Payee and purpose name the same app.
pub(crate) const CORROBORATED: f64 = 1.5;

/// The same letters with other spaces: as good as exact, nearly.
pub(crate) const GUESS_JOINED: f64 = -0.3;
/// Look-alike characters: scanners do that, other companies do not.
pub(crate) const GUESS_LOOK_ALIKE: f64 = -0.3;
/// One edit; how long the name must be for it is decided by `tokens::edits_max`.
pub(crate) const GUESS_MISSPELT_ONCE: f64 = -1.4;
/// The same where the name is short.
pub(crate) const GUESS_MISSPELT_SHORT: f64 = -2.2;
/// However much speaks for software, a short name that is one letter away is no more certain than this,
pub(crate) const LIMIT_MISSPELT_SHORT: f64 = 1.8;
/// a longer one than this,
pub(crate) const LIMIT_MISSPELT_ONCE: f64 = 2.9;
/// a name two letters away than this,
pub(crate) const LIMIT_MISSPELT_TWICE: f64 = 1.5;
/// and one that ends early than this.
pub(crate) const LIMIT_CUT: f64 = 3.2;
/// Two edits: another word may be as near.
pub(crate) const GUESS_MISSPELT_TWICE: f64 = -2.4;
/// A name that ends early.
pub(crate) const GUESS_CUT: f64 = -1.0;
/// A name run into other words.
pub(crate) const GUESS_GLUED: f64 = -0.8;
