//! Files that people hand in, into either database.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use matcher::{Dictionary, Matcher};
use rust_decimal::Decimal;
use store::ids::AccountId;
use store::lines::{Filter, Money, NewLine, Texts};
use store::testing::TestStore;
use store::{accounts, imports, lines};
use sync::import::{self, DateOrder, ImportError, Imported, Importer, Layout, Options, Upload};
use tempfile::NamedTempFile;

const NOW: &str = "2026-11-26T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn account(store: &TestStore, name: &str) -> AccountId {
    store.store.write_blocking(|conn| accounts::insert_unconnected(conn, name, now())).unwrap().id
}

pub(crate) struct File {
    _file: NamedTempFile,
    pub(crate) upload: Upload,
}

pub(crate) fn file(name: &str, bytes: &[u8]) -> File {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let upload = Upload { path: file.path().to_path_buf(), name: name.to_owned() };
    File { _file: file, upload }
}

/// One app.
const DICTIONARY: &str = r#"{"id": "zoom", "name": "Zoom", "aliases": ["Zoom Video"], "domain": "zoom.us"}"#;

pub(crate) fn run(
    store: &TestStore,
    account: AccountId,
    file: &File,
    options: &Options,
) -> Result<Imported, ImportError> {
    let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl(DICTIONARY).unwrap()));
    let importer = Importer { store: &store.store, account, matcher: &matcher, actor: "ana", clock: &now };
    importer.run(&file.upload, options, &mut |_, _| Ok(()), &mut |_, _| ControlFlow::Continue(()))
}

pub(crate) fn there(store: &TestStore, account: AccountId) -> Vec<(String, String)> {
    let filter = Filter::default();
    let page = store.store.read_blocking(|conn| lines::page(conn, account, &filter, None, 1_000)).unwrap();
    let mut lines: Vec<_> = page
        .rows
        .into_iter()
        .map(|(line, _)| {
            let posted = format!("{} {}", line.posted.amount, line.posted.currency);
            (line.texts.vendor_description.unwrap_or_default(), posted)
        })
        .collect();
    lines.sort();
    lines
}

pub(crate) fn on_each(test: impl Fn(&TestStore)) {
    test(&store::testing::sqlite());
    if let Some(postgres) = store::testing::postgres() {
        test(&postgres);
    }
}

const SEMICOLONS: &str = "Auszug Januar;;;;\n;;;;\nDatum;Anbieter;Betrag;Währung;Mitarbeiter\n\
    03.01.2026;Zoom Video;14,99;EUR;ana@example.com\n\
    03.01.2026;Zoom Video;14,99;EUR;ana@example.com\n\
    31.01.2026;\"Slack\n\"\"T09\"\"\";1.008,75;EUR;bo@example.com\n\
    irgendwann;Figma;45,00;EUR;bo@example.com\n";

#[test]
fn a_german_export_with_titles_repeats_and_a_bad_row_comes_in_whole() {
    on_each(|store| {
        let account = account(store, "Import only");
        // Windows-1252, as spreadsheet programs save it.
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(SEMICOLONS);
        let file = file("januar.csv", &bytes);
        let imported = run(store, account, &file, &Options::default()).unwrap();
        let check = &imported.check;
        assert_eq!((check.accepted, check.rejected, check.repeats), (3, 1, 1));
        assert_eq!((check.survey.layout, check.survey.heading_line), (Layout::Other, 3));
        assert_eq!(check.survey.date_order, DateOrder::DayMonthYear);
        let rejection = &check.rejections[0];
        assert_eq!(
            (rejection.line, rejection.field, rejection.value.as_str()),
            (8, "TransactionDate", "irgendwann")
        );
        assert_eq!(check.sums[0].posted, "1038.73".parse::<Decimal>().unwrap());
        let zoom = ("Zoom Video".to_owned(), "14.99 EUR".to_owned());
        let slack = ("Slack\n\"T09\"".to_owned(), "1008.75 EUR".to_owned());
        assert_eq!(there(store, account), [slack, zoom.clone(), zoom], "real repeats stay");
    });
}

