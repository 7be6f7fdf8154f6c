//! Whole lines in, decisions out. All vendors and rows are inventions.

#![expect(clippy::unwrap_used, reason = "an integration test")]

use std::sync::{Arc, LazyLock};

use matcher::{Band, Decision, Dictionary, ExpenseTexts, Field, MatchedBy, Matcher, batch};
use proptest::prelude::*;

const APPS: &str = r#"
{"id":"quillwork","name":"Quillwork","aliases":["Quillwork Labs Inc"],"domain":"quillwork.io","category":"design"}
{"id":"quillwork-vault","name":"Quillwork Vault","parent":"quillwork","category":"storage"}
{"id":"zanderly","name":"Zanderly","aliases":["Zander Ly Software GmbH"],"domain":"zanderly.com","category":"crm-sales"}
{"id":"beacon","name":"Beacon","domain":"beaconhq.com","category":"analytics","ambiguous":true}
{"id":"mapler-forms","name":"Mapler Forms","domain":"maplerforms.com","category":"survey-forms"}
{"id":"payloft","name":"Payloft","role":"processor","category":"payments"}
"#;

/// One matcher for all cases: building it costs more than a thousand decisions.
fn matcher() -> &'static Matcher {
    static MATCHER: LazyLock<Matcher> =
        LazyLock::new(|| Matcher::new(Arc::new(Dictionary::from_jsonl(APPS).unwrap())));
    &MATCHER
}

fn decide(vendor: &str, purpose: &str, expense_type: &str, category: &str) -> Decision {
    let matcher = matcher();
    let texts = ExpenseTexts {
        vendor_description: vendor,
        business_purpose: purpose,
        expense_type_name: expense_type,
        spend_category: category,
        ..ExpenseTexts::default()
    };
    matcher.decide(&texts, &mut matcher.scratch())
}

/// A matcher over other apps.
fn over(apps: &str) -> Matcher {
    Matcher::new(Arc::new(Dictionary::from_jsonl(apps).unwrap()))
}

/// What such a matcher says of a line that is booked as software.
fn booked_as_software(matcher: &Matcher, vendor: &str, purpose: &str) -> Decision {
    let texts = ExpenseTexts {
        vendor_description: vendor,
        business_purpose: purpose,
        expense_type_name: "Software",
        ..ExpenseTexts::default()
    };
    matcher.decide(&texts, &mut matcher.scratch())
}

fn check(row: [&str; 4], expected: Option<&str>) {
    let decision = decide(row[0], row[1], row[2], row[3]);
    assert_eq!(decision.app_id.as_deref(), expected, "row {row:?}: {decision:#?}");
    assert_eq!(decision.band == Band::None, expected.is_none(), "row {row:?}");
}

#[test]
fn an_exact_vendor_is_matched_through_its_noise() {
    let check = |vendor: &str, app: &str| check([vendor, "", "Miscellaneous", "Other"], Some(app));
    check("Quillwork", "quillwork");
    check("QUILLWORK LABS, INC. BERLIN DE", "quillwork");
    check("QUILLWORK* 4402KX91", "quillwork");
    check("POS DEBIT QUILLWORK 888-555-0199", "quillwork");
    check("PAYPAL *QUILLWORK", "quillwork");
    check("PADDLE.NET* QUILLWORK", "quillwork");
    check("www.quillwork.io", "quillwork");
    check("Ｑｕｉｌｌｗｏｒｋ ＧｍｂＨ", "quillwork");
    check("Quillwórk", "quillwork");
    check("MAPLER FORMS MONTHLY", "mapler-forms");
}

#[test]
fn a_spoilt_vendor_is_guessed() {
    let check = |vendor: &str, app: &str| {
        let decision = decide(vendor, "", "Software", "Computer");
        assert_eq!(decision.app_id.as_deref(), Some(app), "vendor {vendor:?}: {decision:#?}");
        assert_eq!(decision.explanation.found.unwrap().matched_by, MatchedBy::Guess, "vendor {vendor:?}");
    };
    check("QUILWORK", "quillwork");
    check("QU1LLW0RK", "quillwork");
    check("MAPLERFOR", "mapler-forms");
    check("ZANDERLYGmbH", "zanderly");
    check("MAPLE RFORMS", "mapler-forms");
    check("DRIQUILLWORK", "quillwork");
}

