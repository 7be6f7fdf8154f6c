//! Lists: e-mail addresses, phone numbers, postal addresses, entitlements.
//!
//! Concur takes at most one entry per type (mobile phones excepted), wants the type always, and refuses members it
//! does not know, such as `primary` on an address. Source: Concur page *Identity v4.1*; SCIM side RFC 7643 §4.1.2.

use serde_json::{Map, Value, json};

use super::countries::country;
use super::{Outcome, Source, user_name};
use crate::translate::mapping::Row;
use crate::translate::roles::PRODUCTS;

const EMAIL_TYPES: &[&str] = &["work", "home", "work2", "other", "other2"];
const PHONE_TYPES: &[&str] = &["work", "home", "mobile", "fax", "pager", "other"];
const ADDRESS_TYPES: &[&str] = &["work", "home", "other", "billing", "bank", "shipping"];

/// One address per type: the primary one first, a missing type is `work`, a second one of a type moves to the next
/// free type. Without any, the user name serves where it is an address.
pub(in crate::translate) fn emails(source: &Source<'_>, row: &Row) -> Outcome {
    let mut sent = entries(source, row);
    sent.sort_by_key(|entry| !is_primary(entry));
    let (mut emails, mut remarks) = (Vec::new(), Vec::new());
    let mut taken: Vec<&str> = Vec::new();
    for entry in sent {
        let Some(value) = member(entry, "value") else { continue };
        if row.limit.chars().is_some_and(|max| value.chars().count() > max) {
            remarks.push("an address with more than 255 characters is left out".to_owned());
            continue;
        }
        let wanted = listed(EMAIL_TYPES, member(entry, "type").unwrap_or("work")).unwrap_or("other");
        let free = std::iter::once(&wanted).chain(EMAIL_TYPES).copied().find(|kind| !taken.contains(kind));
        let Some(kind) = free else {
            remarks.push("Concur holds at most five addresses; the rest is left out".to_owned());
            break;
        };
        taken.push(kind);
        emails.push(json!({"value": value, "type": kind}));
    }
    if emails.is_empty() {
        let Outcome::Fits(login) = user_name(source, row) else { return Outcome::Absent };
        emails.push(json!({"value": login, "type": "work"}));
    }
    Outcome::with(Value::Array(emails), remarks)
}

/// One number per type, any number of mobiles of which exactly one is primary; a missing type is `mobile`.
pub(in crate::translate) fn phone_numbers(source: &Source<'_>, row: &Row) -> Outcome {
    let (mut phones, mut remarks): (Vec<Map<String, Value>>, _) = (Vec::new(), Vec::new());
    for entry in entries(source, row) {
        let Some(number) = member(entry, "value").map(dialled).filter(|number| !number.is_empty()) else {
            if member(entry, "value").is_some() {
                remarks.push("a number without digits is left out".to_owned());
            }
            continue;
        };
        let kind = listed(PHONE_TYPES, member(entry, "type").unwrap_or("mobile")).unwrap_or("other");
        if kind != "mobile" && phones.iter().any(|phone| phone["type"] == kind) {
            remarks.push(format!("Concur holds one {kind} number; a second one is left out"));
            continue;
        }
        let mut phone = Map::new();
        phone.insert("value".to_owned(), number.into());
        phone.insert("type".to_owned(), kind.into());
        if kind == "mobile" {
            phone.insert("primary".to_owned(), is_primary(entry).into());
        }
        phones.push(phone);
    }
    let mobiles: Vec<usize> = (0..phones.len()).filter(|&i| phones[i]["type"] == "mobile").collect();
    let primary =
        mobiles.iter().copied().find(|&i| phones[i]["primary"] == true).or(mobiles.first().copied());
    for i in mobiles {
        phones[i].insert("primary".to_owned(), (Some(i) == primary).into());
    }
    if phones.is_empty() && remarks.is_empty() {
        return Outcome::Absent;
    }
    if phones.is_empty() {
        return Outcome::Misfit(remarks.join("; "));
    }
    Outcome::with(phones.into_iter().map(Value::Object).collect(), remarks)
}

