//! The audit chain.

use serde_json::json;
use store::audit::{NewEvent, Verdict, append, list, verify};
use store::ids::AccountId;
use store::testing::{TestStore, execute};
use store::{Error, accounts};

use crate::{add_account, at, new_account, on_each, read, write};

fn event(account: AccountId, n: i64) -> NewEvent {
    NewEvent {
        account: Some(account),
        at: at(n),
        actor: "token:1".to_owned(),
        action: "user.update".to_owned(),
        subject: format!("user-{n}"),
        details: json!({"active": [true, false]}),
    }
}

/// Past the trigger, as whoever owns the database file could do it.
fn tamper(test: &TestStore, sql: &str) {
    let (off, on) = match test.name {
        "sqlite" => ("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete", "SELECT 1"),
        _ => ("ALTER TABLE audit DISABLE TRIGGER ALL", "ALTER TABLE audit ENABLE TRIGGER ALL"),
    };
    write(test, |c| execute(c, &format!("{off}; {sql}; {on}")));
}

fn check(sql: &str, broken_at: i64) {
    on_each(|test, account| {
        write(test, |c| (1..=4).try_for_each(|n| append(c, &event(account, n)).map(drop)));
        assert_eq!(read(test, |c| verify(c, Some(account))), Verdict::Intact { rows: 4 });
        tamper(test, sql);
        let verdict = read(test, |c| verify(c, Some(account)));
        assert!(matches!(verdict, Verdict::Broken { seq, .. } if seq == broken_at), "{sql}: {verdict:?}");
    });
}

#[test]
fn a_changed_row_breaks_the_chain() {
    check("UPDATE audit SET actor = 'token:2' WHERE seq = 2", 2);
}

#[test]
fn a_missing_row_breaks_the_chain() {
    check("DELETE FROM audit WHERE seq = 3", 3);
}

#[test]
fn missing_rows_at_the_end_break_the_chain() {
    check("DELETE FROM audit WHERE seq = 4", 4);
}

#[test]
fn reordered_rows_break_the_chain() {
    check(
        "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; \
         UPDATE audit SET seq = 3 WHERE seq = 9",
        2,
    );
}

#[test]
fn the_database_refuses_to_change_an_audit_row() {
    on_each(|test, account| {
        write(test, |c| append(c, &event(account, 1)));
        for sql in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
            let refused = test.store.write_blocking(|c| execute(c, sql));
            assert!(matches!(refused, Err(Error::Database(_))), "{sql}: {refused:?}");
        }
        assert_eq!(read(test, |c| verify(c, Some(account))), Verdict::Intact { rows: 1 });
    });
}

#[test]
fn an_action_and_its_audit_row_happen_together_or_not_at_all() {
    on_each(|test, account| {
        let failed = test.store.write_blocking(|c| {
            append(c, &event(account, 1))?;
            accounts::insert(c, &new_account("Acme")).map(drop) // the name is taken
        });
        assert!(failed.is_err());
        assert_eq!(read(test, |c| verify(c, Some(account))), Verdict::Intact { rows: 0 });
    });
}

#[test]
fn every_account_has_a_chain_of_its_own() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        write(test, |c| {
            (1..=3).try_for_each(|n| append(c, &event(account, n)).map(drop))?;
            append(c, &event(other, 1))?;
            append(c, &NewEvent { account: None, ..event(account, 1) })
        });
        let events = read(test, |c| list(c, Some(account), None, 2));
        assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [3, 2]);
        let rest = read(test, |c| list(c, Some(account), Some(2), 10));
        assert_eq!(rest.len(), 1);
        assert_eq!((rest[0].subject.as_str(), rest[0].at), ("user-1", at(1)));
        assert_eq!(read(test, |c| list(c, None, None, 10)).len(), 1);
        assert_eq!(read(test, |c| verify(c, Some(other))), Verdict::Intact { rows: 1 });
    });
}