#[test]
fn importing_again_changes_nothing_and_undoing_takes_back_what_no_other_import_holds() {
    on_each(|store| {
        let account = account(store, "Twice");
        let january = file(
            "a.csv",
            b"Date,Vendor,Amount,Currency\n2026-01-03,Zoom,14.99,USD\n2026-01-04,Figma,45,USD\n",
        );
        let both = file(
            "b.csv",
            b"Date,Vendor,Amount,Currency\n2026-01-04,Figma,45,USD\n2026-02-03,Slack,8.75,USD\n",
        );
        let first = run(store, account, &january, &Options::default()).unwrap();
        let again = run(store, account, &january, &Options::default()).unwrap();
        assert_eq!((first.counts.inserted, again.counts.inserted, again.counts.unchanged), (2, 0, 2));
        let overlap = run(store, account, &both, &Options::default()).unwrap();
        assert_eq!((overlap.counts.inserted, overlap.counts.unchanged), (1, 1));
        assert_eq!(there(store, account).len(), 3);

        let undo = |id| import::undo(&store.store, account, id, "ana", now());
        assert_eq!(undo(first.id).unwrap(), 0, "the second import of the same file still holds its lines");
        assert_eq!(undo(again.id).unwrap(), 1, "Figma came with the overlapping file too");
        let left: Vec<_> = there(store, account).into_iter().map(|(vendor, _)| vendor).collect();
        assert_eq!(left, ["Figma", "Slack"]);
        assert!(undo(again.id).is_err(), "once");
        let back = run(store, account, &january, &Options::default()).unwrap();
        assert_eq!(back.counts.changed, 1, "Zoom is back");
        assert_eq!(there(store, account).len(), 3);
    });
}

#[test]
fn what_cannot_be_decided_is_asked_and_nothing_is_stored() {
    let store = store::testing::sqlite();
    let account = account(&store, "Asked");
    let file = file(
        "us-or-uk.csv",
        b"Date,Vendor,Amount,Currency\n03/04/2026,Zoom,14.99,USD\n05/06/2026,Figma,45,USD\n",
    );
    let error = run(&store, account, &file, &Options::default()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("\"03/04/2026\"") && text.contains("DMY or MDY") && text.contains("--date-order"),
        "{text}"
    );
    assert!(store.store.read_blocking(|conn| imports::list(conn, account, 10)).unwrap().is_empty());
    let options = Options { date_order: Some(DateOrder::MonthDayYear), ..Options::default() };
    assert_eq!(run(&store, account, &file, &options).unwrap().counts.inserted, 2);
}

#[test]
fn a_check_stores_nothing_and_hands_out_every_rejected_row() {
    let file = file("rows.tsv", b"TransactionDate\tVendorDescription\tPostedAmount\tPostedCurrency\n2026-01-03\tZoom\tfree\tUSD\n2026-01-04\tFigma\t45\tUSD\n\t\t\t\n2026-01-05\tSlack\t8.75\t$\n2026-01-06\tSlack\t9\tUSD\n");
    let mut rows = Vec::new();
    let check = import::check(&file.upload, &Options::default(), None, &mut |record, rejection| {
        rows.push((record.line, rejection.field, record.cells[1].clone()));
        Ok(())
    })
    .unwrap();
    assert_eq!((check.survey.rows, check.accepted, check.rejected), (4, 2, 2));
    assert_eq!(check.survey.layout, Layout::Template);
    assert_eq!(rows, [(2, "PostedAmount", "Zoom".to_owned()), (5, "PostedCurrency", "Slack".to_owned())]);
    assert_eq!(check.survey.columns[1].samples, ["Zoom", "Figma", "Slack"]);
}

