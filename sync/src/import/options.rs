//! What the caller decides about a file, as it is asked for: by flags, or by the parameters of a request.

use super::amount::DecimalMark;
use super::date::DateOrder;
use super::error::ImportError;
use super::mapping::{Wishes, wish};
use super::table::FileOptions;

/// What the caller decides about a file; what is absent was said about an earlier file with the same headings
/// (`remembered`), or is found out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How it is written.
    pub file: FileOptions,
    /// Fields whose column is given.
    pub mapping: Wishes,
    /// The order of its dates.
    pub date_order: Option<DateOrder>,
    /// The decimal mark of its amounts.
    pub decimal_mark: Option<DecimalMark>,
    /// ISO 4217 code for rows that name none.
    pub currency: Option<String>,
    /// Nothing that was said about an earlier file counts.
    pub as_new: bool,
}

/// [`Options`] in the caller's words.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `FIELD=HEADING`, `FIELD=#3`, or `FIELD=` to leave it out.
    pub map: Vec<String>,
    /// `YMD`, `DMY` or `MDY`.
    pub date_order: Option<String>,
    /// `point` or `comma`.
    pub decimal: Option<String>,
    /// Three letters.
    pub currency: Option<String>,
    /// How the file is written.
    pub file: FileOptions,
    /// As if no file with these headings had come before.
    pub as_new: bool,
}

impl Wanted {
    /// Reads the words.
    ///
    /// # Errors
    /// [`ImportError::Mapping`], which names the word and what may stand there.
    pub fn options(self) -> Result<Options, ImportError> {
        let Wanted { map, date_order, decimal, currency, file, as_new } = self;
        let wrong = |what: &str, given: &str, reason: &str| ImportError::Mapping {
            wish: format!("{what} {given}"),
            reason: reason.to_owned(),
        };
        let date_order = date_order.map(|name| {
            DateOrder::named(&name).ok_or_else(|| wrong("date order", &name, "use YMD, DMY or MDY"))
        });
        let decimal_mark = decimal.map(|name| {
            DecimalMark::named(&name).ok_or_else(|| wrong("decimal mark", &name, "use point or comma"))
        });
        let currency = currency.map(|code| {
            let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
            let reason = "use three letters, such as EUR (ISO 4217)";
            is_code.then(|| code.to_ascii_uppercase()).ok_or_else(|| wrong("currency", &code, reason))
        });
        Ok(Options {
            file,
            mapping: map.iter().map(|text| wish(text)).collect::<Result<_, _>>()?,
            date_order: date_order.transpose()?,
            decimal_mark: decimal_mark.transpose()?,
            currency: currency.transpose()?,
            as_new,
        })
    }
}
