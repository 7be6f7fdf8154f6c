//! Reports that events have named, and reports that nobody named although they changed or went.

use concur::api::LookupAttribute;
use concur::model::{Op, PatchOperation};
use fixtures::company::Report;
use fixtures::simulator::Act;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use matcher::{Dictionary, Matcher};
use std::sync::Arc;
use store::events::{self, Touch};
use store::lines::{self, Filter};
use store::{reports, users};
use sync::pull::told::Told;
use sync::{Silent, Snapshot, pull, run};

use crate::harness::{Setting, TODAY, noon};

/// Days before [`TODAY`] on which the company is connected: about a month of reports lies before.
const EARLY: i32 = 335;
const SOURCE: &str = "concur_v3";

impl Setting {
    /// A company whose users and first month of reports are read.
    async fn read(store: store::testing::TestStore) -> Setting {
        let setting = Setting::connected(store, EARLY).await;
        run::sync(&setting.company, &matcher(), &Silent).await.unwrap();
        setting
    }

    async fn touch(&self, report: &str, owner_id: Option<String>, deleted: bool) {
        let (account, now) = (self.company.account, self.company.now());
        let touch = Touch { account, report_id: report.to_owned(), owner_id, deleted, now };
        self.company.store.write(move |conn| events::touch(conn, &touch)).await.unwrap();
    }

    async fn told(&self) -> Told {
        run::told(&self.company, &matcher()).await.unwrap().0
    }

    /// Keys and amounts of a report's lines.
    async fn lines_of(&self, report: &str) -> Vec<(String, String)> {
        let (account, report) = (self.company.account, report.to_owned());
        let read = move |conn: &mut store::Conn| {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let page = lines::page(conn, account, &Filter::default(), after.as_ref(), 500)?;
                for (line, _) in page.rows {
                    if line.report_id.as_deref() == Some(&report) {
                        found.push((line.source_key.clone(), line.posted.amount.to_string()));
                    }
                }
                after = page.next;
                if after.is_none() {
                    found.sort();
                    return Ok(found);
                }
            }
        };
        self.company.store.read(read).await.unwrap()
    }

    async fn is_removed(&self, report: &str) -> bool {
        let (account, report) = (self.company.account, report.to_owned());
        let found = self.company.store.read(move |conn| reports::get(conn, account, SOURCE, &report)).await;
        found.unwrap().unwrap().removed_at.is_some()
    }

    /// Reports that were read, with lines, and may still change; the newest of the month.
    async fn open<const COUNT: usize>(&self) -> [&Report; COUNT] {
        let account = self.company.account;
        let ids =
            self.company.store.read(move |conn| reports::open_after(conn, account, SOURCE, None, 1_000));
        let ids = ids.await.unwrap();
        let mut found = Vec::new();
        for report in &self.truth.reports {
            let is_open = ids.contains(&report.id);
            if found.len() < COUNT && is_open && self.lines_of(&report.id).await.len() >= 2 {
                found.push(report);
            }
        }
        found.try_into().unwrap()
    }

    /// The login of a report's owner, as stored.
    async fn owner_of(&self, report: &str) -> String {
        let (account, report) = (self.company.account, report.to_owned());
        let found = self.company.store.read(move |conn| reports::get(conn, account, SOURCE, &report)).await;
        found.unwrap().unwrap().owner_login
    }

    /// Gives somebody another login in Concur.
    async fn rename(&self, login: &str, new_login: &str) {
        let client = &self.company.client;
        let user = client.identity().find_by(LookupAttribute::UserName, login).await.unwrap().pop().unwrap();
        let (path, value) = ("userName".to_owned(), Some(new_login.into()));
        let change = PatchOperation { op: Op::Replace, path, value };
        client.provisioning().patch_user(&user.id(), &[change]).await.unwrap();
        self.simulator.advance(std::time::Duration::from_mins(1));
    }

    fn act(&self, act: &Act) {
        self.simulator.act(act).unwrap();
    }
}