#[test]
fn the_template_is_read_as_it_is_written() {
    let file = file("template.csv", import::template().as_bytes());
    let check = import::check(&file.upload, &Options::default(), None, &mut |_, _| Ok(())).unwrap();
    assert_eq!((check.accepted, check.rejected), (1, 0), "{:?}", check.rejections);
    assert!(check.survey.columns.iter().all(|column| column.field == Some(column.heading.as_str())));
}

#[test]
fn an_imported_line_that_concur_also_gave_is_pointed_out() {
    on_each(|store| {
        let account = account(store, "Both");
        let money = Money { amount: "14.99".parse().unwrap(), currency: "USD".to_owned() };
        let synced = NewLine {
            source: "concur_v3".to_owned(),
            source_key: "entry/1".to_owned(),
            report_id: None,
            entry_id: None,
            itemization_id: None,
            owner_login: "ana@example.com".to_owned(),
            transaction_date: "2026-01-03".parse().unwrap(),
            transaction: money.clone(),
            posted: money,
            texts: Texts::default(),
            is_personal: false,
            has_itemizations: false,
            raw: serde_json::Value::Null,
        };
        store.store.write_blocking(|conn| lines::upsert(conn, account, &[synced], now())).unwrap();
        let file = file(
            "a.csv",
            b"Date,Vendor,Amount,Currency\n2026-01-03,Zoom,14.99,USD\n2026-01-03,Zoom,15,USD\n",
        );
        let imported = run(store, account, &file, &Options::default()).unwrap();
        let pairs = store
            .store
            .read_blocking(|conn| imports::possible_duplicates(conn, account, imported.id, 10))
            .unwrap();
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].other, lines::line_id(account, "concur_v3", "entry/1"));
    });
}

#[test]
fn lines_come_with_their_decisions_and_changed_ones_are_decided_anew() {
    on_each(|store| {
        let account = account(store, "Decided");
        let rows = |vendor: &str| {
            let text = format!(
                "Date,Vendor,Amount,Currency,Entry ID\n2026-01-03,{vendor},14.99,USD,E1\n2026-01-04,Baker,3,USD,E2\n"
            );
            file("a.csv", text.as_bytes())
        };
        let first = run(store, account, &rows("Zoom Video"), &Options::default()).unwrap();
        assert_eq!((first.decided, first.matched), (2, 1));
        let decision = |key: &str| {
            let id = lines::line_id(account, "import", key);
            store.store.read_blocking(|conn| store::matches::get(conn, account, id)).unwrap().unwrap()
        };
        let zoom = decision("entry//E1#1");
        assert_eq!(zoom.outcome.app_id.as_deref(), Some("zoom"));
        assert_eq!(zoom.outcome.matched_by, "dictionary");
        assert_eq!(decision("entry//E2#1").outcome.status, store::matches::Status::Unmatched);

        let changed = run(store, account, &rows("Butcher"), &Options::default()).unwrap();
        assert_eq!((changed.counts.changed, changed.counts.unchanged), (1, 1));
        assert_eq!((changed.decided, changed.matched), (1, 0));
        let butcher = decision("entry//E1#1");
        assert_eq!((butcher.outcome.app_id, butcher.line_hash == zoom.line_hash), (None, false));
        let feed = store
            .store
            .read_blocking(|conn| lines::changes(conn, account, lines::ChangeCursor::default(), 10))
            .unwrap();
        assert_eq!(feed.len(), 2, "each line once");
        assert!(feed.iter().all(|changed| changed.decision.is_some()));
    });
}

