//! How an account loses its name, gets it back, and is deleted with everything that belongs to it.

use serde_json::json;
use store::accounts::{self, removal, replaced};
use store::concur_calls::{self, Calls};
use store::ids::AccountId;
use store::testing::TestStore;
use store::{Error, credentials, cursors, leases, operations, runs, testing};

use crate::operations::new_operation;
use crate::{add_account, add_user, at, on_each, read, write};

#[test]
fn a_replaced_account_is_put_aside_and_comes_back_as_it_was() {
    on_each(|test, account| {
        let old = read(test, |c| accounts::get(c, account));
        write(test, |c| accounts::pause(c, account, "holidays", at(1)));
        let paused = read(test, |c| accounts::get(c, account));
        write(test, |c| replaced::take_name(c, &paused, "Acme (replaced)", at(2)));
        let new = add_account(test, &old.name);
        write(test, |c| replaced::record(c, &paused, new, at(2)));
        let aside = read(test, |c| accounts::get(c, account));
        assert_eq!((aside.name.as_str(), aside.paused_at), ("Acme (replaced)", Some(at(2))));

        let last = read(test, |c| replaced::latest(c, &old.name)).unwrap();
        assert_eq!((last.account, last.replaced_by, last.replaced_at), (account, new, at(2)));
        let back = write(test, |c| replaced::give_back(c, &last, "Acme (put aside)", at(3)));
        assert_eq!(
            (back.name, back.paused_at, back.paused_reason.as_deref()),
            (old.name.clone(), Some(at(1)), Some("holidays"))
        );
        let other = read(test, |c| accounts::get(c, new));
        assert_eq!((other.name.as_str(), other.paused_at), ("Acme (put aside)", Some(at(3))));

        // Undoing can be undone.
        let last = read(test, |c| replaced::latest(c, &old.name)).unwrap();
        let again = write(test, |c| replaced::give_back(c, &last, "Acme (once more)", at(4)));
        assert_eq!((again.id, again.paused_at), (new, None));
    });
}

