//! Writes that share a commit: together where it saves time, each by itself where one fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use serde_json::json;
use store::ids::AccountId;
use store::resources::{self, Resource, ResourceType};
use store::testing::{self, TestStore};
use store::{Conn, Error, Options, Store};
use tokio::runtime::Runtime;

use crate::{add_account, add_user, new_user, on_each};

type Write = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

fn write(store: &Store, f: impl FnOnce(&mut Conn) -> Result<(), Error> + Send + 'static) -> Write {
    let store = store.clone();
    Box::pin(async move { store.write(f).await })
}

fn adds(store: &Store, account: AccountId, name: &str) -> Write {
    let name = name.to_owned();
    write(store, move |conn| add_user(conn, account, &name).map(drop))
}

/// Lets all of them stand in the queue behind a write that goes on until they do (and for so much longer), then waits
/// for each.
fn together(
    store: &Store,
    mut writes: Vec<Write>,
    longer: Duration,
) -> Vec<std::thread::Result<Result<(), Error>>> {
    let (begun, has_begun): (Sender<()>, Receiver<()>) = channel();
    let (all_wait, go_on): (Sender<()>, Receiver<()>) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            store.write_blocking(|_| {
                begun.send(()).unwrap();
                go_on.recv().unwrap();
                // Nobody sends any more: this is how long the others wait.
                assert!(go_on.recv_timeout(longer).is_err());
                Ok::<_, Error>(())
            })
        });
        has_begun.recv().unwrap();
        for write in &mut writes {
            assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        all_wait.send(()).unwrap();
        let runtime = Runtime::new().unwrap();
        let wait = |write| catch_unwind(AssertUnwindSafe(|| runtime.block_on(write)));
        writes.into_iter().map(wait).collect()
    })
}

fn users(store: &Store, account: AccountId) -> Vec<String> {
    let page =
        store.read_blocking(|conn| resources::page(conn, account, ResourceType::User, 0, 1_000)).unwrap();
    let mut names: Vec<_> = page.1.into_iter().filter_map(|user: Resource| user.user_name).collect();
    names.sort();
    names
}

fn sqlite() -> (TestStore, AccountId) {
    let test = testing::sqlite();
    let account = add_account(&test, "Acme");
    (test, account)
}

#[test]
fn writes_that_wait_together_share_commits() {
    let (test, account) = sqlite();
    let before = test.store.commits();
    let writes = (0..50).map(|n| adds(&test.store, account, &format!("user{n}"))).collect();
    assert!(
        together(&test.store, writes, Duration::ZERO).into_iter().all(|ended| matches!(ended, Ok(Ok(()))))
    );
    let after = test.store.commits();
    assert_eq!(after.writes - before.writes, 50);
    assert!(after.commits - before.commits <= 25, "{after:?}");
    assert_eq!(users(&test.store, account).len(), 50);
}

#[test]
fn one_that_fails_or_panics_undoes_itself_and_no_other() {
    let (test, account) = sqlite();
    let store = &test.store;
    let fails = write(store, move |conn| {
        add_user(conn, account, "fails")?;
        Err(Error::Stale { what: "user" })
    });
    let panics = write(store, move |conn| {
        add_user(conn, account, "panics")?;
        conn.savepoint(|conn| {
            add_user(conn, account, "panics too")?;
            panic!("a bug")
        })
    });
    let writes = vec![
        adds(store, account, "first"),
        fails,
        adds(store, account, "second"),
        panics,
        adds(store, account, "first"),
        adds(store, account, "third"),
    ];
    let ended = together(store, writes, Duration::ZERO);
    assert!(matches!(&ended[..3], [Ok(Ok(())), Ok(Err(Error::Stale { .. })), Ok(Ok(()))]), "{ended:?}");
    let panic = ended[3].as_ref().unwrap_err().downcast_ref::<&str>();
    assert_eq!(panic, Some(&"a bug"), "the panic goes on in its caller");
    assert!(matches!(&ended[4..], [Ok(Err(Error::Conflict { .. })), Ok(Ok(()))]), "{ended:?}");
    assert_eq!(users(store, account), ["first", "second", "third"]);
}

