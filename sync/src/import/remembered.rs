//! What was said about a file counts for the next one of the account that has the same headings: whoever imports an export
//! every month maps it once.
//!
//! Kept are columns, date order, decimal mark and currency, in the words in which they are asked for, once a file was imported
//! to its end. What is said anew wins, word by word.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Store;
use store::ids::AccountId;
use store::imports;

use super::error::ImportError;
use super::field::plain;
use super::options::{Options, Wanted};

/// Whose earlier files are asked.
#[derive(Clone, Copy)]
pub struct Earlier<'a> {
    /// Remembers.
    pub store: &'a Store,
    /// The account.
    pub account: AccountId,
}

impl std::fmt::Debug for Earlier<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Earlier").field("account", &self.account).finish_non_exhaustive()
    }
}

/// What was said about an earlier file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remembered {
    /// The file's name.
    pub file: String,
    /// When it was imported.
    pub at: Timestamp,
    /// In the words in which it is asked for.
    pub said: Words,
}

/// [`Options`] without how a file is written, as they are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Words {
    /// `FIELD=HEADING`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub map: Vec<String>,
    /// `YMD`, `DMY` or `MDY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<String>,
    /// `point` or `comma`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

impl Words {
    fn of(options: &Options) -> Self {
        let wish = |(field, heading): (&super::Field, &Option<String>)| {
            format!("{}={}", field.name(), heading.as_deref().unwrap_or_default())
        };
        Self {
            map: options.mapping.iter().map(wish).collect(),
            date_order: options.date_order.map(|order| order.name().to_owned()),
            decimal: options.decimal_mark.map(|mark| mark.name().to_owned()),
            currency: options.currency.clone(),
        }
    }

    fn options(self) -> Result<Options, ImportError> {
        let Words { map, date_order, decimal, currency } = self;
        Wanted { map, date_order, decimal, currency, ..Wanted::default() }.options()
    }
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let one = |name: &str, word: &Option<String>| word.as_ref().map(|word| format!("{name} {word}"));
        let others =
            [one("dates", &self.date_order), one("decimal", &self.decimal), one("currency", &self.currency)];
        let words: Vec<String> = self.map.iter().cloned().chain(others.into_iter().flatten()).collect();
        f.write_str(&words.join(", "))
    }
}

/// What counts for a file: what is said now over what was said before.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) options: Options,
    /// What of it was said before.
    pub(super) before: Option<Remembered>,
    headings: Vec<String>,
    /// Something is said now, which counts for the next file.
    anew: bool,
}

impl Said {
    /// About a file with these headings.
    pub(super) fn of(
        options: &Options,
        headings: &[String],
        earlier: Option<Earlier<'_>>,
    ) -> Result<Self, ImportError> {
        let now = Words::of(options);
        let headings: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
        let before = match earlier {
            Some(Earlier { store, account }) if !options.as_new => {
                store.read_blocking(|conn| imports::remembered(conn, account, &headings))?
            }
            _ => None,
        };
        let mut said = Said {
            options: options.clone(),
            before: None,
            headings,
            anew: options.as_new || now != Words::default(),
        };
        let Some(imports::Remembered { options: words, file, at }) = before else { return Ok(said) };
        // Words of another version that this one does not understand are asked for again.
        let words = serde_json::from_value::<Words>(words).ok();
        let Some(before) = words.and_then(|words| words.options().ok()) else { return Ok(said) };
        let all = &mut said.options;
        let mut mapping: BTreeMap<_, _> = before.mapping.clone();
        mapping.append(&mut all.mapping);
        all.mapping = mapping;
        all.date_order = all.date_order.or(before.date_order);
        all.decimal_mark = all.decimal_mark.or(before.decimal_mark);
        all.currency = all.currency.take().or_else(|| before.currency.clone());
        said.before = Some(Remembered { file, at, said: Words::of(&before) });
        Ok(said)
    }

    /// Keeps it for the next file, if there is anything new.
    pub(super) fn remember(
        &self,
        conn: &mut store::Conn,
        account: AccountId,
        file: &str,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        if !self.anew {
            return Ok(());
        }
        let words = Words::of(&self.options);
        if words == Words::default() {
            return imports::forget(conn, account, &self.headings);
        }
        let options = serde_json::to_value(&words).unwrap_or_default();
        let said = imports::Remembered { options, file: file.to_owned(), at: now };
        imports::remember(conn, account, &self.headings, &said)
    }
}
