//! Expenses from before the year: asked for, read in slices, and kept by everything that is read afterwards.

use fixtures::simulator::{Fault, FaultKind};
use jiff::{ToSpan, civil::Date};
use store::runs::{self, Run, State};
use sync::pull::history::{self, History, Refused};
use sync::run::Summary;
use sync::{Silent, window};

use crate::answers::matcher;
use crate::harness::{Setting, TODAY, expected, noon, stored};

/// Connected so many days after the last report: the year holds the reports of its first two weeks, and most are older.
const LATE: i32 = 350;

fn early() -> Date {
    TODAY.checked_sub(30.days()).unwrap()
}

async fn with_year(store: store::testing::TestStore) -> Setting {
    let setting = Setting::connected(store, -LATE).await;
    sync::run::sync(&setting.company, &matcher(), &Silent).await.unwrap();
    setting
}

async fn ask(setting: &Setting, from: Date) -> Result<History, Refused> {
    let (account, now) = (setting.company.account, setting.company.now());
    setting.company.store.write(move |conn| history::ask(conn, account, from, now)).await.unwrap()
}

async fn turn(setting: &Setting, to: history::State) -> Result<History, Refused> {
    let (account, now) = (setting.company.account, setting.company.now());
    setting.company.store.write(move |conn| history::turn(conn, account, to, now)).await.unwrap()
}

async fn status(setting: &Setting) -> Option<History> {
    let account = setting.company.account;
    setting.company.store.read(move |conn| history::status(conn, account)).await.unwrap()
}

/// One page, as where the next pass is due at once.
async fn part(setting: &Setting) -> Option<Summary> {
    let until = Some(setting.company.now());
    sync::run::history(&setting.company, &matcher(), until, &Silent).await.unwrap()
}

async fn slice(setting: &Setting) -> Option<State> {
    part(setting).await.map(|summary| summary.state)
}

async fn records(setting: &Setting) -> Vec<Run> {
    let account = setting.company.account;
    let all = setting.company.store.read(move |conn| runs::list(conn, account, 100)).await.unwrap();
    all.into_iter().filter(|run| run.kind == history::KIND).collect()
}