#[test]
fn an_import_that_was_cut_off_is_stopped_or_ended_and_goes_on_with_the_file() {
    on_each(|store| {
        let account = account(store, "Cut");
        let mut rows = "Date,Vendor,Amount,Currency\n".to_owned();
        rows.extend((0..10_001).map(|n| format!("2026-01-03,Zoom {n},14.99,USD\n")));
        let file = file("long.csv", rows.as_bytes());
        let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl(DICTIONARY).unwrap()));
        let importer =
            Importer { store: &store.store, account, matcher: &matcher, actor: "ana", clock: &now };
        let options = Options::default();
        let mut stop = |_, _| ControlFlow::Break(());
        let stopped = importer.run(&file.upload, &options, &mut |_, _| Ok(()), &mut stop).unwrap_err();
        assert!(matches!(stopped, ImportError::Stopped { .. }), "{stopped}");
        let states = || {
            let listed = store.store.read_blocking(|conn| imports::list(conn, account, 10)).unwrap();
            listed.into_iter().map(|import| (import.state, import.counts.inserted)).collect::<Vec<_>>()
        };
        assert_eq!(states(), [(imports::State::Failed, 10_000)], "its first page stays");
        let again = run(store, account, &file, &options).unwrap();
        assert_eq!((again.counts.unchanged, again.counts.inserted), (10_000, 1));
        let undo = |id| import::undo(&store.store, account, id, "ana", now()).unwrap();
        let first = store.store.read_blocking(|conn| imports::list(conn, account, 10)).unwrap();
        let first = first.iter().find(|import| import.state == imports::State::Failed).unwrap().id;
        assert_eq!((undo(first), undo(again.id)), (0, 10_001), "in three steps");
        assert_eq!(there(store, account), []);

        let survey = import::check(&file.upload, &options, None, &mut |_, _| Ok(())).unwrap().survey;
        let killed = importer.begin(&file.upload, survey).unwrap().id;
        let end = || store.store.write_blocking(|conn| imports::end_cut_off(conn, now(), now())).unwrap();
        assert_eq!((end(), end()), (1, 0));
        let ended = store.store.read_blocking(|conn| imports::get(conn, account, killed)).unwrap();
        assert_eq!(ended.state, imports::State::Failed);
    });
}

#[test]
fn an_import_that_fell_silent_was_cut_off_and_whoever_wakes_again_stores_nothing() {
    on_each(|store| {
        let account = account(store, "Silent");
        let file = file("a.csv", b"Date,Vendor,Amount,Currency\n2026-01-03,Zoom,14.99,USD\n");
        let matcher = Matcher::new(Arc::new(Dictionary::from_jsonl(DICTIONARY).unwrap()));
        let importer =
            Importer { store: &store.store, account, matcher: &matcher, actor: "ana", clock: &now };
        let options = Options::default();
        let new = || {
            let survey = import::check(&file.upload, &options, None, &mut |_, _| Ok(())).unwrap().survey;
            importer.begin(&file.upload, survey).unwrap()
        };
        let undo = |id, at| import::undo(&store.store, account, id, "ana", at);
        let state =
            |id| store.store.read_blocking(|conn| imports::get(conn, account, id)).map(|import| import.state);
        let later = now() + imports::SILENT_MAX + SignedDuration::from_secs(1);
        let sweep = || {
            let silent_since = later - imports::SILENT_MAX;
            store.store.write_blocking(|conn| imports::end_cut_off(conn, silent_since, later)).unwrap()
        };

        let begun = new();
        let refused = undo(begun.id, now()).unwrap_err();
        assert!(matches!(refused, ImportError::UnderWay { .. }), "{refused}");
        let awake = Importer { clock: &|| later, ..importer };
        awake.keep_alive(&begun).unwrap();
        assert_eq!(sweep(), 0, "it has spoken");
        importer.keep_alive(&begun).unwrap();
        assert_eq!(sweep(), 1);
        let (id, mut none) = (begun.id, |_, _| ControlFlow::Continue(()));
        let woken =
            awake.carry_out(begun, &file.upload, &options, &mut |_, _| Ok(()), &mut none).unwrap_err();
        assert!(matches!(woken, ImportError::Store(store::Error::Stale { .. })), "{woken}");
        assert_eq!(state(id).unwrap(), imports::State::Failed);

        let begun = new();
        let id = begun.id;
        assert_eq!(undo(id, later).unwrap(), 0, "nobody is at work on it");
        let woken =
            awake.carry_out(begun, &file.upload, &options, &mut |_, _| Ok(()), &mut none).unwrap_err();
        assert!(matches!(woken, ImportError::Store(store::Error::Stale { .. })), "{woken}");
        assert_eq!(state(id).unwrap(), imports::State::Undone);
        assert_eq!(there(store, account), []);
    });
}

