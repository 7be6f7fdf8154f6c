//! An account's own rules over its stored lines, what a person says, and going back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use matcher::Matcher;
use store::lines::Money;
use store::lines::{self, NewLine, Texts};
use store::matches::Status;
use store::testing::TestStore;
use store::{accounts, audit, ids::AccountId};
use sync::hand::{self, Speaker, Word};
use sync::query::{self, Filter, PageRequest};
use sync::rules::{self, NewRules};
use sync::{Error, decide};

use crate::answers::matcher;

fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

/// A company with five lines, decided by the shipped dictionary.
struct Desk {
    test: TestStore,
    account: AccountId,
    matcher: Arc<Matcher>,
}

const LINES: [(&str, &str, &str); 5] = [
    ("E1", "SLACK TECHNOLOGIES", "12.50"),
    ("E2", "FIGMA INC", "45"),
    ("E3", "Bright Agency 0231", "900"),
    ("E4", "Bright Agency 0232", "90"),
    ("E5", "City Taxi", "31.10"),
];

fn new_line(key: &str, vendor: &str, posted: &str) -> NewLine {
    let money = Money { amount: posted.parse().unwrap(), currency: "EUR".to_owned() };
    NewLine {
        source: "test".to_owned(),
        source_key: key.to_owned(),
        report_id: Some("R1".to_owned()),
        entry_id: Some(key.to_owned()),
        itemization_id: None,
        owner_login: "ada@example.com".to_owned(),
        transaction_date: jiff::civil::date(2026, 3, 1),
        transaction: money.clone(),
        posted: money,
        texts: Texts { vendor_description: Some(vendor.to_owned()), ..Texts::default() },
        is_personal: false,
        has_itemizations: false,
        raw: serde_json::json!({}),
    }
}

impl Desk {
    async fn on(test: TestStore) -> Desk {
        let store = test.store.clone();
        let account = store.write(|conn| accounts::insert_unconnected(conn, "Desk", at(0))).await.unwrap().id;
        let desk = Desk { test, account, matcher: matcher() };
        for (key, vendor, posted) in LINES {
            desk.line(key, vendor, posted, at(0)).await;
        }
        desk.decide(at(0)).await;
        desk
    }

    async fn line(&self, key: &str, vendor: &str, posted: &str, now: Timestamp) {
        let (account, line) = (self.account, new_line(key, vendor, posted));
        self.test.store.write(move |conn| lines::upsert(conn, account, &[line], now)).await.unwrap();
    }

    async fn decide(&self, now: Timestamp) {
        let (store, account, matcher) = (self.test.store.clone(), self.account, Arc::clone(&self.matcher));
        tokio::task::spawn_blocking(move || decide::match_stored(&store, account, &matcher, now))
            .await
            .unwrap()
            .unwrap();
    }

    async fn set(&self, text: &str, over: Option<i64>, now: Timestamp) -> Result<rules::Applied, Error> {
        let new =
            NewRules { rules: text.to_owned(), over, actor: "ada".to_owned(), note: "because".to_owned() };
        rules::set(&self.test.store, self.account, &self.matcher, new, now).await
    }

    /// By source key: the app, or the status where there is none, and who decided.
    async fn decisions(&self, as_of: Option<Timestamp>) -> BTreeMap<String, String> {
        let (dictionary, all) = (self.matcher.dictionary(), PageRequest::default());
        let filter = Filter { as_of, ..Filter::default() };
        let page = query::lines(&self.test.store, self.account, dictionary, filter, &all).await.unwrap();
        let told = |line: query::LineView| {
            let it = line.decision.unwrap();
            let by = it.rule.unwrap_or(it.matched_by);
            let what = it.app_id.unwrap_or_else(|| it.status.to_string());
            (line.entry_id.unwrap(), format!("{what} by {by}"))
        };
        page.lines.into_iter().map(told).collect()
    }

