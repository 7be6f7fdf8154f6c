//! Rules as files hold them, and the lines that they decide.

use super::*;

const APPS: &str = r#"{"id":"quillwork","name":"Quillwork"}
{"id":"zanderly","name":"Zanderly"}
{"id":"payco","name":"Payco","role":"processor"}"#;

fn read(text: &str) -> Result<Rules, RulesError> {
    Rules::from_toml(text, &Dictionary::from_jsonl(APPS).unwrap())
}

fn facts<'t>(vendor: &'t str, amount: &str) -> Facts<'t> {
    Facts {
        texts: ExpenseTexts { vendor_description: vendor, ..ExpenseTexts::default() },
        amount: Decimal::from_str_exact(amount).ok(),
        currency: Some("EUR"),
        department: Some("Küche"),
        ..Facts::default()
    }
}

fn first(rules: &Rules, facts: &Facts<'_>) -> Option<String> {
    rules.decide(facts).first.map(str::to_owned)
}

#[test]
fn the_first_rule_that_holds_decides() {
    let rules = read(
        r#"
        [[rules]]
        name = "later"
        action = "ignore"
        priority = 5
        when = { vendor_description = { contains_word = "agency" } }
        [[rules]]
        name = "sooner"
        action = "match"
        app = "quillwork"
        when = { vendor_description = { contains_word = "BRIGHT Agency" }, amount = { at_least = "100", below = "500" } }
        "#,
    )
    .unwrap();
    assert_eq!(first(&rules, &facts("Bright-Agency GmbH", "100.00")).as_deref(), Some("sooner"));
    assert_eq!(first(&rules, &facts("Bright-Agency GmbH", "500")).as_deref(), Some("later"));
    assert_eq!(first(&rules, &facts("bright agencys", "100")), None, "words, not parts of words");
    let verdict = rules.decide(&facts("bright agency", "499.99"));
    assert_eq!((verdict.action(), verdict.app.is_some()), (Some(Action::Match), true));
}

#[test]
fn every_test_and_connective_does_what_it_says() {
    let check = |when: &str, holds: &[&str], fails: &[&str]| {
        let rules = read(&format!("[[rules]]\nname = \"r\"\naction = \"ignore\"\nwhen = {when}")).unwrap();
        for vendor in holds {
            assert!(first(&rules, &facts(vendor, "12.50")).is_some(), "{when} should hold for {vendor:?}");
        }
        for vendor in fails {
            assert!(
                first(&rules, &facts(vendor, "12.50")).is_none(),
                "{when} should not hold for {vendor:?}"
            );
        }
    };
    check("{ vendor_description = { equals = \"Café 42\" } }", &["CAFE 42", "cafe-42"], &["cafe 42 b", ""]);
    check("{ vendor_description = { equals = \"\" } }", &["", "***"], &["x"]);
    check(
        "{ vendor_description = { starts_with = \"quill work\" } }",
        &["Quill Work Ltd"],
        &["quill workers", "my quill work"],
    );
    check("{ vendor_description = { regex = \"^inv[0-9]+$\" } }", &["INV12"], &["INV", "xINV12"]);
    check("{ vendor_description = { contains_word = [\"a\", \"b\"] } }", &["x a", "b"], &["ab"]);
    check(
        "{ any = [{ vendor_description = { equals = \"a\" } }, { amount = { above = \"12.50\" } }] }",
        &["a"],
        &["b"],
    );
    check(
        "{ all = [{ currency = { equals = \"eur\" } }, { not = { vendor_description = { equals = \"a\" } } }] }",
        &["b"],
        &["a"],
    );
    check(
        "{ department = { equals = \"kuche\" }, amount = { equals = \"12.5\", at_most = 13 } }",
        &["x"],
        &[],
    );
    check("{ owner = { contains_word = \"x\" } }", &[], &["x"]);
}

#[test]
fn a_never_rule_beats_a_match_wherever_it_stands() {
    let rules = read(
        r#"
        [[rules]]
        name = "match"
        action = "match"
        app = "quillwork"
        when = { vendor_description = { contains_word = "agency" } }
        [[rules]]
        name = "other"
        action = "match"
        app = "zanderly"
        when = { vendor_description = { contains_word = "agency" } }
        [[rules]]
        name = "not us"
        action = "never"
        app = "quillwork"
        when = { vendor_description = { contains_word = "north" } }
        "#,
    )
    .unwrap();
    assert_eq!(first(&rules, &facts("agency south", "1")).as_deref(), Some("match"));
    assert_eq!(first(&rules, &facts("agency north", "1")).as_deref(), Some("other"));
    assert_eq!(rules.decide(&facts("north", "1")).never.len(), 1);
}