#[test]
fn a_word_that_rhymes_needs_the_rest_of_the_name_or_many_letters() {
    let apps = r#"
{"id":"norvi","name":"Norvi Forecast"}
{"id":"brouska","name":"Brouskaquozint"}
{"id":"skarmo","name":"Skarmolato"}
"#;
    let matcher = over(apps);
    let check = |vendor: &str, app: Option<&str>| {
        let decision = booked_as_software(&matcher, vendor, "");
        assert_eq!(decision.app_id.as_deref(), app, "vendor {vendor:?}: {decision:#?}");
    };
    check("DORVI FORECAST", Some("norvi"));
    check("PAYPAL *ORVI FORECAST #3524", Some("norvi"));
    check("DORVI", None);
    check("DORVI FORCAST", None);
    check("DORVI BAKERY", None);
    check("ROUSKAQUOZIT", Some("brouska"));
    check("TKARMOLAOT", None);
}

#[test]
fn the_words_beside_a_misspelt_one_tell_which_name_is_meant() {
    let apps = r#"
{"id":"dravenko","name":"Dravenko"}
{"id":"dravenko-metrics","name":"Dravenko Metrics"}
{"id":"solbrunt","name":"Solbrunt"}
{"id":"marwick-solbrunt","name":"Marwick Solbrunt"}
{"id":"plaudig-ledger","name":"Plaudig Ledger"}
{"id":"plaudig-ledger-inc","name":"Plaudig Ledger Inc"}
"#;
    let matcher = over(apps);
    let check = |vendor: &str, app: Option<&str>| {
        let decision = booked_as_software(&matcher, vendor, "");
        assert_eq!(decision.app_id.as_deref(), app, "vendor {vendor:?}: {decision:#?}");
    };
    // Two errors in eight letters: a name by itself is some other one.
    check("DARVNEKO METRICS", Some("dravenko-metrics"));
    check("DARVNEKO", None);
    // A name inside of a longer one is not meant, though that is misspelt.
    check("MARWIKC SOLBRUNT", Some("marwick-solbrunt"));
    check("HENDRIKC SOLBRUNT", Some("solbrunt"));
    // What stands behind the longer name stays what it is.
    let decision = booked_as_software(&matcher, "MARWIKC SOLBRUNT DRAVENKO METRICS", "");
    let second = decision.explanation.runner_up.map(|second| second.app_id.to_string());
    let both = [decision.candidate.map(|app| app.to_string()), second];
    for app in ["marwick-solbrunt", "dravenko-metrics"] {
        assert!(both.contains(&Some(app.to_owned())), "{both:?}");
    }
    check("SOLBRUNT", Some("solbrunt"));
    // Of two names that are equally near, the one that explains more.
    check("PLAUDIG LEGDER INC", Some("plaudig-ledger-inc"));
    check("PLAUDIG LEGDER", Some("plaudig-ledger"));
}

#[test]
fn what_follows_a_misspelt_host_name_is_no_part_of_it() {
    let apps = r#"{"id":"brontavilo","name":"Brontavilo","aliases":["Brontavilo.com"]}"#;
    let matcher = over(apps);
    let vendor_description = "BR0NTAVLO.COM RECURRING";
    let texts = ExpenseTexts { vendor_description, ..ExpenseTexts::default() };
    let decision = matcher.decide(&texts, &mut matcher.scratch());
    assert_eq!(decision.app_id.as_deref(), Some("brontavilo"), "{decision:#?}");
}

#[test]
fn a_resellers_name_inside_an_apps_name_resells_nothing() {
    let apps = r#"
{"id":"norvi-insight","name":"Norvi Insight"}
{"id":"uki-insight","name":"Uki Insight"}
{"id":"quillwork","name":"Quillwork"}
{"id":"insight","name":"Insight","role":"reseller"}
"#;
    let matcher = over(apps);
    let check = |vendor: &str, purpose: &str, app: Option<&str>| {
        let decision = booked_as_software(&matcher, vendor, purpose);
        assert_eq!(decision.app_id.as_deref(), app, "vendor {vendor:?}: {decision:#?}");
    };
    check("NORVI INSIGHT", "", Some("norvi-insight"));
    check("NORWI INSIGHT GMBH", "", Some("norvi-insight"));
    // Where a code could stand before the reseller's name.
    check("UKI INSIGHT", "", Some("uki-insight"));
    check("INSIGHT", "12x Quillwork licences", Some("quillwork"));
    check("UK INSIGHT", "12x Quillwork licences", Some("quillwork"));
    check("NORVI INSIGHT", "12x Quillwork licences", Some("norvi-insight"));
}