#[test]
fn rules_that_cannot_be_asked_stop_an_import_before_it_begins() {
    on_each(|store| {
        let account = account(store, "Ruled");
        let rules = store::rules::Revision {
            revision: 1,
            rules: "[[rules]]\nname = \"gone\"\naction = \"match\"\napp = \"no-such-app\"\nwhen = { vendor = \"x\" }\n"
                .to_owned(),
            actor: "ana".to_owned(),
            note: String::new(),
            set_at: now(),
            lines_changed: 0,
        };
        store.store.write_blocking(|conn| store::rules::add(conn, account, &rules)).unwrap();
        let file = file("a.csv", b"Date,Vendor,Amount,Currency\n2026-01-03,Zoom,14.99,USD\n");
        let refused = run(store, account, &file, &Options::default()).unwrap_err();
        assert!(matches!(refused, ImportError::Rules(_)), "{refused:?}");
        assert!(refused.to_string().contains("nothing was imported"), "{refused}");
        let listed = store.store.read_blocking(|conn| imports::list(conn, account, 10)).unwrap();
        assert_eq!((listed.len(), there(store, account).len()), (0, 0));
    });
}

#[test]
fn what_is_no_table_says_so() {
    let empty = file("empty.csv", b"\n\n");
    let check = |file: &File| {
        import::check(&file.upload, &Options::default(), None, &mut |_, _| Ok(())).unwrap_err().to_string()
    };
    assert!(check(&empty).contains("no rows"));
    let zip = file("broken.xlsx", b"PK\x03\x04 and then nothing");
    assert!(check(&zip).contains("broken.xlsx is not a table"), "{}", check(&zip));
    let missing = File {
        _file: NamedTempFile::new().unwrap(),
        upload: Upload { path: "/nowhere/x.csv".into(), name: "x.csv".to_owned() },
    };
    assert!(check(&missing).contains("x.csv cannot be read"));
}

#[test]
fn a_workbook_keeps_its_dates_and_decimals() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let notes = workbook.add_worksheet().set_name("Notes").unwrap();
    notes.write(0, 0, "nothing here").unwrap();
    let sheet = workbook.add_worksheet().set_name("Expenses").unwrap();
    let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    for (column, heading) in ["Transaction Date", "Vendor", "Amount", "Currency"].into_iter().enumerate() {
        sheet.write(2, u16::try_from(column).unwrap(), heading).unwrap();
    }
    let date = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 4, 3).unwrap();
    sheet.write_with_format(3, 0, &date, &day).unwrap();
    sheet.write(3, 1, "Zoom").unwrap();
    sheet.write(3, 2, 1.125).unwrap();
    sheet.write(3, 3, "KWD").unwrap();
    let file = file("expenses.xlsx", &workbook.save_to_buffer().unwrap());
    let mut options = Options::default();
    options.file.sheet = Some("expenses".to_owned());
    let check = import::check(&file.upload, &options, None, &mut |_, _| Ok(())).unwrap();
    let day = "2026-04-03".parse().unwrap();
    assert_eq!((check.accepted, check.dates, check.survey.heading_line), (1, Some((day, day)), 3));
    assert_eq!(check.sums[0].posted, "1.125".parse::<Decimal>().unwrap());
    options.file.sheet = Some("Spesen".to_owned());
    let error = import::check(&file.upload, &options, None, &mut |_, _| Ok(())).unwrap_err().to_string();
    assert!(error.contains("Notes, Expenses"), "{error}");
}