fn matcher() -> Arc<Matcher> {
    let app = r#"{"id":"a","name":"Aaa","aliases":[],"domain":"aaa.io","category":"x"}"#;
    Arc::new(Matcher::new(Arc::new(Dictionary::from_jsonl(app).unwrap())))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_named_is_read_again_and_nothing_else() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let [emptied, filled, silent, other] = setting.open().await;
        let before = setting.lines_of(&emptied.id).await;
        let filled_before = setting.lines_of(&filled.id).await.len();
        let entry = |report: &Report| report.entries[0].id.clone();
        setting.act(&Act::MoveEntry { entry: entry(silent), report: other.id.clone() });
        setting.act(&Act::MoveEntry { entry: entry(emptied), report: filled.id.clone() });
        let silent_before = setting.lines_of(&silent.id).await;
        let asked = setting.requests_to("reports");
        // In this order: the line is missed where it was before it is found where it is.
        for report in [emptied, filled, filled] {
            setting.touch(&report.id, None, false).await;
        }
        assert_eq!(setting.told().await, Told { read: 2, removed: 0, left: 0 });
        assert_eq!(setting.requests_to("reports") - asked, 2);
        let moved = before.len() - setting.lines_of(&emptied.id).await.len();
        assert!(moved >= 1, "an entry has left");
        assert_eq!(setting.lines_of(&filled.id).await.len(), filled_before + moved);
        assert_eq!(setting.lines_of(&silent.id).await, silent_before, "nobody named it");
        assert!(setting.told().await.is_nothing(), "each is read once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_gone_when_concur_says_so_and_not_when_an_event_does() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let [gone, there, renamed] = setting.open().await;
        for report in [gone, renamed] {
            setting.act(&Act::DeleteReport { report: report.id.clone() });
        }
        setting.touch(&gone.id, None, true).await;
        setting.touch(&there.id, None, true).await;
        assert_eq!(setting.told().await, Told { read: 1, removed: 1, left: 0 });
        assert!(setting.is_removed(&gone.id).await && setting.lines_of(&gone.id).await.is_empty());
        assert!(!setting.is_removed(&there.id).await && !setting.lines_of(&there.id).await.is_empty());

        // The owner was given another login meanwhile: a 404 under the old one proves nothing.
        let owner = setting.truth.owner(renamed);
        let (account, id, login) = (setting.company.account, owner.uuid.to_string(), owner.user_name.clone());
        let now = setting.company.now();
        let rename = |login: String| {
            let id = id.clone();
            setting.company.store.write(move |conn| {
                let user = users::get(conn, account, &id)?.expect("the owner is known");
                let user = users::NewUser {
                    concur_user_id: user.concur_user_id,
                    user_name: login,
                    external_id: user.external_id,
                    employee_number: user.employee_number,
                    display_name: user.display_name,
                    active: user.active,
                    raw: user.raw,
                };
                users::upsert(conn, account, &[user], now)
            })
        };
        rename("renamed@example.org".to_owned()).await.unwrap();
        setting.touch(&renamed.id, None, true).await;
        assert!(setting.told().await.is_nothing());
        assert!(!setting.is_removed(&renamed.id).await, "{login} has no reports any more");
        let waiting = setting.company.store.read(move |conn| events::waiting(conn, account)).await.unwrap();
        assert_eq!(waiting, 1, "it is tried again");
        rename(login).await.unwrap();
        setting.set_clock(TODAY.checked_sub((EARLY - 1).days()).unwrap());
        assert_eq!(setting.told().await, Told { read: 0, removed: 1, left: 0 });
        assert!(setting.is_removed(&renamed.id).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_report_is_read_at_once_if_its_owner_is_known_and_left_to_the_list_if_not() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let [report] = setting.open().await;
        let owner = setting.truth.owner(report);
        setting.act(&Act::CreateReport { owner: owner.user_name.clone() });
        let list = concur::api::ReportQuery {
            user: concur::api::ExpenseUser::Login(owner.user_name.clone()),
            modified_after: Some(TODAY.yesterday().unwrap()),
            ..concur::api::ReportQuery::default()
        };
        let new = setting.company.client.expenses().reports(&list).page(None).await.unwrap().items;
        let id = new.iter().map(|report| report.id.as_str().to_owned()).next_back().unwrap();
        setting.touch(&id, None, false).await;
        assert_eq!(setting.told().await, Told { read: 0, removed: 0, left: 1 });
        setting.touch(&id, Some(owner.uuid.to_string()), false).await;
        assert_eq!(setting.told().await, Told { read: 1, removed: 0, left: 0 });
        assert!(!setting.lines_of(&id).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_were_lost_are_made_good_by_asking_once_a_day() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let [gone, changed, filled] = setting.open().await;
        let before = setting.lines_of(&changed.id).await;
        setting.act(&Act::DeleteReport { report: gone.id.clone() });
        setting.act(&Act::MoveEntry { entry: changed.entries[0].id.clone(), report: filled.id.clone() });
        let again = run::sync(&setting.company, &matcher(), &Silent).await.unwrap().snapshot;
        assert_eq!((again.open_reports, again.removed), (0, 0), "it was all read a moment ago");
        setting.set_clock(TODAY.checked_sub((EARLY - 1).days()).unwrap());
        let daily = run::sync(&setting.company, &matcher(), &Silent).await.unwrap().snapshot;
        assert!(daily.open_reports >= 3 && daily.removed == 1, "{daily:?}");
        assert!(setting.is_removed(&gone.id).await && setting.lines_of(&gone.id).await.is_empty());
        let moved = before.len() - setting.lines_of(&changed.id).await.len();
        assert!(moved >= 1 && daily.reports >= 2, "{moved} lines have moved: {daily:?}");
        let soon = run::sync(&setting.company, &matcher(), &Silent).await.unwrap().snapshot;
        assert_eq!(soon.open_reports, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_events_is_closed_by_the_next_run_and_what_nobody_named_is_counted() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let [gone, changed, told] = setting.open().await;
        let account = setting.company.account;
        // Only the last days are asked about: the passes of eleven months are none of this test's business.
        let position = serde_json::json!({
            "windows": [], "page": null, "windows_done": 0, "began": null,
            "watermark": TODAY,
        });
        let (from, to) = (noon(TODAY) - SignedDuration::from_hours(96), noon(TODAY));
        let subscribe = move |conn: &mut store::Conn| {
            store::cursors::put(conn, account, "reports", "position", &position, from)?;
            events::begin(conn, account, 1, &[], from)?;
            events::open_gap(conn, account, from, to)
        };
        setting.company.store.write(subscribe).await.unwrap();
        setting.act(&Act::DeleteReport { report: gone.id.clone() });
        setting.act(&Act::ChangeReport { report: changed.id.clone() });
        setting.act(&Act::ChangeReport { report: told.id.clone() });
        let event = events::NewEvent {
            account,
            id: "e".to_owned(),
            topic: "t".to_owned(),
            event_type: "reportUpdated".to_owned(),
            subject: Some(told.id.clone()),
            happened_at: None,
            now: noon(TODAY),
        };
        setting.company.store.write(move |conn| events::put(conn, &event)).await.unwrap();
        setting.set_clock(TODAY.tomorrow().unwrap());
        let swept = run::sync(&setting.company, &matcher(), &Silent).await.unwrap().snapshot;
        assert!(swept.open_reports > 0 && swept.removed == 1, "{swept:?}");
        let reread: usize = counted_as_changed(&setting, noon(TODAY) - SignedDuration::from_hours(96)).await;
        assert_eq!(
            swept.untold + 1,
            reread,
            "all that changed since, but for the one that was told: {swept:?}"
        );
        let gap = setting.company.store.read(move |conn| events::listener(conn, account)).await;
        let gap = gap.unwrap().unwrap().gap.unwrap();
        assert_eq!(gap.closed_at, Some(setting.company.now()));
        assert!(setting.is_removed(&gone.id).await);
        let again = run::sync(&setting.company, &matcher(), &Silent).await.unwrap().snapshot;
        assert_eq!((again.open_reports, again.untold), (0, 0), "once");
    }
}

/// How many reports of the list have changed since then.
async fn counted_as_changed(setting: &Setting, since: Timestamp) -> usize {
    let list = concur::api::ReportQuery {
        modified_after: Some(TODAY.checked_sub(3.days()).unwrap()),
        ..concur::api::ReportQuery::default()
    };
    let list = setting.company.client.expenses().reports(&list);
    let (mut found, mut cursor) = (0, None);
    loop {
        let page = list.page(cursor.as_ref()).await.unwrap();
        let changed = |it: &&concur::model::Report| {
            let at = it.last_modified_date.and_then(|at| at.to_zoned_datetime(TimeZone::UTC).ok());
            at.is_some_and(|at| at.timestamp() >= since)
        };
        found += page.items.iter().filter(changed).count();
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_reading_of_open_reports_goes_on_where_it_stopped() {
    let setting = Setting::read(store::testing::sqlite()).await;
    let account = setting.company.account;
    let ids = setting.company.store.read(move |conn| reports::open_after(conn, account, SOURCE, None, 1_000));
    let ids = ids.await.unwrap();
    let began = setting.company.now();
    let half = ids[ids.len() / 2].clone();
    let position = serde_json::json!({"began": began, "after": half, "finished": null});
    let put = move |conn: &mut store::Conn| {
        store::cursors::put(conn, account, "reports", "open_reports", &position, began)
    };
    setting.company.store.write(put).await.unwrap();
    let mut snapshot = Snapshot::default();
    pull::open_reports::open_reports(&setting.company, None, &Silent, &mut snapshot).await.unwrap();
    assert_eq!(snapshot.open_reports, ids.len() - ids.len() / 2 - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_somebody_else_has_by_now_takes_nobodys_reports_away() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let [report] = setting.open().await;
        let lines = setting.lines_of(&report.id).await;
        let old_login = setting.owner_of(&report.id).await;
        let other = setting.truth.employees.iter().find(|it| it.user_name != old_login && it.active).unwrap();
        setting.rename(&old_login, "another.name@example.com").await;
        setting.rename(&other.user_name, &old_login).await;

        // A day later every open report is asked for by its owner's login.
        setting.set_clock(TODAY.checked_add(2.days()).unwrap());
        let summary = run::sync(&setting.company, &matcher(), &Silent).await.unwrap();
        assert_eq!(summary.snapshot.removed, 0);
        assert_eq!(setting.lines_of(&report.id).await, lines);
        assert_eq!(setting.owner_of(&report.id).await, "another.name@example.com");

        setting.act(&Act::DeleteReport { report: report.id.clone() });
        setting.touch(&report.id, None, false).await;
        assert_eq!(setting.told().await.removed, 1, "one that is gone is still seen to be");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paid_reports_follow_their_owner_to_another_login() {
    for store in store::testing::stores() {
        let setting = Setting::read(store).await;
        let mut paid = None;
        for report in &setting.truth.reports {
            let is_paid = report.payment_status.code == "P_PAID";
            if is_paid && !setting.lines_of(&report.id).await.is_empty() {
                paid = Some(report.id.clone());
                break;
            }
        }
        let paid = paid.unwrap();
        let login = setting.owner_of(&paid).await;
        setting.rename(&login, "another.name@example.com").await;
        let summary = run::sync(&setting.company, &matcher(), &Silent).await.unwrap();
        assert!(summary.snapshot.renamed >= 1 && summary.snapshot.removed == 0, "{:?}", summary.snapshot);
        assert_eq!(setting.owner_of(&paid).await, "another.name@example.com");
        let (account, owner) = (setting.company.account, login.clone());
        let filter = Filter { owner_login: Some(owner), ..Filter::default() };
        let left =
            setting.company.store.read(move |conn| lines::count(conn, account, &filter)).await.unwrap();
        assert_eq!(left, 0, "nothing is {login}'s any more");
        let again = run::sync(&setting.company, &matcher(), &Silent).await.unwrap();
        assert_eq!(again.snapshot.renamed, 0, "once is enough");
    }
}