/// One row of everything that an account can have, through the doors that make them where that is short.
fn fill(test: &TestStore, account: AccountId, name: &str) {
    write(test, |c| {
        credentials::put(c, account, credentials::Kind::ClientSecret, &"secret".into(), at(0))?;
        runs::start(c, account, "sync", &json!({}), at(0))?;
        cursors::put(c, account, "users", "identity", &json!({}), at(0))?;
        concur_calls::add(
            c,
            account,
            &Calls { endpoint: "identity.get".to_owned(), succeeded: 1, last_at: at(0) },
        )?;
        let user = add_user(c, account, name)?;
        let group = add_user(c, account, &format!("group-{name}"))?;
        let operation = operations::enqueue(c, &new_operation(account, user.id, "create"))?;
        let (user, group, op) = (user.id, group.id, operation.id);
        testing::execute(
            c,
            &format!(
                "INSERT INTO oauth_tokens VALUES ('{account}', '', 0, '', 0, NULL, 'x', '', 0);
                 INSERT INTO refresh_leases VALUES ('{account}', 'w', 0);
                 INSERT INTO account_leases VALUES ('{account}', 'sync', 'w', 0);
                 INSERT INTO tokens VALUES ('t-{name}', '{account}', 'n', '', '', 0, 0, NULL, NULL, '');
                 INSERT INTO request_log VALUES ({op}, '{account}', 0, 'r', 'GET', '/Users', NULL, 200, NULL, 1, 't', 'okta', '', '[]');
                 INSERT INTO bent_habits VALUES ('{account}', 'okta', 'empty_text', 1, 0, 0);
                 INSERT INTO recorders VALUES ('{account}', 0, 1, 1);
                 INSERT INTO recordings VALUES ('rec-{name}', '{account}', 0, 'GET', '/Users', 200, '');
                 INSERT INTO links VALUES ('{user}', '{account}', NULL, NULL, FALSE, 0);
                 INSERT INTO link_extensions VALUES ('{user}', 'identity', 'done', NULL, NULL, NULL, 0);
                 INSERT INTO catalogue_groups VALUES ('{group}', '{account}', 'EXP_USER');
                 INSERT INTO group_members VALUES ('{group}', '{user}', 0);
                 INSERT INTO granted_roles VALUES ('{user}', 'EXP_USER', 0);
                 INSERT INTO event_listeners VALUES ('{account}', 1, 0, 0, NULL, NULL, NULL, NULL, NULL);
                 INSERT INTO event_subscriptions VALUES ('{account}', 't', 's');
                 INSERT INTO events VALUES ('{account}', 'e', 't', 'x', NULL, NULL, 0);
                 INSERT INTO event_counts VALUES ('{account}', 'taken', 1, 0);
                 INSERT INTO touched_reports VALUES ('{account}', 'R', NULL, FALSE, 0, 0, 0, 0);
                 INSERT INTO brakes VALUES ('{account}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0);
                 INSERT INTO approvers VALUES ('{user}', '{account}', 'u', 0);
                 INSERT INTO employee_forms VALUES ('{account}', '[]', 0);
                 INSERT INTO brake_counts VALUES ('{account}', '{user}', 0);
                 INSERT INTO brake_holds VALUES ({op}, '{account}', 0);
                 INSERT INTO drift VALUES ('{account}', 'u', '{user}', 'differs', '{{}}', NULL, 0, 0);
                 INSERT INTO reconcile_seen VALUES ('{account}', 'u', 0);
                 INSERT INTO drift_watches VALUES ('{user}', '{account}', 0, 0, 0);
                 INSERT INTO chains VALUES ('{group}', '{user}');
                 INSERT INTO attempts VALUES ({op}, 1, 0, 'w', '', NULL, NULL, NULL, NULL, NULL, NULL);
                 INSERT INTO operation_extensions VALUES ({op}, 'identity', 'done', NULL, NULL, 0);
                 INSERT INTO users VALUES ('{account}', 'u', 'u', NULL, NULL, NULL, TRUE, '{{}}', '', 0, NULL);
                 INSERT INTO reports VALUES
                    ('{account}', 'v3', 'R', 'n', 'o', NULL, 'EUR', '1', NULL, NULL, 0, '{{}}', '', 0, NULL, NULL);
                 INSERT INTO lines (line_no, line_id, account_id, source, source_key, report_id, owner_login,
                    transaction_date, transaction_amount, transaction_currency, posted_amount, posted_currency,
                    counted, content_hash)
                    VALUES ({op}, 'l-{name}', '{account}', 'v3', 'k', 'R', 'o', '2026-01-01', '1', 'EUR', '1', 'EUR',
                    TRUE, '');
                 INSERT INTO line_raw (line_no, raw) VALUES ({op}, '{{}}');
                 INSERT INTO matches (line_no, account_id, line_hash, status, score, band, matched_by, explanation,
                    dictionary_version, pinned, decided_at, since, rules_revision)
                    VALUES ({op}, '{account}', '', 'unmatched', 0, 'none', '', '{{}}', '', FALSE, 0, 0, 0);
                 INSERT INTO past_matches (line_no, change, account_id, status, score, band, matched_by, explanation,
                    dictionary_version, rules_revision, pinned, since, until)
                    VALUES ({op}, 1, '{account}', 'unmatched', 0, 'none', '', '{{}}', '', 0, FALSE, 0, 1);
                 INSERT INTO line_heads VALUES ('{account}', 1, 1);
                 INSERT INTO line_changes (line_no, account_id, change, added_at) VALUES ({op}, '{account}', 1, 0);
                 INSERT INTO kept_sums VALUES ('{account}', '2026-01', '', 'EUR', 1, '1', '2026-01-01', '2026-01-01');
                 INSERT INTO kept_months VALUES ('{account}', '2026-01', 1);
                 INSERT INTO rule_revisions VALUES ('{account}', 1, '', 'ada', '', 0, 0);
                 INSERT INTO dismissed_proposals VALUES ('{account}', 'a', 'ada', 0);
                 INSERT INTO imports VALUES ('i-{name}', '{account}', 'f', '', 'complete', 1, 0, 0, 0, 0, 0, 0);
                 INSERT INTO import_ranges VALUES ('i-{name}', {op}, {op});
                 INSERT INTO import_options VALUES ('{account}', 'h', '{{}}', 'f', 0);
                 INSERT INTO webhooks (webhook_id, account_id, url, topics, secret, created_at, told_change, told_at)
                    VALUES ('w-{name}', '{account}', '', '[]', '', 0, 0, 0);
                 INSERT INTO webhook_messages (message_id, webhook_id, account_id, topic, body, state, attempts, due_at,
                    created_at) VALUES ('w-{name}', 'w-{name}', '{account}', '', '{{}}', 'failed', 0, 0, 0);
                 INSERT INTO replaced_accounts VALUES ('{account}', 'n', 'x', 0, NULL, NULL);"
            ),
        )
    });
}

#[test]
fn a_chore_is_one_owners_until_it_is_given_back_or_ends() {
    on_each(|test, account| {
        let take = |owner: &str, now: i64| {
            write(test, |c| leases::take(c, account, "sync", owner, at(now), at(now + 60)))
        };
        assert!(take("one", 0) && take("one", 10), "its owner may renew it");
        assert!(!take("two", 69), "renewed until 70");
        assert!(
            write(test, |c| leases::take(c, account, "reconcile", "two", at(0), at(60))),
            "another chore"
        );
        write(test, |c| leases::give_back(c, account, "sync", "two"));
        assert!(!take("two", 69), "nobody gives back what is another's");
        assert!(take("two", 70), "it ended by itself");
        write(test, |c| leases::give_back(c, account, "sync", "two"));
        assert!(take("one", 71));
    });
}

#[test]
fn a_deleted_account_leaves_nothing_behind_and_takes_nothing_of_others() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        fill(test, account, "ours");
        fill(test, other, "theirs");
        let before = read(test, |c| testing::rows_of(c, other));
        let empty: Vec<_> = before.iter().filter(|(_, rows)| **rows == 0).map(|(table, _)| table).collect();
        assert!(
            empty.is_empty(),
            "new tables of an account: fill them here and delete them in removal.rs: {empty:?}"
        );
        write(test, |c| removal::disarm(c, account));
        let mut batches = 0;
        while !write(test, |c| removal::delete_batch(c, account)) {
            batches += 1;
        }
        assert!(batches > 0);
        assert!(matches!(
            test.store.read_blocking(|c| accounts::get(c, account)),
            Err(Error::NotFound { .. })
        ));
        let left = read(test, |c| testing::rows_of(c, account));
        assert!(left.values().all(|rows| *rows == 0), "{}: {left:?}", test.name);
        assert_eq!(read(test, |c| testing::rows_of(c, other)), before);
    });
}
