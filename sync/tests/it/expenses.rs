//! A year of expenses: complete, resumable, honest about what could not be read.

use fixtures::simulator::{Fault, FaultKind};
use jiff::{ToSpan, civil::Date};
use store::lines::{self, Filter};
use store::runs::State;
use sync::{Error, Silent, Snapshot, pull, window};

use crate::harness::{Setting, TODAY, expected, noon, stored};

/// Days before [`TODAY`] on which the company is connected in most tests: about a month of reports lies before.
const EARLY: i32 = 335;

fn span_of(setting: &Setting, connected_days_ago: i32) -> (Date, Date) {
    let connected = TODAY.checked_sub(connected_days_ago.days()).unwrap();
    let _ = setting;
    (window::first_day(noon(connected)), connected)
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_sums_equal_the_source_report_by_report() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, EARLY).await;
        let mut snapshot = Snapshot::default();
        pull::expenses::expenses(&setting.company, &Silent, &mut snapshot).await.unwrap();
        let (from, to) = span_of(&setting, EARLY);
        let (stored, expected) = (stored(&setting).await, expected(&setting, from, to));
        // The window asks for a day more at its newest end, so the store may know more reports than the span holds.
        assert!(expected.len() > 100, "the span holds {} reports", expected.len());
        for (report, sums) in &expected {
            assert_eq!(stored.get(report), Some(sums), "report {report}");
        }
        assert_eq!(snapshot.windows_done, snapshot.windows_total);
        assert_eq!(snapshot.gaps, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_one_day_outside_the_year_is_not_stored() {
    let setting = Setting::connected(store::testing::sqlite(), 0).await;
    // Connected later: the year then begins in the middle of the reports that Concur lists.
    let first_day = window::first_day(noon(TODAY));
    let late = TODAY.checked_add(340.days()).unwrap();
    setting.set_clock(late);
    let account = setting.company.account;
    setting
        .company
        .store
        .write(move |conn| {
            let new = store::accounts::get(conn, account)?;
            assert_eq!(new.first_connected_at, Some(noon(TODAY)), "a later connection does not move it");
            store::accounts::set_first_connected(conn, account, noon(late))
        })
        .await
        .unwrap();
    let mut snapshot = Snapshot::default();
    // Only what was modified in the last weeks is read: enough to meet older expenses on newer reports.
    let position = serde_json::json!({
        "windows": [], "page": null, "windows_done": 0, "began": null,
        "watermark": TODAY.checked_sub(20.days()).unwrap(),
    });
    let now = noon(late);
    setting
        .company
        .store
        .write(move |conn| store::cursors::put(conn, account, "reports", "position", &position, now))
        .await
        .unwrap();
    pull::expenses::expenses(&setting.company, &Silent, &mut snapshot).await.unwrap();
    let oldest = setting
        .company
        .store
        .read(move |conn| {
            let filter = Filter { to: Some(first_day.yesterday().unwrap()), ..Filter::default() };
            lines::count(conn, account, &filter)
        })
        .await
        .unwrap();
    assert_eq!(oldest, 0);
    assert!(snapshot.lines > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_goes_on_where_it_stopped() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, EARLY).await;
        // After 60 reports Concur refuses for good, as when a scope is taken away in the middle of the night.
        let refusal = Fault { skip: 60, ..Fault::status("/api/v3.0/expense/entries", 403, 1_000) };
        setting.simulator.inject(refusal);
        let mut snapshot = Snapshot::default();
        let error = pull::expenses::expenses(&setting.company, &Silent, &mut snapshot).await.unwrap_err();
        assert!(matches!(error, Error::Concur { what: "entries", .. }), "{error}");
        let before = setting.requests_to("/expense/entries");
        let kept = stored(&setting).await;

        setting.simulator.clear_faults();
        let mut resumed = Snapshot::default();
        pull::expenses::expenses(&setting.company, &Silent, &mut resumed).await.unwrap();

        let (from, to) = span_of(&setting, EARLY);
        let all = stored(&setting).await;
        for (report, sums) in &expected(&setting, from, to) {
            assert_eq!(all.get(report), Some(sums), "report {report}");
        }
        assert!(!kept.is_empty() || before <= 60 + 8, "whole pages were stored before the refusal");
        assert!(
            resumed.reports < expected(&setting, from, to).len() + 150,
            "what was stored is not read again: {} reports",
            resumed.reports
        );
    }
}