#[test]
fn whoever_sells_what_others_make_is_named_in_the_dictionary() {
    let decided = |role: &str, vendor: &str, purpose: &str| {
        let apps = format!(
            r#"{{"id":"quillwork","name":"Quillwork"}}
{{"id":"norvi","name":"Norvi","aliases":["Norvi Direkt"],"domain":"norvi.shop","role":"{role}"}}"#
        );
        booked_as_software(&over(&apps), vendor, purpose)
    };
    let why = |decision: &Decision, name: &str| decision.explanation.evidence.iter().any(|e| e.name == name);
    for vendor in ["NORVI GMBH", "Norvi Direkt", "norvi.shop"] {
        let resold = decided("reseller", vendor, "12x Quillwork licences");
        assert_eq!(resold.app_id.as_deref(), Some("quillwork"), "{vendor}: {resold:#?}");
        assert!(why(&resold, "reseller"), "{vendor}: {resold:#?}");
    }
    assert_eq!(decided("reseller", "NORVI GMBH", "").app_id, None, "a reseller is no answer");
    let paid = decided("processor", "NORVI QUILLWORK 4402", "");
    assert_eq!(paid.app_id.as_deref(), Some("quillwork"));
    assert!(why(&paid, "intermediary"), "{paid:#?}");
    assert_eq!(decided("processor", "NORVI GMBH", "").app_id, None, "an intermediary is no answer");
}

#[test]
fn a_negative_word_tells_of_somebody_else() {
    let apps =
        r#"{"id":"quillwork","name":"Quillwork","negative_words":["Feather Farm","ink"],"source":"own",
"aliases":["Quillwork Labs"],"alias_sources":{"Quillwork Labs":"pack of 2026"}}"#
            .replace('\n', "");
    let matcher = over(&apps);
    let decide = |vendor: &str, purpose: &str| booked_as_software(&matcher, vendor, purpose);
    assert_eq!(decide("QUILLWORK", "").app_id.as_deref(), Some("quillwork"));
    assert_eq!(decide("QUILLWORK INKWELL", "").app_id.as_deref(), Some("quillwork"), "whole words only");
    for (vendor, purpose) in [("QUILLWORK FEATHER FARM", ""), ("Quillwork", "ink for the office")] {
        let decision = decide(vendor, purpose);
        assert_eq!(decision.app_id, None, "{vendor}: {decision:#?}");
        assert!(decision.explanation.evidence.iter().any(|e| e.name == "negative_word"), "{decision:#?}");
    }
    let source = |vendor: &str| decide(vendor, "").explanation.found.unwrap().alias_source;
    assert_eq!(source("QUILLWORK").as_deref(), Some("own"));
    assert_eq!(source("QUILLWORK LABS").as_deref(), Some("pack of 2026"));
}

#[test]
fn an_ordinary_word_needs_support() {
    check(["Beacon Hill Tavern", "", "Miscellaneous", "Other"], None);
    check(["Beacon Street Parking", "", "Parking", "Personal Car - Parking Expense"], None);
    check(["BEACON* SUBSCRIPTION", "", "Subscriptions/Dues", "Subscription/Publication"], Some("beacon"));
    check(["beaconhq.com", "", "Miscellaneous", "Other"], Some("beacon"));
    check(["Corner shop", "a beacon for the lobby", "Office Supplies", "Office Supplies"], None);
}

#[test]
fn a_word_is_supported_by_what_its_app_does() {
    // The app does analytics, so that a purpose or an expense type says.
    check(["BEACON T09 DUBLIN", "Product analytics", "Miscellaneous", "Other"], Some("beacon"));
    check(["Beacon", "Webanalyse Juni", "Miscellaneous", "Other"], Some("beacon"));
    check(["BEACON BURLINGTON MA", "", "Analytics software", "Other"], Some("beacon"));
    check(["BEACON T09 DUBLIN", "", "Miscellaneous", "Other"], None);
    check(["BEACON T09 DUBLIN", "Team chat", "Miscellaneous", "Other"], None);
    // Others have the word in their names, and talk of analytics over lunch.
    check(["Beacon Hill Tavern", "Product analytics", "Miscellaneous", "Other"], None);
    check(["BEACON MUELLER", "Product analytics", "Miscellaneous", "Other"], None);
    check(["Beacon", "Lunch with the product analytics team", "Lunch", "Meal"], None);
}