/// One address per type; a missing type is `work`, a country becomes alpha-2, parts that are too long are left out.
pub(in crate::translate) fn addresses(source: &Source<'_>, row: &Row) -> Outcome {
    let (mut addresses, mut remarks): (Vec<Value>, _) = (Vec::new(), Vec::new());
    for entry in entries(source, row) {
        let kind = listed(ADDRESS_TYPES, member(entry, "type").unwrap_or("work")).unwrap_or("other");
        if addresses.iter().any(|address| address["type"] == kind) {
            remarks.push(format!("Concur holds one {kind} address; a second one is left out"));
            continue;
        }
        let mut address = Map::new();
        for (name, max) in
            [("streetAddress", usize::MAX), ("locality", 30), ("region", 30), ("postalCode", 20)]
        {
            match member(entry, name) {
                Some(text) if text.chars().count() > max => {
                    remarks.push(format!("{name} has more than {max} characters and is left out"));
                }
                Some(text) => drop(address.insert(name.to_owned(), text.into())),
                None => {}
            }
        }
        if let (None, Some(formatted)) = (address.get("streetAddress"), member(entry, "formatted"))
            && address.is_empty()
        {
            address.insert("streetAddress".to_owned(), formatted.into());
        }
        match member(entry, "country").map(|text| (text, country(text))) {
            Some((_, Some(country))) => drop(address.insert("country".to_owned(), country.alpha2.into())),
            Some((text, None)) => remarks.push(format!("country {text} is unknown and left out")),
            None => {}
        }
        if !address.is_empty() {
            address.insert("type".to_owned(), kind.into());
            addresses.push(Value::Object(address));
        }
    }
    match (addresses.is_empty(), remarks.is_empty()) {
        (true, true) => Outcome::Absent,
        (true, false) => Outcome::Misfit(remarks.join("; ")),
        (false, _) => Outcome::with(Value::Array(addresses), remarks),
    }
}

/// The complete list of products as plain text; the account's default where the provider names none.
pub(in crate::translate) fn entitlements(source: &Source<'_>, row: &Row) -> Outcome {
    let sent: Vec<&str> =
        entries(source, row).into_iter().filter_map(|entry| member(entry, "value")).collect();
    let default = source.settings.entitlements.iter().map(String::as_str);
    let named: Vec<&str> = if sent.is_empty() { default.collect() } else { sent };
    let (mut products, mut remarks): (Vec<&str>, _) = (Vec::new(), Vec::new());
    for text in named.into_iter().chain(source.given.entitlements.iter().map(String::as_str)) {
        match listed(&PRODUCTS, text) {
            Some(product) if !products.contains(&product) => products.push(product),
            Some(_) => {}
            None => remarks.push(format!("{text} is no product of Concur and is left out")),
        }
    }
    if products.is_empty() && remarks.is_empty() {
        return Outcome::Absent;
    }
    Outcome::with(json!(products), remarks)
}

/// The roles that the user's groups give, by their codes.
pub(in crate::translate) fn roles(source: &Source<'_>, _: &Row) -> Outcome {
    let given = source.given;
    let needs = crate::translate::roles::without_need(&given.roles);
    let mut remarks: Vec<String> =
        needs.map(|(role, needs)| format!("{role} does nothing without {needs}")).collect();
    remarks.extend(given.remarks.iter().cloned());
    match (given.roles.is_empty(), remarks.is_empty()) {
        (true, true) => Outcome::Absent,
        (true, false) => Outcome::Misfit(remarks.join("; ")),
        (false, _) => Outcome::with(json!(given.roles), remarks),
    }
}

/// The work address's member, or the primary or first address's: where a spend profile takes its country from.
pub(super) fn work_address<'a>(source: &Source<'a>, name: &str) -> Option<&'a str> {
    let addresses = source.resource.get("addresses")?.as_array()?;
    let work = addresses.iter().find(|address| member(address, "type").is_none_or(|kind| kind == "work"));
    work.or_else(|| addresses.iter().find(|address| is_primary(address)))
        .and_then(|address| member(address, name))
}

fn entries<'a>(source: &Source<'a>, row: &Row) -> Vec<&'a Value> {
    source
        .resource
        .get(row.scim)
        .and_then(Value::as_array)
        .map(|list| list.iter().collect())
        .unwrap_or_default()
}

fn member<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    entry.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn is_primary(entry: &Value) -> bool {
    entry.get("primary").and_then(Value::as_bool).unwrap_or(false)
}

fn listed(list: &[&'static str], text: &str) -> Option<&'static str> {
    list.iter().copied().find(|item| item.eq_ignore_ascii_case(text))
}

/// Digits and a leading plus: what of RFC 3966 survives every spelling.
fn dialled(text: &str) -> String {
    let text = text.trim_start_matches("tel:");
    let plus = if text.trim_start().starts_with('+') { "+" } else { "" };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { digits } else { format!("{plus}{digits}") }
}