/// Crash point C10 (reliability §2): a page was fetched and its checkpoint is not stored. The page is read again.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_with_a_page_in_its_hands_loses_and_doubles_nothing() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, 270).await;
        let (mut lives, mut kept) = (0, 0);
        loop {
            // Another length for each life, so that each kind of answer is a last one.
            let (company, mortal) = setting.mortal(230 + 9 * (lives % 7));
            let mut snapshot = Snapshot::default();
            let ended = tokio::select! {
                ended = pull::expenses::expenses(&company, &Silent, &mut snapshot) => Some(ended),
                () = mortal.died.notified() => None,
            };
            // What the writer's thread had begun is a transaction, and ends before the next life reads.
            setting.company.store.write(|_| Ok(())).await.unwrap();
            let count = stored(&setting).await.values().map(|(count, _)| count).sum::<usize>();
            assert!(count >= kept, "what was stored stays");
            kept = count;
            match ended {
                Some(ended) => break ended.unwrap(),
                None => lives += 1,
            }
            assert!(lives < 60, "it gets nowhere");
        }
        assert!(lives > 3, "{lives} lives mean little");
        let (from, to) = span_of(&setting, 270);
        let stored = stored(&setting).await;
        for (report, sums) in &expected(&setting, from, to) {
            assert_eq!(stored.get(report), Some(sums), "report {report} after {lives} deaths");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_survived_within_the_run() {
    let setting = Setting::connected(store::testing::sqlite(), EARLY).await;
    setting.simulator.inject(Fault::status("/api/v3.0/expense/reports", 503, 1));
    setting.simulator.inject(Fault::once("/api/v3.0/expense/entries", FaultKind::CloseBefore));
    let mut snapshot = Snapshot::default();
    pull::expenses::expenses(&setting.company, &Silent, &mut snapshot).await.unwrap();
    assert_eq!(snapshot.gaps, []);
    assert!(snapshot.lines > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_report_is_a_gap_and_never_complete() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, EARLY).await;
        let garbage = FaultKind::Status {
            code: 200,
            retry_after: None,
            body: Some(r#"{"Items": [{"ID": 7}], "NextPage": null}"#.to_owned()),
        };
        setting.simulator.inject(Fault::once("/api/v3.0/expense/entries", garbage));
        let matcher = crate::answers::matcher();
        let summary = sync::run::sync(&setting.company, &matcher, &Silent).await.unwrap();
        assert_eq!(summary.state, State::CompleteWithGaps);
        assert_eq!(summary.snapshot.gaps.len(), 1);
        assert!(
            summary.snapshot.gaps[0].what.starts_with("entries of report "),
            "{:?}",
            summary.snapshot.gaps
        );
        assert!(summary.snapshot.gaps[0].reason.contains("Items"), "{:?}", summary.snapshot.gaps);

        let (id, store) = (summary.id, setting.company.store.clone());
        let run = store.read(move |conn| store::runs::get(conn, id)).await.unwrap();
        assert_eq!(run.state, State::CompleteWithGaps);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_could_not_be_read_is_read_again_also_when_the_run_that_met_it_was_killed() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, EARLY).await;
        let (from, to) = span_of(&setting, EARLY);
        let garbage = FaultKind::Status { code: 200, retry_after: None, body: Some("{".to_owned()) };
        setting.simulator.inject(Fault::once("/api/v3.0/expense/reports", garbage));
        let mut snapshot = Snapshot::default();
        let mut killed = pull::expenses::Pass::begin(&setting.company).await.unwrap();
        killed.next_page(&setting.company, &Silent, &mut snapshot).await.unwrap();
        assert_eq!(snapshot.gaps.len(), 1, "the newest window was given up");
        drop(killed);
        let matcher = crate::answers::matcher();
        let summary = sync::run::sync(&setting.company, &matcher, &Silent).await.unwrap();
        assert_eq!(summary.state, State::Complete);
        let (stored, expected) = (stored(&setting).await, expected(&setting, from, to));
        for (report, sums) in &expected {
            assert_eq!(stored.get(report), Some(sums), "report {report}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sync_reads_only_what_changed_plus_the_look_back() {
    let setting = Setting::connected(store::testing::sqlite(), EARLY).await;
    let mut first = Snapshot::default();
    pull::expenses::expenses(&setting.company, &Silent, &mut first).await.unwrap();
    let lines = stored(&setting).await;
    // The watermark is Concur's own date of the first run, so nothing but the look-back is due.
    setting.set_clock(TODAY);
    let mut second = Snapshot::default();
    pull::expenses::expenses(&setting.company, &Silent, &mut second).await.unwrap();
    assert!(second.windows_total <= 1, "{} windows", second.windows_total);
    let after = stored(&setting).await;
    assert!(
        lines.iter().all(|(report, sums)| after.get(report) == Some(sums)),
        "nothing was lost or doubled"
    );
}
