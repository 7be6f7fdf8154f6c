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
