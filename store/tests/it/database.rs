//! Opening, migrating, transactions, and the schema as both databases have it.

use std::collections::BTreeSet;
use std::time::Duration;

use store::testing::{self, execute};
use store::{Error, MasterKey, Store, accounts, resources};

use crate::{add_user, at, new_account, on_each, read, write};

#[test]
fn an_existing_database_is_opened_again_with_everything_in_it() {
    on_each(|test, account| {
        let zoe = write(test, |c| add_user(c, account, "Zoe"));
        let reopened = test.another();
        assert_eq!(reopened.read_blocking(|c| resources::get(c, zoe.id)).unwrap(), zoe);
    });
}

#[test]
fn several_processes_may_open_an_empty_database_at_once() {
    on_each(|test, _| {
        let url = if test.name == "sqlite" {
            format!("{}-new", test.database_url)
        } else {
            write(test, |c| execute(c, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"));
            test.database_url.clone()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| Store::open(&url, testing::master_key()))).collect();
            for thread in threads {
                let store = thread.join().unwrap().unwrap();
                store.read_blocking(accounts::list).unwrap();
            }
        });
    });
}

/// A migration may take longer than any query; PostgreSQL's lock is waited for without an end.
#[test]
fn who_opens_while_another_migrates_waits_longer_than_a_query_may_take() {
    on_each(|test, _| {
        let (url, key) = (test.database_url.clone(), testing::master_key());
        let options = store::Options { query_time: Duration::from_millis(20), ..store::Options::default() };
        let (told, hears) = std::sync::mpsc::channel();
        let early = write(test, move |c| {
            // What a migration holds.
            if test.name == "postgres" {
                execute(c, "SELECT pg_advisory_xact_lock(8314605254689845865)")?;
            }
            std::thread::spawn(move || told.send(Store::open_with(&url, key, options).map(drop)));
            Ok(hears.recv_timeout(Duration::from_millis(300)).map_err(|_| hears))
        });
        let hears = match early {
            Ok(opened) => panic!("{}: it did not wait: {opened:?}", test.name),
            Err(hears) => hears,
        };
        hears.recv_timeout(Duration::from_mins(1)).unwrap().unwrap();
    });
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    on_each(|test, _| {
        let sql = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')";
        write(test, |c| execute(c, sql));
        let refused = Store::open(&test.database_url, testing::master_key());
        assert!(
            matches!(&refused, Err(Error::NewerSchema { found }) if found == "99999999999999"),
            "{refused:?}"
        );
    });
}

#[test]
fn sqlite_is_compiled_so_that_a_statement_stays_prepared_and_connections_share_no_lock() {
    let test = testing::sqlite();
    let options =
        read(&test, |c| testing::lines(c, "SELECT compile_options AS line FROM pragma_compile_options"));
    let has = |option: &str| options.iter().any(|it| it == option);
    let wanted = ["ENABLE_QPSG", "DEFAULT_MEMSTATUS=0", "THREADSAFE=2"];
    assert!(wanted.iter().all(|option| has(option)), "{options:?}");
    assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}

#[test]
fn a_wrong_address_is_told_at_once_and_without_the_password() {
    let refuse = |url: &str| Store::open(url, MasterKey::from_bytes([0; 32])).unwrap_err();
    for url in ["mysql://x", "sqlite:", "sqlite::memory:", "postgres://u:hunter2@[bad/x"] {
        let error = refuse(url);
        assert!(matches!(error, Error::DatabaseUrl { .. }), "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    assert!(matches!(refuse("sqlite:/nowhere/at/all.db"), Error::Unavailable { .. }));
    assert!(matches!(refuse("postgres://u@127.0.0.1:1/x?sslmode=disable"), Error::Unavailable { .. }));
}

#[test]
fn an_error_undoes_the_transaction_and_a_savepoint_only_itself() {
    on_each(|test, account| {
        let undone = test.store.write_blocking(|c| {
            add_user(c, account, "Zoe")?;
            Err::<(), _>(Error::NotFound { what: "courage" })
        });
        assert!(undone.is_err());
        write(test, |c| {
            add_user(c, account, "Max")?;
            let taken = c.savepoint(|c| {
                add_user(c, account, "Eve")?;
                add_user(c, account, "max")
            });
            assert!(taken.is_err());
            add_user(c, account, "Zoe")
        });
        let (total, _) = read(test, |c| resources::page(c, account, resources::ResourceType::User, 0, 0));
        assert_eq!(total, 2, "{}: Max and Zoe", test.name);
    });
}

#[test]
fn a_panic_undoes_the_transaction_and_the_store_goes_on() {
    on_each(|test, account| {
        for _ in 0..20 {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test.store.write_blocking(|c| {
                    add_user(c, account, "Zoe")?;
                    if account.as_uuid().get_version_num() == 7 {
                        std::panic::resume_unwind(Box::new("stop"));
                    }
                    Ok::<_, Error>(())
                })
            }));
            assert!(panicked.is_err());
        }
        write(test, |c| add_user(c, account, "Zoe"));
    });
}

