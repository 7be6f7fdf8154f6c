//! The spend profile: country, currency, locale and the rest, derived where the provider says nothing.
//!
//! A provider's own value in the spend extension always goes first. Where a required member cannot be had, the
//! driver leaves the whole profile out, since Concur takes no half ones. Source: Concur page *Spend User*.

use serde_json::{Value, json};

use super::countries::{Country, country};
use super::lists::work_address;
use super::{Outcome, Source};
use crate::translate::document::SPEND;
use crate::translate::mapping::Row;

const REIMBURSEMENT_TYPES: &[&str] = &["ACCOUNTS_PAYABLE", "ADP_PAYROLL", "CONCUR_PAY", "OTHER"];

/// The provider's country, else the work address's, else the account's.
pub(in crate::translate) fn spend_country(source: &Source<'_>, row: &Row) -> Outcome {
    let sent = source.text(row.scim).or_else(|| work_address(source, "country"));
    let default = source.settings.default_country.as_str();
    match sent.map(|text| (text, country(text))) {
        Some((_, Some(country))) => Outcome::Fits(country.alpha2.into()),
        Some((text, None)) => {
            Outcome::Nearest(default.into(), vec![format!("country {text} is unknown; {default} is written")])
        }
        None => Outcome::Fits(default.into()),
    }
}

/// The provider's currency, else the country's.
pub(in crate::translate) fn currency(source: &Source<'_>, row: &Row) -> Outcome {
    if let Some(sent) = source.text(row.scim) {
        let code = sent.to_ascii_uppercase();
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Outcome::Fits(code.into());
        }
        return Outcome::Misfit(format!("{sent} is no ISO 4217 currency code"));
    }
    let Some(place) = place(source) else { return Outcome::Absent };
    match source.settings.currency_by_country.get(place.alpha2) {
        Some(currency) => Outcome::Fits(currency.as_str().into()),
        None => match place.spend {
            Some((currency, _)) => Outcome::Fits(currency.into()),
            None => {
                Outcome::Misfit(format!("no currency is known for {}; set currency_by_country", place.alpha2))
            }
        },
    }
}

/// The provider's locale, else SCIM's `locale`, else the country's; always one that the company has, if it says so.
pub(in crate::translate) fn locale(source: &Source<'_>, row: &Row) -> Outcome {
    let place = place(source);
    let of_country = || {
        let place = place?;
        let set = source.settings.locale_by_country.get(place.alpha2).map(String::as_str);
        set.or(place.spend.map(|(_, locale)| locale))
    };
    let sent = source.text(row.scim).or_else(|| source.text("locale"));
    let configured = |locale: &str| {
        let locales = &source.settings.locales;
        locales.is_empty() || locales.iter().any(|known| known == locale)
    };
    match sent.map(|text| (text, hyphenated(text, place.map(|place| place.alpha2)))) {
        Some((_, Some(locale))) if configured(&locale) => Outcome::Fits(locale.into()),
        Some((text, _)) => match of_country() {
            Some(near) => Outcome::Nearest(near.into(), vec![format!("locale {text} is written as {near}")]),
            None => Outcome::Misfit(format!("{text} is no locale such as en-US")),
        },
        None => of_country().map_or_else(
            || Outcome::Misfit("no locale is known for the country; set locale_by_country".to_owned()),
            |locale| Outcome::Fits(locale.into()),
        ),
    }
}

/// Two characters of the sub-country code (`US-WA` is `WA`); anything else Concur would refuse.
pub(in crate::translate) fn state_province(source: &Source<'_>, row: &Row) -> Outcome {
    let own = source.text(row.scim);
    let Some(sent) = own.or_else(|| work_address(source, "region")) else { return Outcome::Absent };
    let code = sent.rsplit('-').next().unwrap_or(sent).to_ascii_uppercase();
    match (code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphanumeric()), own) {
        (true, _) => Outcome::Fits(code.into()),
        // A region in words is normal in an address; only the profile has no place for it.
        (false, None) => Outcome::Absent,
        (false, Some(_)) => Outcome::Misfit(format!("{sent} is no two-character code such as WA")),
    }
}