#[test]
fn a_purpose_counts_when_nobody_else_was_paid() {
    check(["N/A", "Quillwork licence renewal", "Software", "Computer"], Some("quillwork"));
    check(["Softcat plc", "12x Zanderly licences", "Software", "Computer"], Some("zanderly"));
    check(["Softcat plc", "2x monitor for the Zanderly team", "Office Supplies", "Office Supplies"], None);
    check(["Grand Hotel", "Quillwork conference", "Hotel", "Lodging"], None);
    check(["City Cabs", "Taxi to Zanderly office", "Taxi", "Ground Transportation"], None);
    check(["N/A", "Lunch with Zanderly account team", "Lunch", "Meal"], None);
}

#[test]
fn a_product_wins_over_its_company() {
    check(["QUILLWORK LABS INC", "", "Software", "Computer"], Some("quillwork"));
    check(["QUILLWORK LABS INC", "Quillwork Vault seats", "Software", "Computer"], Some("quillwork-vault"));
    check(["QUILLWORK VAULT", "", "Software", "Computer"], Some("quillwork-vault"));
    check(["QUILLWORK* 881 VAULT", "", "Software", "Computer"], Some("quillwork-vault"));
}

#[test]
fn the_matcher_abstains_from_what_it_does_not_know() {
    check(["", "", "", ""], None);
    check(["Subscription", "monthly", "Software", "Computer"], None);
    check(["PAYLOFT 4029357733", "", "Miscellaneous", "Other"], None);
    check(["Zanders Bakery", "", "Miscellaneous", "Other"], None);
    check(["Quillworks Stationery Shop", "", "Miscellaneous", "Other"], None);
}

#[test]
fn the_explanation_points_into_the_source() {
    let vendor = "PAYPAL *Quíllwork 4402";
    let decision = decide(vendor, "", "", "");
    let found = decision.explanation.found.unwrap();
    assert_eq!((found.field, found.matched_by), (Field::VendorDescription, MatchedBy::Dictionary));
    assert_eq!(found.text, "Quíllwork");
    assert_eq!(&vendor[found.start..found.end], "Quíllwork");
    assert_eq!(found.alias, "Quillwork");
    let log_odds: f64 = decision.explanation.evidence.iter().map(|e| e.weight).sum();
    let score = 1.0 / (1.0 + (-log_odds).exp());
    assert!((score - decision.score).abs() < 1e-4, "the weights must add up to the score");
}

#[test]
fn the_second_best_app_is_named() {
    let decision = decide("Quillwork", "also looked at Zanderly", "Software", "Computer");
    assert_eq!(decision.app_id.as_deref(), Some("quillwork"));
    assert_eq!(decision.explanation.runner_up.unwrap().app_id.as_ref(), "zanderly");
}

#[test]
fn an_explanation_is_flat_json() {
    let decision = decide("Quillwork", "", "Software", "Computer");
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["band"], "certain");
    assert_eq!(json["explanation"]["matched_by"], "dictionary");
    assert_eq!(json["explanation"]["field"], "vendor_description");
    assert_eq!(json["explanation"]["start"], 0);
    assert_eq!(json["explanation"]["evidence"][0]["name"], "vendor_name");
}

#[test]
fn a_row_of_a_file_becomes_a_prediction() {
    let row: batch::Row<'_> = serde_json::from_str(
        r#"{"id":"r1","VendorDescription":"QUILLWORK","BusinessPurpose":null,"ExpenseTypeName":"Software","Other":1}"#,
    )
    .unwrap();
    let matcher = matcher();
    let prediction = batch::predict(matcher, &row, &mut matcher.scratch());
    let json = serde_json::to_value(&prediction).unwrap();
    assert_eq!(json["id"], "r1");
    assert_eq!(json["app_id"], "quillwork");
    assert_eq!(json["candidate"], "quillwork");
    assert_eq!(json["band"], "certain");
}

