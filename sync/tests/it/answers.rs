//! Decisions and answers over what was synced.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use fixtures::simulator::Fault;
use matcher::patterns::{Charge, recurrence};
use matcher::{Dictionary, Matcher};
use sync::query::{self, Filter, PageRequest};
use sync::{Silent, Snapshot, decide};

use crate::harness::Setting;

pub(crate) fn matcher() -> Arc<Matcher> {
    static SHIPPED: LazyLock<Arc<Matcher>> = LazyLock::new(|| {
        let dictionary = Dictionary::from_jsonl(fixtures::dictionary::SHIPPED).unwrap();
        Arc::new(Matcher::new(Arc::new(dictionary)))
    });
    Arc::clone(&SHIPPED)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synced_company_can_be_asked_who_pays_for_what() {
    let matcher = matcher();
    for store in store::testing::stores() {
        let setting = Setting::connected(store, 345).await;
        let summary = sync::run::sync(&setting.company, &matcher, &Silent).await.unwrap();
        let (store, account) = (&setting.company.store, setting.company.account);
        assert_eq!(summary.snapshot.decided, summary.snapshot.lines, "every line has a decision");
        assert!(summary.snapshot.matched > 0);

        // Page by page, each line once.
        let mut seen = BTreeSet::new();
        let mut paid = Vec::new();
        let mut request = PageRequest { cursor: None, limit: Some(77) };
        loop {
            let page = query::lines(store, account, matcher.dictionary(), Filter::default(), &request)
                .await
                .unwrap();
            for line in page.lines {
                assert!(seen.insert(line.id), "line {} came twice", line.id);
                let decision = line.decision.clone().unwrap();
                if decision.status == store::matches::Status::Matched {
                    paid.push(line);
                }
            }
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), summary.snapshot.lines);
        assert_eq!(paid.len(), summary.snapshot.matched);

        // Totals say the same as the lines they are made of.
        let apps =
            query::apps(store, account, matcher.dictionary(), Filter::default(), &PageRequest::default())
                .await
                .unwrap();
        let top = &apps.apps[0];
        for total in &top.totals {
            let own: rust_decimal::Decimal = paid
                .iter()
                .filter(|line| !line.is_personal && line.posted.currency == total.currency)
                .filter(|line| line.decision.as_ref().unwrap().app_id.as_deref() == Some(&top.app_id))
                .map(|line| line.posted.amount)
                .sum();
            assert_eq!(total.posted, own, "{} in {}", top.app_id, total.currency);
        }

        // And each decision can explain itself.
        let explained =
            query::explanation(store, account, matcher.dictionary(), paid[0].id).await.unwrap().unwrap();
        let explanation = explained.explanation.unwrap();
        assert!(
            explanation["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty()),
            "{explanation}"
        );
        assert_eq!(explained.dictionary_version.as_deref(), Some(matcher.dictionary().version()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_run_was_cut_off_can_be_asked_for_already() {
    let matcher = matcher();
    for store in store::testing::stores() {
        let setting = Setting::connected(store, 10).await;
        setting
            .simulator
            .inject(Fault { skip: 400, ..Fault::status("/api/v3.0/expense/entries", 403, 1_000) });
        sync::run::sync(&setting.company, &matcher, &Silent).await.unwrap_err();
        let (store, account) = (&setting.company.store, setting.company.account);
        let apps =
            query::apps(store, account, matcher.dictionary(), Filter::default(), &PageRequest::default())
                .await
                .unwrap();
        assert!(!apps.apps.is_empty(), "the newest lines have their apps though the rest is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deciding_again_decides_nothing_until_the_dictionary_changes() {
    let setting = Setting::connected(store::testing::sqlite(), 350).await;
    let matcher = matcher();
    let first = sync::run::sync(&setting.company, &matcher, &Silent).await.unwrap();
    let mut again = Snapshot::default();
    decide::match_lines(&setting.company, &matcher, &Silent, &mut again).await.unwrap();
    assert_eq!(again.decided, 0);

    let small =
        r#"{"id":"quillwork","name":"Quillwork","aliases":[],"domain":"quillwork.io","category":"design"}"#;
    let other = Arc::new(Matcher::new(Arc::new(Dictionary::from_jsonl(small).unwrap())));
    decide::match_lines(&setting.company, &other, &Silent, &mut again).await.unwrap();
    assert_eq!(again.decided, first.snapshot.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_account_sees_nothing() {
    let setting = Setting::connected(store::testing::sqlite(), 355).await;
    let matcher = matcher();
    sync::run::sync(&setting.company, &matcher, &Silent).await.unwrap();
    let foreign = store::ids::AccountId::from_uuid(uuid::Uuid::from_u128(7));
    let store = &setting.company.store;
    let page = query::lines(store, foreign, matcher.dictionary(), Filter::default(), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(page.lines, []);
    let own = query::lines(
        store,
        setting.company.account,
        matcher.dictionary(),
        Filter::default(),
        &PageRequest { cursor: None, limit: Some(1) },
    )
    .await
    .unwrap();
    let hidden = query::explanation(store, foreign, matcher.dictionary(), own.lines[0].id).await.unwrap();
    assert_eq!(hidden, None);
}

#[test]
fn the_made_up_company_has_subscriptions_that_go_on_that_stopped_and_that_got_dearer() {
    let company = fixtures::company::Company::generate(crate::harness::SEED, crate::harness::TODAY);
    let mut payers: BTreeMap<(String, String), Vec<&fixtures::company::Entry>> = BTreeMap::new();
    for report in &company.reports {
        for entry in report.entries.iter().filter(|entry| entry.itemizations.is_empty()) {
            let Some(app) = &entry.pays_for else { continue };
            payers.entry((report.owner.to_string(), app.clone())).or_default().push(entry);
        }
    }
    let (mut active, mut ended, mut dearer) = (0, 0, 0);
    for entries in payers.values() {
        let charges: Vec<Charge<'_>> = entries
            .iter()
            .map(|entry| Charge {
                id: &entry.id,
                date: entry.transaction_date,
                amount: entry.transaction_amount,
                currency: entry.transaction_currency,
            })
            .collect();
        for found in recurrence::find(&charges, crate::harness::TODAY) {
            match found.status {
                recurrence::Status::Active { .. } => active += 1,
                recurrence::Status::Overdue { .. } | recurrence::Status::Stopped { .. } => ended += 1,
            }
            dearer += usize::from(!found.price_changes.is_empty());
        }
    }
    assert!(active >= 20 && ended >= 5 && dearer >= 5, "{active} go on, {ended} ended, {dearer} got dearer");
}
