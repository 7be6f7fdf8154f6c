//! Rules before the dictionary, and what would change a decision.

#![expect(clippy::unwrap_used, reason = "an integration test")]

use std::sync::Arc;

use matcher::rules::{Action, Facts, Rules};
use matcher::{Band, Dictionary, ExpenseTexts, Field, Matcher};

const APPS: &str = r#"{"id":"quillwork","name":"Quillwork","domain":"quillwork.io"}
{"id":"zanderly","name":"Zanderly","domain":"zanderly.com"}
{"id":"beacon","name":"Beacon","domain":"beaconhq.com","ambiguous":true}"#;

const RULES: &str = r#"
[[rules]]
name = "agency"
action = "match"
app = "zanderly"
when = { vendor_description = { contains_word = "bright agency" } }
[[rules]]
name = "canteen"
action = "ignore"
when = { vendor_description = { starts_with = "canteen" } }
[[rules]]
name = "old contract"
action = "archive"
when = { business_purpose = { contains_word = "contract 7" } }
[[rules]]
name = "we never had it"
action = "never"
app = "quillwork"
when = { department = { equals = "Legal" } }
"#;

fn matcher() -> Matcher {
    Matcher::new(Arc::new(Dictionary::from_jsonl(APPS).unwrap()))
}

fn line<'t>(vendor: &'t str, purpose: &'t str, kind: &'t str) -> ExpenseTexts<'t> {
    ExpenseTexts {
        vendor_description: vendor,
        business_purpose: purpose,
        expense_type_name: kind,
        ..ExpenseTexts::default()
    }
}

#[test]
fn rules_come_before_the_dictionary() {
    let matcher = matcher();
    let rules = Rules::from_toml(RULES, matcher.dictionary()).unwrap();
    let mut scratch = matcher.scratch();
    let mut check = |texts: ExpenseTexts<'_>, department: &str, app: Option<&str>, action: Option<Action>| {
        let facts = Facts { texts, department: Some(department), ..Facts::default() };
        let decision = matcher.decide_with(&facts, &rules, &mut scratch);
        assert_eq!(decision.app_id.as_deref(), app, "{texts:?}: {decision:#?}");
        assert_eq!(decision.band == Band::None, app.is_none(), "{texts:?}");
        assert_eq!(decision.explanation.rule.as_ref().map(|rule| rule.action), action, "{texts:?}");
        let (verdict, ruling) = matcher.judge_with(&facts, &rules, &mut scratch);
        assert_eq!(verdict.app.map(|entry| matcher.dictionary().get(entry).id.as_str()), app);
        assert_eq!((ruling, verdict.band), (decision.explanation.rule, decision.band));
    };
    check(line("Bright Agency, Quillwork", "", ""), "IT", Some("zanderly"), Some(Action::Match));
    check(line("CANTEEN QUILLWORK", "", "Software"), "IT", None, Some(Action::Ignore));
    check(line("QUILLWORK", "contract 7", "Software"), "IT", None, Some(Action::Archive));
    check(line("QUILLWORK", "", "Software"), "IT", Some("quillwork"), None);
    check(line("QUILLWORK", "", "Software"), "Legal", None, None);
    check(line("QUILLWORK", "", "Software"), "IT", Some("quillwork"), None);
}

#[test]
fn the_smallest_change_leads_where_it_says() {
    let matcher = matcher();
    let mut scratch = matcher.scratch();
    for (texts, field) in [
        (line("QUILLWORK 4402KX", "", "Software"), Field::VendorDescription),
        (line("Beacon", "", "Miscellaneous"), Field::BusinessPurpose),
        (line("Grand Hotel", "Quillwork offsite", "Hotel"), Field::VendorDescription),
    ] {
        let before = matcher.decide(&texts, &mut scratch);
        let Some(change) = matcher.smallest_change(&texts, &mut scratch) else {
            assert_eq!(field, Field::VendorDescription, "{texts:?}");
            continue;
        };
        let mut after = texts;
        match change.field {
            Field::VendorDescription => after.vendor_description = &change.to,
            Field::BusinessPurpose => after.business_purpose = &change.to,
            Field::ExpenseTypeName => (after.expense_type_name, after.spend_category) = (&change.to, ""),
            Field::SpendCategory => after.spend_category = &change.to,
        }
        let decision = matcher.decide(&after, &mut scratch);
        assert_ne!(decision.app_id, before.app_id, "{change:?}");
        assert_eq!((&decision.app_id, decision.score.to_bits()), (&change.app_id, change.score.to_bits()));
        assert_eq!(change.field, field, "{change:?}");
    }
}

#[test]
fn files_tell_the_rule_that_decided() {
    use matcher::batch::{Columns, Format, Predictor};
    let matcher = matcher();
    let text = "[[rules]]\nname = \"big\"\naction = \"ignore\"\nwhen = { amount = { at_least = \"100\" }, currency = { equals = \"eur\" } }";
    let rules = Rules::from_toml(text, matcher.dictionary()).unwrap();
    let header = "id,VendorDescription,Amount,Currency";
    let columns = Columns::of_header(header.as_bytes()).unwrap();
    let mut csv = Predictor::with_rules(&matcher, Format::Csv, &rules);
    let mut out = csv.header().to_vec();
    csv.csv(
        &columns,
        b"1,quillwork.io,99.99,EUR\n2,quillwork.io,100.00,EUR\n3,quillwork.io,,EUR\n",
        (2, 1),
        &mut out,
    )
    .unwrap();
    let written: Vec<&str> = std::str::from_utf8(&out).unwrap().lines().collect();
    assert_eq!(written[0], "id,app_id,score,band,candidate,action,rule");
    assert!(written[1].starts_with("1,quillwork,") && written[1].ends_with(",quillwork,,"), "{written:?}");
    assert!(
        written[2].starts_with("2,,") && written[2].ends_with(",none,quillwork,ignore,big"),
        "{written:?}"
    );
    assert!(written[3].ends_with(",quillwork,,"), "{written:?}");
    let error = csv.csv(&columns, b"4,x,1,EUR\n5,x,1e,EUR\n", (5, 4), &mut out).unwrap_err();
    assert_eq!((error.line, error.reason.contains("\"1e\" is no decimal number")), (6, true));

    let mut json = Predictor::with_rules(&matcher, Format::JsonLines, &rules);
    let mut out = Vec::new();
    let rows = "{\"id\":\"1\",\"VendorDescription\":\"quillwork.io\",\"Amount\":100.00,\"Currency\":\"EUR\"}\n{\"id\":\"2\",\"Amount\":\"7\"}\n";
    json.json_lines(rows.as_bytes(), 1, &mut out).unwrap();
    let written: Vec<serde_json::Value> = out
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();
    assert_eq!(
        (&written[0]["rule"], &written[0]["action"], &written[0]["app_id"]),
        (&"big".into(), &"ignore".into(), &serde_json::Value::Null)
    );
    assert_eq!(written[1]["rule"], serde_json::Value::Null);
}