/// Reliability I32.
#[test]
fn a_full_disk_fails_the_whole_group_truly_and_the_next_one_finds_room_again() {
    let (test, account) = sqlite();
    let store = &test.store;
    Runtime::new().unwrap().block_on(adds(store, account, "before")).unwrap();
    // The file may not grow any more, as long as this connection lives; SQLite raises the 1 to what there is.
    let full = write(store, |conn| testing::execute(conn, "PRAGMA max_page_count = 1"));
    Runtime::new().unwrap().block_on(full).unwrap();
    let large = |name: &str| {
        let mut user = new_user(account, name);
        user.content.body = json!({"title": "x".repeat(1_000_000)});
        write(store, move |conn| resources::insert(conn, &user).map(drop))
    };
    let writes = vec![adds(store, account, "small"), large("large"), adds(store, account, "behind")];
    let ended = together(store, writes, Duration::ZERO);
    assert!(matches!(ended[1], Ok(Err(Error::Unavailable { .. }))), "{ended:?}");
    let names = ["small", "large", "behind"];
    for (name, ended) in names.iter().zip(&ended) {
        let there = users(store, account).contains(&(*name).to_owned());
        assert_eq!(matches!(ended, Ok(Ok(()))), there, "{name}: {ended:?}");
    }
    // SQLite may have kept the transaction, and with it the connection, or not.
    let room = write(store, |conn| testing::execute(conn, "PRAGMA max_page_count = 1073741823"));
    Runtime::new().unwrap().block_on(room).unwrap();
    Runtime::new().unwrap().block_on(large("there is room again")).unwrap();
    assert!(users(store, account).contains(&"before".to_owned()));
}

#[test]
fn a_write_that_waits_too_long_is_refused_without_having_begun() {
    let (test, account) = sqlite();
    let options = Options { wait: Duration::from_millis(50), ..Options::default() };
    let hasty = Store::open_with(&test.database_url, testing::master_key(), options).unwrap();
    let ended = together(&hasty, vec![adds(&hasty, account, "late")], Duration::from_millis(200));
    assert!(matches!(&ended[..], [Ok(Err(Error::Unavailable { .. }))]), "{ended:?}");
    assert!(users(&hasty, account).is_empty());
    Runtime::new().unwrap().block_on(adds(&hasty, account, "in time")).unwrap();
}

#[test]
fn what_was_acknowledged_is_in_the_files_at_that_moment() {
    let (test, account) = sqlite();
    let file = test.database_url.strip_prefix("sqlite:").unwrap();
    let copy = tempfile::tempdir().unwrap();
    let writes = (0..10).map(|n| adds(&test.store, account, &format!("user{n}"))).collect();
    for ended in together(&test.store, writes, Duration::ZERO) {
        ended.unwrap().unwrap();
    }
    // As kill -9 would leave them: no checkpoint, no closing.
    for end in ["", "-wal"] {
        std::fs::copy(format!("{file}{end}"), copy.path().join(format!("copy.db{end}"))).unwrap();
    }
    let url = format!("sqlite:{}", copy.path().join("copy.db").display());
    assert_eq!(users(&Store::open(&url, testing::master_key()).unwrap(), account).len(), 10);
}

#[test]
fn a_lost_connection_at_the_end_of_a_write_is_an_unknown_outcome() {
    let Some(test) = testing::postgres() else { return };
    let account = add_account(&test, "Acme");
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE pid <> pg_backend_pid() AND datname = current_database()";
    // The connection that flushes is another one, and it is gone when the flush is due.
    let ended = test.store.write_blocking(|conn| {
        add_user(conn, account, "who knows")?;
        testing::execute(conn, cut)
    });
    assert!(matches!(ended, Err(Error::OutcomeUnknown { .. })), "{ended:?}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = test.store.write_blocking(|conn| add_user(conn, account, "after")) {
        assert!(Instant::now() < deadline, "{error:?}");
    }
}

#[test]
fn many_writers_at_once_lose_nothing() {
    on_each(|test, account| {
        let before = test.store.commits();
        std::thread::scope(|scope| {
            for writer in 0..16 {
                let store = &test.store;
                scope.spawn(move || {
                    let runtime = Runtime::new().unwrap();
                    for n in 0..5 {
                        runtime.block_on(adds(store, account, &format!("user{writer}-{n}"))).unwrap();
                    }
                });
            }
        });
        assert_eq!(users(&test.store, account).len(), 80, "{}", test.name);
        let after = test.store.commits();
        assert_eq!(after.writes - before.writes, 80, "{}", test.name);
        assert!(after.commits - before.commits <= 80, "{}", test.name);
    });
}