#[test]
fn both_engines_decide_alike() {
    let dictionary = Arc::new(Dictionary::from_jsonl(APPS).unwrap());
    let automaton = Matcher::with_engine(dictionary, matcher::Engine::Automaton);
    let mut scratch = automaton.scratch();
    for vendor in [
        "QUILLWORK LABS, INC. BERLIN DE",
        "PAYPAL *QUILLWORK VAULT",
        "www.quillwork.io",
        "QUILWORK",
        "Beacon Hill Tavern",
        "MAPLERFOR",
        "ZANDERLYGmbH",
        "Zander Ly Software",
        "Ｑｕｉｌｌｗｏｒｋ",
        "POS DEBIT 1204 MAPLER FORMS",
        "",
        "N/A",
    ] {
        for purpose in ["", "Quillwork Vault licences", "Taxi to the Zanderly office", "zanderly.com renewal"]
        {
            let texts = ExpenseTexts {
                vendor_description: vendor,
                business_purpose: purpose,
                ..ExpenseTexts::default()
            };
            let expected = decide(vendor, purpose, "", "");
            assert_eq!(automaton.decide(&texts, &mut scratch), expected, "{vendor:?} {purpose:?}");
            let verdict = automaton.judge(&texts, &mut scratch);
            let id =
                |entry: Option<matcher::EntryId>| entry.map(|e| automaton.dictionary().get(e).id.as_str());
            assert_eq!(
                (id(verdict.app), id(verdict.candidate)),
                (expected.app_id.as_deref(), expected.candidate.as_deref())
            );
            assert_eq!((verdict.score.to_bits(), verdict.band), (expected.score.to_bits(), expected.band));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_decided_alike_every_time(
        vendor in "(PAYPAL \\*|SQ \\*|www\\.)?(quillwork|Beacon|zander ly|.{0,12})[ *.#]{0,2}.{0,20}",
        purpose in ".{0,40}",
        expense_type in ".{0,20}",
    ) {
        let matcher = matcher();
        let texts = ExpenseTexts {
            vendor_description: &vendor,
            business_purpose: &purpose,
            expense_type_name: &expense_type,
            ..ExpenseTexts::default()
        };
        let mut used = matcher.scratch();
        matcher.decide(&ExpenseTexts { vendor_description: "Zanderly", ..ExpenseTexts::default() }, &mut used);
        let first = matcher.decide(&texts, &mut used);
        let second = matcher.decide(&texts, &mut matcher.scratch());
        prop_assert_eq!(serde_json::to_string(&first).unwrap(), serde_json::to_string(&second).unwrap());
        prop_assert!((0.0..=1.0).contains(&first.score));
        prop_assert_eq!(first.app_id.is_none(), first.band == Band::None);
        if let Some(found) = first.explanation.found {
            let source = match found.field {
                Field::VendorDescription => &vendor,
                Field::BusinessPurpose => &purpose,
                _ => &expense_type,
            };
            prop_assert_eq!(source.get(found.start..found.end), Some(found.text.as_str()));
        }
    }
}

#[test]
fn a_line_of_json_becomes_a_line_of_json() {
    let matcher = matcher();
    let mut out = b"before\n".to_vec();
    let line = r#"{"id":"r\"1","VendorDescription":"QUILLWORK","ExpenseTypeName":"Software"}"#;
    batch::predict_json(matcher, line, &mut matcher.scratch(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    assert_eq!(first, "before");
    assert!(rest.ends_with("}\n"));
    let json: serde_json::Value = serde_json::from_str(rest).unwrap();
    assert_eq!((&json["id"], &json["app_id"]), (&"r\"1".into(), &"quillwork".into()));

    let mut untouched = Vec::new();
    assert!(batch::predict_json(matcher, "{}", &mut matcher.scratch(), &mut untouched).is_err());
    assert!(untouched.is_empty());
}

#[test]
fn a_scratch_used_with_another_matcher_makes_no_difference() {
    let heading = "Zandrova fees";
    let apps = r#"{"id":"zandrova","name":"Zandrova"}"#;
    let other = over(apps);
    let texts = ExpenseTexts { expense_type_name: heading, ..ExpenseTexts::default() };
    let mut used = other.scratch();
    assert_eq!(other.decide(&texts, &mut used).candidate.as_deref(), Some("zandrova"));
    assert_eq!(matcher().decide(&texts, &mut used), decide("", "", heading, ""));
    assert_eq!(other.decide(&texts, &mut used).candidate.as_deref(), Some("zandrova"));
}