#[test]
fn async_callers_read_and_write_and_may_bring_an_error_type() {
    #[derive(Debug)]
    enum Mine {
        Refused,
        Store,
    }
    impl From<Error> for Mine {
        fn from(_: Error) -> Self {
            Mine::Store
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for test in testing::stores() {
            let store = test.store.clone();
            let account = store.write(|c| accounts::insert(c, &new_account("Acme"))).await.unwrap();
            assert_eq!(store.read(accounts::list).await.unwrap(), std::slice::from_ref(&account));
            let refused = store.try_write(|c| {
                accounts::insert(c, &new_account("Other"))?;
                Err::<(), _>(Mine::Refused)
            });
            assert!(matches!(refused.await, Err(Mine::Refused)));
            let taken = store.try_write(|c| Ok::<_, Mine>(accounts::insert(c, &new_account("Acme"))?));
            assert!(matches!(taken.await, Err(Mine::Store)));
            assert_eq!(store.read(accounts::list).await.unwrap().len(), 1);
            store.check_writable().await.unwrap();
        }
    });
}

#[test]
fn a_commit_is_durable_and_reading_does_not_wait_for_a_writer() {
    let test = testing::sqlite();
    let pragma = |name: &str, expected: &str| {
        // No row, no division by zero.
        let sql = format!(
            "CREATE TEMP TABLE IF NOT EXISTS refused (x CHECK (x)); \
             INSERT INTO refused SELECT 0 FROM pragma_{name} WHERE CAST({name} AS TEXT) <> '{expected}'"
        );
        write(&test, |c| execute(c, &sql));
    };
    pragma("journal_mode", "wal");
    pragma("synchronous", "2");
    pragma("foreign_keys", "1");
    let account = write(&test, |c| accounts::insert(c, &new_account("Acme"))).id;
    write(&test, |c| {
        add_user(c, account, "Zoe")?;
        let seen = test.store.read_blocking(|c| resources::count_active_users(c, account))?;
        assert_eq!(seen, 0);
        Ok(())
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = test.database_url.strip_prefix("sqlite:").unwrap();
        for side in ["", "-wal"] {
            let mode = std::fs::metadata(format!("{path}{side}")).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "others may read {side}");
        }
    }
}

/// (table, column, type, nullable) as `src/schema.rs` has it.
fn schema_rs() -> BTreeSet<(String, String, String, bool)> {
    let mut columns = BTreeSet::new();
    let mut table = String::new();
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((name, rest)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            assert!(rest.contains(')'), "{line}");
            name.clone_into(&mut table);
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            if column.starts_with("diesel::") {
                continue;
            }
            let bare = kind.trim_start_matches("Nullable<").trim_end_matches('>');
            columns.insert((table.clone(), column.to_owned(), bare.to_owned(), bare != kind));
        }
    }
    columns
}

