//! Closed lists of the region: languages and time zones.
//!
//! An unlisted value makes Concur refuse the whole identity, so nothing unlisted ever leaves this file.
//! Source: Concur page *Identity v4.1*, `preferredLanguage`, `timezone`.

use super::zones::{ALIASES, ZONES};
use super::{Outcome, Source};
use crate::translate::mapping::Row;

/// Concur's languages. Mind `es-LA`, and `no` where everyone else has `nb`.
const LANGUAGES: &[&str] = &[
    "en-US", "en-GB", "de", "fr", "fr-CA", "hu", "es", "es-LA", "it", "ja", "nl", "pt-BR", "sv", "zh-CN",
    "zh-TW", "cs", "da", "fi", "ko", "no", "pl", "ru", "tr", "ro", "hr", "bg", "sk", "id", "th", "uk",
];

/// Languages and regions whose nearest listed one is not their own base language.
const NEAREST_LANGUAGE: &[(&str, &str)] = &[
    ("en", "en-US"),
    ("nb", "no"),
    ("nn", "no"),
    ("pt", "pt-BR"),
    ("zh", "zh-CN"),
    ("zh-Hans", "zh-CN"),
    ("zh-SG", "zh-CN"),
    ("zh-Hant", "zh-TW"),
    ("zh-HK", "zh-TW"),
    ("zh-MO", "zh-TW"),
];

/// Countries whose English is Britain's rather than America's.
const BRITISH: &[&str] = &["AU", "GB", "HK", "IE", "IN", "MT", "NZ", "SG", "ZA"];

/// The first language of what may be a whole Accept-Language list.
pub(in crate::translate) fn language(source: &Source<'_>, row: &Row) -> Outcome {
    let Some(text) = source.text(row.scim) else { return Outcome::Absent };
    let first = text.split([',', ';']).next().unwrap_or(text).trim().replace('_', "-");
    if let Some(listed) = listed(LANGUAGES, &first) {
        return Outcome::Fits(listed.into());
    }
    match nearest_language(&first) {
        Some(listed) if listed == base(&first) => Outcome::Fits(listed.into()),
        Some(listed) => Outcome::Nearest(listed.into(), vec![format!("{first} is written as {listed}")]),
        None => Outcome::Misfit(format!("{first} is not among Concur's languages")),
    }
}

fn nearest_language(tag: &str) -> Option<&'static str> {
    let (base, region) = tag.split_once('-').unwrap_or((tag, ""));
    if base.eq_ignore_ascii_case("en") && BRITISH.iter().any(|country| country.eq_ignore_ascii_case(region)) {
        return Some("en-GB");
    }
    if base.eq_ignore_ascii_case("es") && !region.is_empty() && !region.eq_ignore_ascii_case("ES") {
        return Some("es-LA");
    }
    let near =
        |tag: &str| NEAREST_LANGUAGE.iter().find(|(from, _)| from.eq_ignore_ascii_case(tag)).map(|row| row.1);
    near(tag)
        .or_else(|| tag.rsplit_once('-').and_then(|(shorter, _)| near(shorter)))
        .or_else(|| listed(LANGUAGES, base))
        .or_else(|| near(base))
}

fn base(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// The listed zone of that name, else the nearest one by offset and daylight saving.
pub(in crate::translate) fn time_zone(source: &Source<'_>, row: &Row) -> Outcome {
    let Some(text) = source.text(row.scim) else { return Outcome::Absent };
    if let Some(listed) = listed(ZONES, text) {
        return Outcome::Fits(listed.into());
    }
    match ALIASES.iter().find(|(from, _)| from.eq_ignore_ascii_case(text)) {
        Some((_, zone)) => Outcome::Nearest((*zone).into(), vec![format!("{text} is written as {zone}")]),
        None => Outcome::Misfit(format!("{text} is not among Concur's time zones")),
    }
}

fn listed(list: &[&'static str], text: &str) -> Option<&'static str> {
    list.iter().copied().find(|item| item.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::nearest_language;

    #[test]
    fn an_unlisted_language_has_its_nearest_listed_one() {
        for (tag, expected) in [
            ("de-DE", "de"),
            ("nb-NO", "no"),
            ("es-MX", "es-LA"),
            ("es-ES", "es"),
            ("zh-Hans", "zh-CN"),
            ("zh-Hant-TW", "zh-TW"),
            ("en-IN", "en-GB"),
            ("en", "en-US"),
            ("en-PH", "en-US"),
            ("pt-PT", "pt-BR"),
            ("fr-BE", "fr"),
        ] {
            assert_eq!(nearest_language(tag), Some(expected), "{tag}");
        }
        assert_eq!(nearest_language("tlh"), None);
    }
}
