//! Expense texts in, scored and explained matches to SaaS apps out.
//!
//! The crate answers one question: which app of a [`Dictionary`] does an expense line pay for, if any? It reads the
//! texts that SAP Concur keeps for a line (Expense Report v3 entry: `VendorDescription`, `BusinessPurpose`,
//! `ExpenseTypeName`, `SpendCategory`) and answers with an app or an abstention, a score, a [`Band`] and the
//! reasons. The stages, each in a file of its own:
//!
//! 1. `normalize`: one spelling for many, with every token tied to its place in the source;
//! 2. `unwrap`: payment intermediaries, references, places and legal forms peeled off the vendor;
//! 3. `phrases` (or `automaton`) and `reading`: exact names on token boundaries, the longest first, in all four fields;
//! 4. `guess` and `corrections`: for a vendor that no name stands in, the few names worth a comparison;
//! 5. `context` and `score`: evidence for and against, each piece with its weight and reason;
//! 6. `decide`: the best candidate, its band, or an abstention.
//!
//! Around them: [`rules`], which come before any guess; `change`, what would lead to another answer; [`evaluate`], how
//! good the answers are; [`batch`], files in and out; [`patterns`], what lines tell together. `DESIGN.md` teaches the algorithm and gives its figures.
//!
//! It never does I/O, reads no clock, starts no thread and learns nothing from what it sees: the same texts and the
//! same dictionary give the same bytes.
//!
//! ```
//! use std::sync::Arc;
//! use matcher::{Band, Dictionary, ExpenseTexts, Matcher};
//!
//! let dictionary = Dictionary::from_jsonl(
//!     r#"{"id":"quillwork","name":"Quillwork","aliases":["Quillwork Labs Inc"],"domain":"quillwork.io","category":"design"}"#,
//! )?;
//! let matcher = Matcher::new(Arc::new(dictionary));
//! let mut scratch = matcher.scratch();
//! let decision = matcher.decide(
//!     &ExpenseTexts { vendor_description: "PAYPAL *QUILLWORK 4029357733", ..ExpenseTexts::default() },
//!     &mut scratch,
//! );
//! assert_eq!(decision.app_id.as_deref(), Some("quillwork"));
//! assert_eq!(decision.band, Band::Certain);
//! # Ok::<(), matcher::DictionaryError>(())
//! ```
#![warn(missing_docs)]

mod aliases;
mod automaton;
mod band;
pub mod batch;
mod change;
mod context;
mod corrections;
mod decide;
mod decision;
mod dictionary;
pub mod evaluate;
mod explain;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod guess;
mod lexicon;
mod matcher;
mod mention;
mod mentions;
mod namesakes;
mod normalize;
mod pair;
pub mod patterns;
mod phrases;
mod reading;
mod ruled;
pub mod rules;
mod score;
mod scratch;
mod texts;
mod unwrap;
mod vocabulary;
mod words;
mod work;

pub use band::Band;
pub use change::Change;
pub use decision::{Decision, Verdict};
pub use dictionary::lint::{Finding, Severity};
pub use dictionary::{App, Dictionary, DictionaryError, EntryId, Role, limits};
pub use explain::{Evidence, Explanation, Field, Found, MatchedBy, RunnerUp};
pub use lexicon::Engine;
pub use matcher::Matcher;
pub use scratch::Scratch;
pub use texts::{ExpenseTexts, TEXT_BYTES_MAX};
