//! Accounts, credentials, Concur's tokens, cursors, runs, Concur users.

use secrecy::ExposeSecret as _;
use serde_json::json;
use store::{
    Constraint, Error, accounts, concur_calls, credentials, cursors, oauth_tokens, runs, testing, users,
};

use crate::{add_account, at, new_account, on_each, read, write};

#[test]
fn an_account_keeps_its_id_when_its_name_changes() {
    on_each(|test, account| {
        write(test, |c| accounts::set_name(c, account, "Acme EU", at(1)));
        write(test, |c| accounts::set_settings(c, account, &json!({"a": 1}), at(2)));
        write(test, |c| accounts::set_geolocation(c, account, "https://eu2.api.concursolutions.com", at(3)));
        let found = read(test, |c| accounts::by_name(c, "Acme EU")).unwrap();
        assert_eq!((found.id, &found.settings, found.updated_at), (account, &json!({"a": 1}), at(3)));
        assert_eq!(found.geolocation.as_deref(), Some("https://eu2.api.concursolutions.com"));
        assert_eq!(read(test, |c| accounts::get(c, account)), found);
        assert_eq!(read(test, |c| accounts::by_name(c, "Acme")), None);
        assert_eq!(read(test, accounts::list), [found]);
    });
}

#[test]
fn a_used_account_name_is_refused() {
    on_each(|test, _| {
        let other = add_account(test, "Other");
        let taken = test.store.write_blocking(|c| accounts::insert(c, &new_account("Acme")));
        assert!(matches!(taken, Err(Error::Conflict { constraint: Constraint::AccountName })), "{taken:?}");
        let taken = test.store.write_blocking(|c| accounts::set_name(c, other, "Acme", at(1)));
        assert!(matches!(taken, Err(Error::Conflict { constraint: Constraint::AccountName })), "{taken:?}");
        let unknown = store::ids::AccountId::generate(at(0));
        let missing = test.store.write_blocking(|c| accounts::set_name(c, unknown, "New", at(1)));
        assert!(matches!(missing, Err(Error::NotFound { .. })));
    });
}

#[test]
fn the_first_connection_date_is_set_once_and_a_pause_ends() {
    on_each(|test, account| {
        assert_eq!(write(test, |c| accounts::set_first_connected(c, account, at(5))), at(5));
        assert_eq!(write(test, |c| accounts::set_first_connected(c, account, at(9))), at(5));
        write(test, |c| accounts::pause(c, account, "token refused", at(6)));
        let paused = read(test, |c| accounts::get(c, account));
        assert_eq!((paused.paused_at, paused.paused_reason.as_deref()), (Some(at(6)), Some("token refused")));
        write(test, |c| accounts::resume(c, account, at(7)));
        let resumed = read(test, |c| accounts::get(c, account));
        assert_eq!((resumed.paused_at, resumed.paused_reason), (None, None));
    });
}

#[test]
fn a_credential_comes_back_and_its_row_opens_in_no_other_account() {
    on_each(|test, account| {
        let kind = credentials::Kind::ClientSecret;
        let other = add_account(test, "Other");
        write(test, |c| credentials::put(c, account, kind, &"first".into(), at(0)));
        write(test, |c| credentials::put(c, account, kind, &"canary-secret".into(), at(1)));
        let secret = read(test, |c| credentials::get(c, account, kind)).unwrap();
        assert_eq!(secret.expose_secret(), "canary-secret");
        assert!(read(test, |c| credentials::get(c, other, kind)).is_none());

        // Someone with access to the database moves the row.
        let steal = format!("UPDATE credentials SET account_id = '{other}'");
        write(test, |c| testing::execute(c, &steal));
        let moved = test.store.read_blocking(|c| credentials::get(c, other, kind));
        assert!(matches!(moved, Err(Error::Seal { .. })), "{moved:?}");
        let swap = format!("UPDATE credentials SET account_id = '{account}', kind = 'password'");
        write(test, |c| testing::execute(c, &swap));
        let moved = test.store.read_blocking(|c| credentials::get(c, account, credentials::Kind::Password));
        assert!(matches!(moved, Err(Error::Seal { .. })), "{moved:?}");
        assert!(write(test, |c| credentials::delete(c, account, credentials::Kind::Password)));
        assert!(!write(test, |c| credentials::delete(c, account, credentials::Kind::Password)));
    });
}