/// The provider's text within the row's limit, else the account's.
pub(in crate::translate) fn from_settings(source: &Source<'_>, row: &Row) -> Outcome {
    let of_account = match row.concur.rsplit(':').next() {
        Some("ledgerCode") => &source.settings.ledger_code,
        Some("cashAdvanceAccountCode") => &source.settings.cash_advance_account_code,
        _ => &None,
    };
    match super::text(source, row) {
        Outcome::Absent => of_account.as_deref().map_or(Outcome::Absent, |text| Outcome::Fits(text.into())),
        own => own,
    }
}

/// One of Concur's four.
pub(in crate::translate) fn reimbursement_type(source: &Source<'_>, row: &Row) -> Outcome {
    let Some(sent) = source.text(row.scim).or(source.settings.reimbursement_type.as_deref()) else {
        return Outcome::Absent;
    };
    match REIMBURSEMENT_TYPES.iter().find(|known| known.eq_ignore_ascii_case(sent)) {
        Some(known) => Outcome::Fits((*known).into()),
        None => Outcome::Misfit(format!("{sent} is not among Concur's reimbursement types")),
    }
}

/// Custom and organisation fields as `{id, value}`; `value` is the code of a list item, which only Concur can check.
pub(in crate::translate) fn custom_data(source: &Source<'_>, row: &Row) -> Outcome {
    let Some(sent) = source.resource.get(row.scim).and_then(Value::as_array) else { return Outcome::Absent };
    let (mut fields, mut remarks) = (Vec::new(), Vec::new());
    for field in sent {
        let text = |name| field.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
        match (text("id"), text("value")) {
            (Some(id), Some(value)) if value.chars().count() <= 48 && is_custom_field(id) => {
                fields.push(json!({"id": id, "value": value}));
            }
            (Some(id), Some(_)) if is_custom_field(id) => {
                remarks.push(format!("{id} has more than 48 characters and is left out"));
            }
            (Some(id), Some(_)) => remarks.push(format!("{id} is no custom field of Concur and is left out")),
            (None, Some(_)) => remarks.push("a value without id is left out".to_owned()),
            _ => {}
        }
    }
    match (fields.is_empty(), remarks.is_empty()) {
        (true, true) => Outcome::Absent,
        (true, false) => Outcome::Misfit(remarks.join("; ")),
        (false, _) => Outcome::with(Value::Array(fields), remarks),
    }
}

/// `custom1` to `custom22`, `orgUnit1` to `orgUnit6`.
pub(in crate::translate) fn is_custom_field(id: &str) -> bool {
    let number = |prefix, max| {
        id.strip_prefix(prefix).and_then(|n| n.parse().ok()).is_some_and(|n| (1..=max).contains(&n))
    };
    number("custom", 22) || number("orgUnit", 6)
}

/// The country that currency and locale are derived from: the one the country row writes.
fn place(source: &Source<'_>) -> Option<Country> {
    let own = source.text(&format!("{SPEND}:country"));
    let sent = own.or_else(|| work_address(source, "country"));
    sent.and_then(country).or_else(|| country(&source.settings.default_country))
}

/// `en_US` is `en-US`, `de` is `de-DE` for a German; an encoding after a dot is dropped.
fn hyphenated(text: &str, country: Option<&str>) -> Option<String> {
    let text = text.split('.').next().unwrap_or(text).replace('_', "-");
    let (language, region) = match text.split_once('-') {
        Some((language, region)) => (language, region),
        None => (text.as_str(), country?),
    };
    let plain = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (plain(language, 2..=3) && plain(region, 2..=3))
        .then(|| format!("{}-{}", language.to_ascii_lowercase(), region.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::hyphenated;

    #[test]
    fn a_locale_has_a_hyphen_and_a_region() {
        for (text, country, expected) in [
            ("en_US", None, Some("en-US")),
            ("de", Some("AT"), Some("de-AT")),
            ("pt_BR.UTF-8", None, Some("pt-BR")),
            ("es-419", None, Some("es-419")),
            ("de", None, None),
            ("klingon", None, None),
        ] {
            assert_eq!(hyphenated(text, country).as_deref(), expected, "{text}");
        }
    }
}