/// Compared inside the database, by its own catalogue: what is only on one side ends up in `difference`.
#[test]
fn both_databases_have_exactly_the_columns_of_schema_rs() {
    let expected = schema_rs();
    assert!(expected.len() > 150, "{}", expected.len());
    on_each(|test, _| {
        let rows: Vec<String> = expected
            .iter()
            .map(|(table, column, kind, nullable)| {
                let kind = database_type(test.name, kind);
                format!("('{table}', '{column}', '{kind}', {})", u8::from(*nullable))
            })
            .collect();
        let actual = match test.name {
            "sqlite" => {
                // SQLite's own row number must be spelled INTEGER; it has 64 bits all the same.
                "SELECT m.name, p.name, CASE WHEN p.name IN ('op_id', 'line_no') OR m.name || '.' || p.name = 'request_log.seq' \
                 THEN 'BIGINT' ELSE p.type END, 1 - p.\"notnull\" FROM sqlite_schema m, pragma_table_info(m.name) p \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'"
            }
            _ => {
                "SELECT table_name, column_name, data_type, CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END \
                 FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'"
            }
        };
        let sql = format!(
            "CREATE TEMP TABLE expected (a TEXT, b TEXT, c TEXT, d INTEGER); \
             INSERT INTO expected VALUES {}; \
             CREATE TEMP TABLE difference (a TEXT, b TEXT, c TEXT, d INTEGER, CHECK (a = 'none')); \
             INSERT INTO difference SELECT * FROM ({actual}) x EXCEPT SELECT * FROM expected; \
             INSERT INTO difference SELECT * FROM expected EXCEPT SELECT * FROM ({actual}) x",
            rows.join(", ")
        );
        let differs = test.store.write_blocking(|c| execute(c, &sql));
        assert!(differs.is_ok(), "{}: schema.rs and the migrations differ: {differs:?}", test.name);
    });
}

fn database_type(database: &str, kind: &str) -> &'static str {
    match (database, kind) {
        ("sqlite", "Text") => "TEXT",
        ("sqlite", "BigInt") => "BIGINT",
        ("sqlite", "Integer") => "INTEGER",
        ("sqlite", "Bool") => "BOOLEAN",
        ("sqlite", "Binary") => "BLOB",
        ("sqlite", "Double") => "DOUBLE",
        (_, "Text") => "text",
        (_, "BigInt") => "bigint",
        (_, "Integer") => "integer",
        (_, "Bool") => "boolean",
        (_, "Binary") => "bytea",
        (_, "Double") => "double precision",
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_rehearsed_is_seen_there_and_nowhere_else() {
    on_each(|test, account| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let rehearsal = test.store.rehearsal().await.unwrap();
            let put = move |conn: &mut store::Conn| {
                store::cursors::put(conn, account, "expenses", "v3", &serde_json::json!(1), at(0))
            };
            let get = move |conn: &mut store::Conn| store::cursors::get(conn, account, "expenses", "v3");
            rehearsal.write(put).await.unwrap();
            let failed = rehearsal.write(move |conn| {
                store::cursors::put(conn, account, "expenses", "v3", &serde_json::json!(2), at(1))?;
                Err::<(), _>(store::Error::NotFound { what: "nothing" })
            });
            failed.await.unwrap_err();
            let seen = rehearsal.read(get).await.unwrap().map(|cursor| cursor.to_string());
            assert_eq!(seen.as_deref(), Some("1"), "a write that fails is undone by itself");
            assert_eq!(test.store.read(get).await.unwrap(), None);
            drop(rehearsal);
            assert_eq!(test.store.read(get).await.unwrap(), None);
            test.store.write(put).await.unwrap();
        });
    });
}

#[test]
fn statistics_are_made_when_a_table_has_doubled_and_not_before() {
    on_each(|test, account| {
        let refresh = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(test.store.refresh_statistics()).unwrap()
        };
        // With a word to the server that it publish the count of rows at once, and not within seconds.
        let publish = if test.name == "postgres" { "SELECT pg_stat_force_next_flush();" } else { "" };
        let add = |from: usize, to: usize| {
            let row = |n| format!("('{account}', 'test', 'c{n}', '{{}}', 0)");
            let rows: Vec<String> = (from..to).map(row).collect();
            write(test, |c| execute(c, &format!("{publish} INSERT INTO cursors VALUES {}", rows.join(", "))));
        };
        add(0, 400);
        assert_eq!(refresh(), Vec::<String>::new(), "a small table is read as it comes");
        add(400, 1_000);
        if test.name == "sqlite" {
            assert_eq!(refresh(), Vec::<String>::new());
            return;
        }
        assert_eq!(refresh(), ["cursors"]);
        assert_eq!(refresh(), Vec::<String>::new(), "once is enough");
        add(1_000, 2_000);
        assert_eq!(refresh(), Vec::<String>::new(), "not yet");
        add(2_000, 3_000);
        assert_eq!(refresh(), ["cursors"]);
    });
}