    fn id(&self, key: &str) -> store::ids::LineId {
        lines::line_id(self.account, "test", key)
    }
}

const AGENCY: &str = r#"
[[rules]]
name = "the agency bills Figma seats"
action = "match"
app = "figma"
when = { vendor_description = { contains_word = "bright agency" }, amount = { at_least = "100" }, account = { equals = "Desk" } }

[[rules]]
name = "taxis"
action = "ignore"
when = { vendor_description = { contains_word = "taxi" } }
"#;

fn told(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, what)| ((*key).to_owned(), (*what).to_owned())).collect()
}

async fn on_each(test: impl AsyncFn(Desk)) {
    for store in store::testing::stores() {
        test(Desk::on(store).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_tried_set_and_taken_back_with_all_their_effects() {
    on_each(async |desk| {
        let before = desk.decisions(None).await;
        assert_eq!(before["E1"], "slack by dictionary");
        assert_eq!(
            (before["E3"].as_str(), before["E5"].as_str()),
            ("unmatched by none", "unmatched by none")
        );

        let (store, account) = (&desk.test.store, desk.account);
        let effect = rules::what_if(store, account, &desk.matcher, AGENCY.to_owned()).await.unwrap();
        assert_eq!((effect.lines, effect.pinned, effect.changed, effect.other_reason), (5, 0, 2, 0));
        let moves: Vec<_> = effect
            .moves
            .iter()
            .map(|it| {
                let total = &it.totals[0];
                (it.from.status, it.to.app_id.as_deref(), it.to.status, it.lines, total.posted.to_string())
            })
            .collect();
        assert_eq!(
            moves,
            [
                (Status::Unmatched, Some("figma"), Status::Matched, 1, "900".to_owned()),
                (Status::Unmatched, None, Status::Ignored, 1, "31.1".to_owned())
            ]
        );
        assert_eq!(effect.samples.len(), 2);
        assert_eq!(desk.decisions(None).await, before, "trying changes nothing");

        let applied = desk.set(AGENCY, Some(0), at(1)).await.unwrap();
        assert_eq!((applied.revision, applied.rules, applied.lines_changed), (1, 2, 2));
        assert_eq!(applied.effect, effect);
        let after = desk.decisions(None).await;
        let changed = told(&[
            ("E1", "slack by dictionary"),
            ("E2", "figma by dictionary"),
            ("E3", "figma by the agency bills Figma seats"),
            ("E4", "unmatched by none"),
            ("E5", "ignored by taxis"),
        ]);
        assert_eq!(after, changed);
        assert_eq!(desk.set(AGENCY, None, at(2)).await.unwrap().revision, 1, "the same again is nothing");

        // New lines are decided by the rules that hold.
        desk.line("E6", "Taxi Berlin", "7", at(3)).await;
        desk.decide(at(3)).await;
        assert_eq!(desk.decisions(None).await["E6"], "ignored by taxis");

        let undone = rules::undo(store, account, &desk.matcher, None, "ada".to_owned(), at(4)).await.unwrap();
        assert_eq!((undone.revision, undone.lines_changed), (2, 3));
        let back = desk.decisions(None).await;
        assert!(before.iter().all(|(key, what)| back[key] == *what), "{back:?}");
        assert_eq!(back["E6"], "unmatched by none");
        // What stood in between can still be asked for.
        assert_eq!(desk.decisions(Some(at(2))).await, changed);
        let history = query::history(store, account, desk.matcher.dictionary(), desk.id("E3")).await.unwrap();
        let stood: Vec<_> = history
            .unwrap()
            .decisions
            .iter()
            .map(|it| (it.decision.app_id.clone(), it.rules_revision))
            .collect();
        assert_eq!(stood, [(None, 2), (Some("figma".to_owned()), 1), (None, 0)]);

        let again =
            rules::undo(store, account, &desk.matcher, Some(1), "ada".to_owned(), at(5)).await.unwrap();
        assert_eq!((again.revision, again.lines_changed), (3, 3), "going back can be taken back");
        let acts = store.read(move |conn| audit::list(conn, Some(account), None, 100)).await.unwrap();
        let set = acts.iter().filter(|it| it.action == "rules.set").count();
        assert_eq!(set, 3, "each revision is in the audit trail");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_outranks_rules_until_it_is_taken_back() {
    on_each(async |desk| {
        let (store, account, matcher) = (&desk.test.store, desk.account, &desk.matcher);
        let speaker =
            |hours| Speaker { actor: "ada".to_owned(), note: "I asked them".to_owned(), now: at(hours) };
        let line = desk.id("E3");
        let said =
            hand::decide(store, account, matcher, line, Word::App("zoom".to_owned()), speaker(1)).await;
        assert!(said.unwrap());
        let said = hand::decide(store, account, matcher, desk.id("E5"), Word::Archive, speaker(1)).await;
        assert!(said.unwrap());
        assert_eq!(desk.decisions(None).await["E3"], "zoom by hand");

        let effect = rules::what_if(store, account, matcher, AGENCY.to_owned()).await.unwrap();
        assert_eq!((effect.pinned, effect.changed), (2, 0));
        desk.set(AGENCY, None, at(2)).await.unwrap();
        desk.line("E3", "Bright Agency 0231", "901", at(3)).await;
        desk.decide(at(3)).await;
        let decided = desk.decisions(None).await;
        assert_eq!((decided["E3"].as_str(), decided["E5"].as_str()), ("zoom by hand", "archived by hand"));
        let explained =
            query::explanation(store, account, matcher.dictionary(), line).await.unwrap().unwrap();
        assert_eq!(explained.explanation.unwrap()["hand"]["note"], "I asked them");

        assert!(hand::release(store, account, matcher, line, speaker(4)).await.unwrap());
        assert_eq!(desk.decisions(None).await["E3"], "figma by the agency bills Figma seats", "at once");
        assert!(!hand::release(store, account, matcher, line, speaker(5)).await.unwrap(), "once");

        for id in ["nobody", "cdw", "paypal"] {
            let said =
                hand::decide(store, account, matcher, line, Word::App(id.to_owned()), speaker(6)).await;
            assert!(matches!(said, Err(Error::NoSuchApp(app)) if app == id), "{id} is no app");
        }
        let absent = store::ids::LineId::from_uuid(uuid::Uuid::from_u128(7));
        assert!(!hand::decide(store, account, matcher, absent, Word::None, speaker(6)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_cannot_be_used_and_rules_over_an_old_revision_change_nothing() {
    on_each(async |desk| {
        let before = desk.decisions(None).await;
        let wrong = desk.set(&AGENCY.replace("figma", "nobody"), None, at(1)).await.unwrap_err();
        assert!(matches!(&wrong, Error::Rules(why) if why.to_string().contains("nobody")), "{wrong:?}");
        desk.set(AGENCY, Some(0), at(1)).await.unwrap();
        let late = desk.set("", Some(0), at(2)).await.unwrap_err();
        assert!(matches!(late, Error::RulesChanged { over: 0, holds: 1 }), "{late:?}");
        let (store, account, matcher) = (&desk.test.store, desk.account, &desk.matcher);
        let none = rules::undo(store, account, matcher, Some(9), "ada".to_owned(), at(2)).await.unwrap_err();
        assert!(matches!(none, Error::Store(store::Error::NotFound { .. })), "{none:?}");
        desk.set("", Some(1), at(3)).await.unwrap();
        assert_eq!(desk.decisions(None).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dictionary_that_lost_an_app_of_the_rules_stops_decisions_and_says_so() {
    let desk = Desk::on(store::testing::sqlite()).await;
    desk.set(AGENCY, None, at(1)).await.unwrap();
    let small = r#"{"id":"quillwork","name":"Quillwork","aliases":[],"domain":"q.io","category":"design"}"#;
    let small = matcher::Dictionary::from_jsonl(small).unwrap();
    let other = Desk { matcher: Arc::new(Matcher::new(Arc::new(small))), ..desk };
    let (store, account, matcher) = (other.test.store.clone(), other.account, Arc::clone(&other.matcher));
    let refused = tokio::task::spawn_blocking(move || decide::match_stored(&store, account, &matcher, at(2)));
    let refused = refused.await.unwrap().unwrap_err();
    assert!(matches!(refused, Error::StoredRules { revision: 1, .. }), "{refused:?}");
    // Rules that go with it help.
    other.set("", None, at(3)).await.unwrap();
    other.decide(at(3)).await;
    assert_eq!(other.decisions(None).await["E1"], "unmatched by none");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_what_rules_changed_and_nothing_else() {
    on_each(async |desk| {
        let (store, account, dictionary) = (&desk.test.store, desk.account, desk.matcher.dictionary());
        let all = query::changes(store, account, dictionary, &PageRequest::default()).await.unwrap();
        assert_eq!((all.changes.len(), all.more), (5, false));
        desk.set(AGENCY, None, at(1)).await.unwrap();
        let since = PageRequest { cursor: Some(all.next_cursor), limit: Some(1) };
        let page = query::changes(store, account, dictionary, &since).await.unwrap();
        assert_eq!((page.changes.len(), page.more), (1, true));
        let rest = PageRequest { cursor: Some(page.next_cursor), limit: None };
        let rest = query::changes(store, account, dictionary, &rest).await.unwrap();
        let mut told: Vec<_> =
            page.changes.iter().chain(&rest.changes).map(|it| it.line.entry_id.clone().unwrap()).collect();
        told.sort();
        assert_eq!((told, rest.more), (vec!["E3".to_owned(), "E5".to_owned()], false));
    })
    .await;
}

impl Desk {
    /// Says by hand that these lines pay for an app.
    async fn say(&self, keys: &[&str], word: &Word, now: Timestamp) {
        for key in keys {
            let speaker = Speaker { actor: "ada".to_owned(), note: String::new(), now };
            let (store, line) = (&self.test.store, self.id(key));
            assert!(
                hand::decide(store, self.account, &self.matcher, line, word.clone(), speaker).await.unwrap()
            );
        }
    }

    /// What is proposed when two lines speak for it: name, support, whether it was dismissed.
    async fn proposed(&self) -> Vec<(String, u64, bool)> {
        let found = rules::proposals(&self.test.store, self.account, &self.matcher, 2).await.unwrap();
        found.into_iter().map(|it| (it.name, it.support, it.dismissed)).collect()
    }

    async fn id_of_first(&self) -> String {
        let found = rules::proposals(&self.test.store, self.account, &self.matcher, 2).await.unwrap();
        found[0].id.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_decided_by_hand_become_a_rule_when_a_person_accepts_it() {
    on_each(async |desk| {
        let (store, account, matcher) = (&desk.test.store, desk.account, &desk.matcher);
        let figma = Word::App("figma".to_owned());
        desk.line("E6", "Bright Agency 0233", "80", at(1)).await;
        desk.decide(at(1)).await;
        desk.say(&["E3"], &figma, at(2)).await;
        assert_eq!(desk.proposed().await, [], "one line is no pattern");
        desk.say(&["E4"], &figma, at(2)).await;
        let name = "vendor with \"bright agency\" pays for Figma";
        assert_eq!(desk.proposed().await, [(name.to_owned(), 2, false)]);
        assert_eq!(rules::proposals(store, account, matcher, 3).await.unwrap(), [], "three are asked for");

        let before = desk.decisions(None).await;
        let id = desk.id_of_first().await;
        let tried = rules::try_proposal(store, account, matcher, &id).await.unwrap().unwrap();
        assert_eq!((tried.effect.changed, tried.effect.pinned), (1, 2), "{:?}", tried.effect);
        assert_eq!(tried.proposal.lines.len(), 2);
        assert_eq!(desk.decisions(None).await, before, "shown, not set");

        let applied =
            rules::accept(store, account, matcher, &id, "ada".to_owned(), at(3)).await.unwrap().unwrap();
        assert_eq!((applied.revision, applied.rules, applied.lines_changed), (1, 1, 1));
        let after = desk.decisions(None).await;
        assert_eq!(after["E6"], format!("figma by {name}"));
        assert_eq!(after["E3"], "figma by hand");
        assert_eq!(desk.proposed().await, [], "the machine says so by now");
        let gone = rules::accept(store, account, matcher, &id, "ada".to_owned(), at(3)).await.unwrap();
        assert_eq!(gone, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposed_rule_is_placed_so_that_it_decides_what_it_says() {
    on_each(async |desk| {
        let (store, account, matcher) = (&desk.test.store, desk.account, &desk.matcher);
        let name = "vendor with \"bright agency\" pays for Figma";
        let theirs = format!(
            "# ours\n[[rules]]\nname = {name:?}\naction = \"ignore\"\n\
             when = {{ vendor_description = {{ contains_word = \"agency\" }} }}\n"
        );
        desk.set(&theirs, None, at(1)).await.unwrap();
        desk.say(&["E3", "E4"], &Word::App("figma".to_owned()), at(2)).await;
        let other = format!("{name} (2)");
        assert_eq!(desk.proposed().await, [(other.clone(), 2, false)], "a name of its own");
        let id = desk.id_of_first().await;
        rules::accept(store, account, matcher, &id, "ada".to_owned(), at(3)).await.unwrap().unwrap();
        let holds = store.read(move |conn| store::rules::current(conn, account)).await.unwrap().unwrap();
        assert!(
            holds.rules.starts_with("[[rules]]\nname = "),
            "before the one that would ignore: {}",
            holds.rules
        );
        assert!(holds.rules.ends_with(&theirs), "{}", holds.rules);
        assert!(holds.note.contains("2 lines"), "{}", holds.note);
        desk.line("E7", "Bright Agency 0234", "80", at(4)).await;
        desk.decide(at(4)).await;
        assert_eq!(desk.decisions(None).await["E7"], format!("figma by {other}"));

        // A list in brackets takes no table behind it: nothing is proposed that could not be set.
        let bracketed =
            "rules = [ { name = \"a\", action = \"ignore\", when = { owner = { equals = \"bo\" } } } ]";
        desk.set(bracketed, None, at(5)).await.unwrap();
        assert_eq!(desk.proposed().await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_proposal_is_remembered() {
    on_each(async |desk| {
        let (store, account, matcher) = (&desk.test.store, desk.account, &desk.matcher);
        desk.line("E6", "City Taxi", "8", at(1)).await;
        desk.decide(at(1)).await;
        desk.say(&["E5", "E6"], &Word::Ignore, at(2)).await;
        let id = desk.id_of_first().await;
        for _ in 0..2 {
            let dismissed = rules::dismiss(store, account, matcher, &id, "ada".to_owned(), at(3)).await;
            assert!(dismissed.unwrap().unwrap().dismissed);
        }
        assert_eq!(desk.proposed().await, [("vendor with \"city taxi\" is ignored".to_owned(), 2, true)]);
        let unknown = rules::dismiss(store, account, matcher, "elsewhere", "ada".to_owned(), at(3)).await;
        assert_eq!(unknown.unwrap(), None);
        let seen = store.read(move |conn| audit::list(conn, Some(account), None, 1)).await.unwrap();
        assert_eq!(seen[0].action, "rules.dismiss");
        let applied = rules::accept(store, account, matcher, &id, "ada".to_owned(), at(4)).await.unwrap();
        assert!(applied.is_some(), "who changes their mind may still accept it");
    })
    .await;
}