#[test]
fn what_is_wrong_is_said_with_rule_reason_and_remedy() {
    let check = |rest: &str, words: &[&str]| {
        let error = read(&format!("[[rules]]\nname = \"r\"\n{rest}")).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
    };
    let when = "when = { currency = { equals = \"EUR\" } }";
    check(&format!("action = \"match\"\n{when}"), &["rule 1 (\"r\")", "needs an app"]);
    check(&format!("action = \"match\"\napp = \"nobody\"\n{when}"), &["\"nobody\" is not in the dictionary"]);
    check(&format!("action = \"match\"\napp = \"payco\"\n{when}"), &["intermediary"]);
    check(&format!("action = \"ignore\"\napp = \"quillwork\"\n{when}"), &["takes no app"]);
    check(&format!("action = \"forget\"\n{when}"), &["line 3", "unknown variant"]);
    check("action = \"ignore\"\nwhen = {}", &["every line"]);
    check(
        "action = \"ignore\"\nwhen = { vendor = { equals = \"x\" } }",
        &["no field \"vendor\"", "vendor_description"],
    );
    check("action = \"ignore\"\nwhen = { owner = { like = \"x\" } }", &["no test \"like\"", "contains_word"]);
    check("action = \"ignore\"\nwhen = { owner = { regex = \"(\" } }", &["cannot be read"]);
    check("action = \"ignore\"\nwhen = { amount = { above = 1.5 } }", &["in quotes"]);
    check("action = \"ignore\"\nwhen = { amount = { above = \"x\" } }", &["no decimal number"]);
    check("action = \"ignore\"\nwhen = { owner = \"x\" }", &["takes a test"]);
    let deep = (0..limits::DEPTH_MAX)
        .fold("{ owner = { equals = \"x\" } }".to_owned(), |inner, _| format!("{{ not = {inner} }}"));
    check(&format!("action = \"ignore\"\nwhen = {deep}"), &["deep"]);
    let twice = format!("[[rules]]\nname = \"r\"\naction = \"ignore\"\n{when}\n").repeat(2);
    assert!(read(&twice).unwrap_err().to_string().contains("another rule has this name"));
    assert!(read("").unwrap().is_empty() && Rules::none().is_empty());
}

mod proposals {
    use std::sync::Arc;

    use super::*;
    use crate::{ExpenseTexts, Matcher};

    struct Desk {
        matcher: Matcher,
        quillwork: EntryId,
        zanderly: EntryId,
    }

    impl Desk {
        fn new() -> Desk {
            let dictionary = Dictionary::from_jsonl(APPS).unwrap();
            let app = |id| dictionary.entry_id(id).unwrap();
            let (quillwork, zanderly) = (app("quillwork"), app("zanderly"));
            Desk { matcher: Matcher::new(Arc::new(dictionary)), quillwork, zanderly }
        }

        /// What is proposed, as rules name it, each with its support.
        fn proposed(&self, lines: &[ByHand<'_>], support_min: usize) -> Vec<(String, Vec<usize>)> {
            let dictionary = self.matcher.dictionary();
            let mut names = Vec::new();
            for proposal in propose(&self.matcher, lines, support_min) {
                let name = proposal.name(dictionary);
                let rules = Rules::from_toml(&proposal.to_toml(&name, dictionary), dictionary).unwrap();
                for (at, line) in lines.iter().enumerate() {
                    let holds =
                        !rules.decide(&Facts { texts: line.texts, ..Facts::default() }).never.is_empty()
                            || rules.decide(&Facts { texts: line.texts, ..Facts::default() }).first.is_some();
                    assert_eq!(holds, proposal.support.contains(&at), "{name}: {:?}", line.texts);
                }
                names.push((name, proposal.support));
            }
            names
        }
    }

    fn line<'t>(vendor: &'t str, purpose: &'t str, person: Said, machine: Said) -> ByHand<'t> {
        let texts =
            ExpenseTexts { vendor_description: vendor, business_purpose: purpose, ..ExpenseTexts::default() };
        ByHand { texts, person, machine }
    }