fn tokens(refresh: &str) -> oauth_tokens::NewOauthTokens {
    oauth_tokens::NewOauthTokens {
        access_token: "access".into(),
        access_expires_at: at(3600),
        refresh_token: refresh.into(),
        refresh_issued_at: at(0),
        geolocation: "https://us2.api.concursolutions.com".to_owned(),
        scopes: vec!["EXPRPT".to_owned(), "openid".to_owned()],
    }
}

#[test]
fn the_previous_refresh_token_is_kept_until_the_new_one_has_worked() {
    on_each(|test, account| {
        assert!(read(test, |c| oauth_tokens::load(c, account)).is_none());
        let previous = || {
            let stored = read(test, |c| oauth_tokens::load(c, account)).unwrap();
            stored.previous_refresh_token.map(|token| token.expose_secret().to_owned())
        };
        write(test, |c| oauth_tokens::save(c, account, &tokens("one"), at(0)));
        assert_eq!(previous(), None);
        write(test, |c| oauth_tokens::save(c, account, &tokens("two"), at(1)));
        assert_eq!(previous().as_deref(), Some("one"));
        write(test, |c| oauth_tokens::save(c, account, &tokens("two"), at(2))); // the same one, refreshed again
        assert_eq!(previous().as_deref(), Some("one"));
        write(test, |c| oauth_tokens::forget_previous(c, account));
        assert_eq!(previous(), None);
        let stored = read(test, |c| oauth_tokens::load(c, account)).unwrap();
        assert_eq!(stored.refresh_token.expose_secret(), "two");
        assert_eq!((stored.access_expires_at, stored.scopes.len()), (at(3600), 2));
        assert!(!format!("{stored:?}").contains("two"), "secrets do not print");
    });
}

#[test]
fn a_refresh_lease_has_one_owner_until_it_ends() {
    on_each(|test, account| {
        let lease =
            |owner, now, until| write(test, |c| oauth_tokens::try_lease(c, account, owner, now, until));
        assert!(lease("a", at(0), at(60)));
        assert!(!lease("b", at(10), at(70)));
        assert!(lease("a", at(20), at(80)), "its owner renews it");
        assert!(lease("b", at(80), at(140)), "it has ended");
        write(test, |c| oauth_tokens::release_lease(c, account, "a"));
        assert!(!lease("c", at(90), at(150)), "only its owner gives it back");
        write(test, |c| oauth_tokens::release_lease(c, account, "b"));
        assert!(lease("c", at(90), at(150)));
    });
}

#[test]
fn rows_and_cursor_of_a_page_roll_back_together() {
    on_each(|test, account| {
        let user = new_concur_user("u1", "zoe@example.com");
        let page = |fail: bool| {
            test.store.write_blocking(|c| {
                users::upsert(c, account, std::slice::from_ref(&user), at(0))?;
                cursors::put(c, account, "users", "identity", &json!({"after": "u1"}), at(0))?;
                if fail { Err(Error::NotFound { what: "the rest of the page" }) } else { Ok(()) }
            })
        };
        assert!(page(true).is_err());
        assert_eq!(read(test, |c| users::count(c, account)), 0);
        assert_eq!(read(test, |c| cursors::get(c, account, "users", "identity")), None);
        page(false).unwrap();
        assert_eq!(read(test, |c| users::count(c, account)), 1);
        assert_eq!(
            read(test, |c| cursors::get(c, account, "users", "identity")),
            Some(json!({"after": "u1"}))
        );
        assert!(write(test, |c| cursors::delete(c, account, "users", "identity")));
        assert!(!write(test, |c| cursors::delete(c, account, "users", "identity")));
    });
}

fn new_concur_user(id: &str, user_name: &str) -> users::NewUser {
    users::NewUser {
        concur_user_id: id.to_owned(),
        user_name: user_name.to_owned(),
        external_id: None,
        employee_number: Some("7".to_owned()),
        display_name: Some("Zoë".to_owned()),
        active: true,
        raw: json!({"id": id}),
    }
}