async fn is_whole(setting: &Setting) {
    let (stored, expected) = (stored(setting).await, expected(setting, early(), TODAY));
    assert_eq!(stored.len(), expected.len());
    for (report, sums) in &expected {
        assert_eq!(stored.get(report), Some(sums), "report {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_before_the_year_is_read_and_stays() {
    for store in store::testing::stores() {
        let setting = with_year(store).await;
        let year = stored(&setting).await;
        let asked = ask(&setting, early()).await.unwrap();
        assert_eq!((asked.state, asked.windows_done), (history::State::Active, 0));
        let read = sync::run::history(&setting.company, &matcher(), None, &Silent).await.unwrap().unwrap();
        assert_eq!(read.state, State::Complete);
        assert_eq!(read.snapshot.decided, read.snapshot.lines, "what was read is decided");
        is_whole(&setting).await;
        let all = stored(&setting).await;
        let late = |report: &&String| year.get(*report).is_some_and(|sums| Some(sums) != all.get(*report));
        assert!(all.len() > year.len() + 10, "{} and {}", all.len(), year.len());
        assert!(all.keys().filter(late).count() > 0, "reports of the year held expenses from before it");

        // Two days later everything that may change is read again, by the list and one by one.
        setting.set_clock(TODAY.checked_add((LATE + 2).days()).unwrap());
        sync::run::sync(&setting.company, &matcher(), &Silent).await.unwrap();
        is_whole(&setting).await;
        assert_eq!(status(&setting).await.unwrap().state, history::State::Complete);
        assert_eq!(slice(&setting).await, None, "nothing is left to be read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_yields_pauses_and_goes_on_under_one_record() {
    for store in store::testing::stores() {
        let setting = with_year(store).await;
        assert_eq!(slice(&setting).await, None, "nobody asked for it");
        assert_eq!(turn(&setting, history::State::Paused).await, Err(Refused::NotAsked));
        ask(&setting, early()).await.unwrap();
        let mut last = part(&setting).await.unwrap();
        assert_eq!((last.state, last.before.pages), (State::Running, 0), "a page, and then others");
        turn(&setting, history::State::Paused).await.unwrap();
        assert_eq!(slice(&setting).await, None);
        assert_eq!(records(&setting).await[0].state, State::Paused, "and its record says so");
        let paused = stored(&setting).await;
        turn(&setting, history::State::Active).await.unwrap();
        assert_eq!(records(&setting).await[0].state, State::Running);
        let mut slices = 1;
        while last.state == State::Running {
            let next = part(&setting).await.unwrap();
            assert_eq!(next.before, last.snapshot, "each part says where it began");
            last = next;
            slices += 1;
            assert!(slices < 500, "it gets nowhere");
        }
        assert!(slices > 10 && stored(&setting).await.len() > paused.len());
        is_whole(&setting).await;
        let records = records(&setting).await;
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0].state, State::Complete);
        let pages = records[0].progress["pages"].as_u64().unwrap();
        assert!(pages > 10, "the figures are those of the whole job: {}", records[0].progress);
        assert_eq!(turn(&setting, history::State::Stopped).await, Err(Refused::Over));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_day_that_is_asked_for_ends_the_pause_in_the_record_too() {
    for store in store::testing::stores() {
        let setting = with_year(store).await;
        ask(&setting, early()).await.unwrap();
        part(&setting).await.unwrap();
        turn(&setting, history::State::Paused).await.unwrap();
        assert_eq!(records(&setting).await[0].state, State::Paused);
        ask(&setting, early().checked_sub(20.days()).unwrap()).await.unwrap();
        assert_eq!(slice(&setting).await, Some(State::Running));
        let records = records(&setting).await;
        assert_eq!((records.len(), records[0].state), (1, State::Running), "{records:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_loses_and_doubles_nothing() {
    for store in store::testing::stores() {
        let setting = with_year(store).await;
        ask(&setting, early()).await.unwrap();
        let mut lives = 0;
        loop {
            let (company, mortal) = setting.mortal(90 + 11 * (lives % 7));
            let matcher = matcher();
            let ended = tokio::select! {
                ended = sync::run::history(&company, &matcher, None, &Silent) => Some(ended),
                () = mortal.died.notified() => None,
            };
            setting.company.store.write(|_| Ok(())).await.unwrap();
            match ended {
                Some(ended) => break assert_eq!(ended.unwrap().unwrap().state, State::Complete),
                None => lives += 1,
            }
            assert!(lives < 100, "it gets nowhere");
        }
        assert!(lives > 1, "{lives} lives mean little");
        is_whole(&setting).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_could_not_be_read_is_tried_once_more_and_then_told() {
    let garbage = || FaultKind::Status { code: 200, retry_after: None, body: Some("{".to_owned()) };
    let setting = with_year(store::testing::sqlite()).await;
    ask(&setting, early()).await.unwrap();
    setting.simulator.inject(Fault::once("/api/v3.0/expense/reports", garbage()));
    let read = sync::run::history(&setting.company, &matcher(), None, &Silent).await.unwrap().unwrap();
    assert_eq!((read.state, read.snapshot.gaps), (State::Complete, vec![]));
    is_whole(&setting).await;

    let setting = with_year(store::testing::sqlite()).await;
    ask(&setting, early()).await.unwrap();
    let always = Fault { count: 10_000, ..Fault::once("/api/v3.0/expense/reports", garbage()) };
    setting.simulator.inject(always);
    let read = sync::run::history(&setting.company, &matcher(), None, &Silent).await.unwrap().unwrap();
    assert_eq!(read.state, State::CompleteWithGaps);
    assert!(status(&setting).await.unwrap().has_gaps);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_job_keeps_what_it_read_and_an_earlier_day_begins_anew() {
    let setting = with_year(store::testing::sqlite()).await;
    let middle = TODAY.checked_sub(22.days()).unwrap();
    ask(&setting, middle).await.unwrap();
    slice(&setting).await;
    let kept = stored(&setting).await.len();
    assert_eq!(turn(&setting, history::State::Stopped).await.unwrap().state, history::State::Stopped);
    assert_eq!(records(&setting).await[0].state, State::Cancelled);
    assert_eq!(slice(&setting).await, None);
    assert_eq!(stored(&setting).await.len(), kept);
    assert_eq!(ask(&setting, middle).await, Err(Refused::Kept(middle)));

    ask(&setting, early()).await.unwrap();
    let read = sync::run::history(&setting.company, &matcher(), None, &Silent).await.unwrap().unwrap();
    assert_eq!(read.state, State::Complete);
    is_whole(&setting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_carries_the_kept_time_back_and_asks_for_nothing() {
    let setting = with_year(store::testing::sqlite()).await;
    let (account, now) = (setting.company.account, setting.company.now());
    let year = window::first_day(noon(TODAY.checked_add(LATE.days()).unwrap()));
    let estimate = async |from: Date| {
        setting.company.store.read(move |conn| history::estimate(conn, account, from, now)).await.unwrap()
    };
    let half = estimate(year.checked_sub(183.days()).unwrap()).await.unwrap();
    assert_eq!(half.days, 183);
    assert!(half.reports_again > 10 && half.requests > half.reports_again, "{half:?}");
    let (twice, whole) = (2 * half.reports, half.reports_again);
    assert!(twice.abs_diff(whole) <= whole / 20, "half of a year's days, half of its reports: {half:?}");
    assert_eq!(estimate(year).await, Err(Refused::Kept(year)));
    assert_eq!(status(&setting).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_nobody_was_told_of_is_no_complete_history() {
    let setting = with_year(store::testing::sqlite()).await;
    ask(&setting, early()).await.unwrap();
    let garbage = FaultKind::Status { code: 200, retry_after: None, body: Some("{".to_owned()) };
    setting.simulator.inject(Fault { count: 10_000, ..Fault::once("/api/v3.0/expense/reports", garbage) });
    // A process that dies after the last page and before it could say what it has met.
    let mut unsaid = sync::Snapshot::default();
    let windows = status(&setting).await.unwrap().windows_left;
    for _ in 0..2 * windows {
        history::next_page(&setting.company, &Silent, &mut unsaid).await.unwrap();
    }
    assert_eq!(status(&setting).await.unwrap().state, history::State::Active, "the last word is not said");
    setting.simulator.clear_faults();
    let read = sync::run::history(&setting.company, &matcher(), None, &Silent).await.unwrap().unwrap();
    assert!(status(&setting).await.unwrap().has_gaps);
    assert_eq!(read.state, State::CompleteWithGaps);
}