    #[test]
    fn the_longest_words_that_most_lines_share_are_proposed() {
        let desk = Desk::new();
        let says = |vendor| line(vendor, "", Said::App(desk.quillwork), Said::NoApp);
        let lines = [
            says("BRIGHT AGENCY LTD 4711"),
            says("Bright Agency Ltd, Berlin"),
            says("SumUp *Bright Agency Ltd"),
            says("Corner Shop"),
        ];
        let expected = [("vendor with \"bright agency ltd\" pays for Quillwork".to_owned(), vec![0, 1, 2])];
        assert_eq!(desk.proposed(&lines, 3), expected);
        assert_eq!(desk.proposed(&lines, 4), []);
    }

    #[test]
    fn what_another_decision_speaks_against_is_not_proposed() {
        let desk = Desk::new();
        let says = |vendor, person| line(vendor, "", person, Said::NoApp);
        let (quillwork, zanderly) = (Said::App(desk.quillwork), Said::App(desk.zanderly));
        let lines = [
            says("Bright Agency North", quillwork),
            says("Bright Agency North", quillwork),
            says("Bright Agency South", zanderly),
            says("Bright Agency South", zanderly),
            // The machine says the same: it asks for no rule, and still speaks against one.
            line("Bright Agency", "", Said::NoApp, Said::NoApp),
        ];
        let names: Vec<String> = desk.proposed(&lines, 2).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "vendor with \"bright agency north\" pays for Quillwork",
                "vendor with \"bright agency south\" pays for Zanderly"
            ]
        );
    }

    #[test]
    fn one_decision_to_the_contrary_is_enough_wherever_the_words_stand() {
        let desk = Desk::new();
        let says = |vendor| line(vendor, "", Said::App(desk.quillwork), Said::NoApp);
        let long = format!("{} Bright Agency", "elm ".repeat(20));
        let lines = [says("Bright Agency 1"), says("Bright Agency 2")];
        assert_eq!(desk.proposed(&lines, 2).len(), 1);
        for contrary in ["Bright Agency 3", "At Bright Agency", &long] {
            let lines = [lines[0], lines[1], line(contrary, "", Said::App(desk.zanderly), Said::NoApp)];
            assert_eq!(desk.proposed(&lines, 2), [], "{contrary}");
        }
    }

    #[test]
    fn words_that_anybody_uses_count_only_as_the_whole_text() {
        let desk = Desk::new();
        let taxi = line("Taxi", "", Said::Ignored, Said::NoApp);
        let ignored = |vendor| line(vendor, "", Said::Ignored, Said::NoApp);
        assert_eq!(desk.proposed(&[taxi, taxi], 2), [("vendor \"taxi\" is ignored".to_owned(), vec![0, 1])]);
        // Berlin and GmbH are all that they share.
        assert_eq!(desk.proposed(&[ignored("Elm GmbH Berlin"), ignored("Oak GmbH Berlin")], 2), []);
    }

    #[test]
    fn each_decision_becomes_the_rule_that_says_it() {
        let desk = Desk::new();
        let app = Said::App(desk.quillwork);
        let name = |person, machine| {
            let of = line("", "Kermesse stand", person, machine);
            desk.proposed(&[of, of], 2).into_iter().map(|(name, _)| name).next()
        };
        assert_eq!(name(app, Said::NoApp).unwrap(), "purpose with \"kermesse stand\" pays for Quillwork");
        assert_eq!(name(Said::NoApp, app).unwrap(), "purpose with \"kermesse stand\" is not Quillwork");
        assert_eq!(name(Said::Ignored, app).unwrap(), "purpose with \"kermesse stand\" is ignored");
        assert_eq!(name(Said::Archived, app).unwrap(), "purpose with \"kermesse stand\" is archived");
        assert_eq!(name(app, app), None, "the machine says so already");
        assert_eq!(name(Said::NoApp, Said::Ignored), None, "no rule takes back another one");
    }

    #[test]
    fn the_id_does_not_depend_on_how_many_speak_for_it() {
        let desk = Desk::new();
        let of = line("Bright Agency", "", Said::App(desk.quillwork), Said::NoApp);
        let id = |lines: &[ByHand<'_>]| {
            propose(&desk.matcher, lines, 1).first().map(|found| found.id(desk.matcher.dictionary())).unwrap()
        };
        assert_eq!(id(&[of]), id(&[of, of]));
        let other = line("Bright Agency", "", Said::App(desk.zanderly), Said::NoApp);
        assert_ne!(id(&[of]), id(&[other]));
    }
}