#[test]
fn users_read_twice_change_nothing() {
    on_each(|test, account| {
        let mut page: Vec<_> =
            (0..1200).map(|n| new_concur_user(&format!("u{n:04}"), "x@example.com")).collect();
        assert_eq!(write(test, |c| users::upsert(c, account, &page, at(0))), 1200);
        assert_eq!(write(test, |c| users::upsert(c, account, &page, at(1))), 0);
        page[7].active = false;
        page.push(page[7].clone()); // the same user twice in one page
        assert_eq!(write(test, |c| users::upsert(c, account, &page, at(2))), 1);
        let user = read(test, |c| users::get(c, account, "u0007")).unwrap();
        assert_eq!((user.active, user.updated_at), (false, at(2)));
        let first = read(test, |c| users::page(c, account, None, 1000));
        let second = read(test, |c| users::page(c, account, Some(&first[999].concur_user_id), 1000));
        assert_eq!((first.len(), second.len()), (1000, 200));
    });
}

#[test]
fn a_run_whose_process_ended_is_told_so_by_the_next_one() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let lost = write(test, |c| runs::start(c, account, "sync", &json!({"pages": 3}), at(0)));
        let elsewhere = write(test, |c| runs::start(c, other, "sync", &json!({}), at(0)));
        assert_eq!(write(test, |c| runs::end_interrupted(c, account, "sync", at(9))), 1);
        let told = read(test, |c| runs::get(c, lost.id));
        assert_eq!((told.state, told.finished_at), (runs::State::Failed, Some(at(9))));
        assert!(told.error.unwrap().starts_with("interrupted"));
        assert_eq!(told.progress, json!({"pages": 3}), "what it had done stays told");
        assert_eq!(read(test, |c| runs::get(c, elsewhere.id)).state, runs::State::Running);
        assert_eq!(write(test, |c| runs::end_interrupted(c, account, "sync", at(10))), 0);
    });
}

#[test]
fn a_run_tells_its_story_and_ends_once() {
    on_each(|test, account| {
        let first = write(test, |c| runs::start(c, account, "expenses", &json!({}), at(0)));
        write(test, |c| runs::progress(c, first.id, &json!({"reports": 3}), at(1)));
        write(test, |c| runs::finish(c, first.id, runs::State::CompleteWithGaps, Some("1 row"), at(2)));
        let again =
            test.store.write_blocking(|c| runs::finish(c, first.id, runs::State::Complete, None, at(3)));
        assert!(matches!(again, Err(Error::NotFound { .. })));
        let late = test.store.write_blocking(|c| runs::progress(c, first.id, &json!({}), at(3)));
        assert!(matches!(late, Err(Error::NotFound { .. })));
        let ended = read(test, |c| runs::get(c, first.id));
        assert_eq!((ended.state, ended.finished_at), (runs::State::CompleteWithGaps, Some(at(2))));
        assert_eq!((ended.progress, ended.error.as_deref()), (json!({"reports": 3}), Some("1 row")));
        let second = write(test, |c| runs::start(c, account, "expenses", &json!({}), at(10)));
        let other = write(test, |c| runs::start(c, account, "users", &json!({}), at(20)));
        assert_eq!(read(test, |c| runs::latest(c, account, "expenses")).unwrap().id, second.id);
        let ids: Vec<_> = read(test, |c| runs::list(c, account, 2)).into_iter().map(|run| run.id).collect();
        assert_eq!(ids, [other.id, second.id]);
    });
}

#[test]
fn calls_to_concur_add_up_by_account_and_endpoint() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let calls = |endpoint: &str, succeeded, second| concur_calls::Calls {
            endpoint: endpoint.to_owned(),
            succeeded,
            last_at: at(second),
        };
        write(test, |c| concur_calls::add(c, account, &calls("identity.get", 3, 1)));
        write(test, |c| concur_calls::add(c, account, &calls("expenses.reports", 1, 2)));
        write(test, |c| concur_calls::add(c, account, &calls("identity.get", 4, 5)));
        write(test, |c| concur_calls::add(c, other, &calls("identity.get", 9, 3)));
        let expected = [calls("expenses.reports", 1, 2), calls("identity.get", 7, 5)];
        assert_eq!(read(test, |c| concur_calls::list(c, account)), expected);
    });
}
