//! The request log, what was bent, and the flight recorder.

use secrecy::{ExposeSecret as _, SecretString};
use store::habits::{self, Bent};
use store::ids::{AccountId, RecordingId};
use store::recordings::{self, Recorder, Recording};
use store::request_log::{self, Entry, Filter};

use crate::{add_account, at, on_each, read, write};

fn entry(account: AccountId, seconds: i64, status: u16) -> Entry {
    Entry {
        account,
        at: at(seconds),
        request_id: format!("r-{seconds}"),
        method: "PATCH".to_owned(),
        route: "/scim/v2/Users/{id}".to_owned(),
        target: Some("u".to_owned()),
        status,
        scim_type: (status >= 400).then(|| "invalidValue".to_owned()),
        duration_ms: 7,
        token: "0123456789abcdef".to_owned(),
        provider: "entra".to_owned(),
        shape: "replace active: text".to_owned(),
        habits: vec!["boolean_as_text".to_owned()],
    }
}

#[test]
fn the_log_is_read_newest_first_and_bounded_by_count_and_age() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let entries: Vec<Entry> = (0..6).map(|n| entry(account, n, if n == 2 { 400 } else { 200 })).collect();
        write(test, |c| request_log::add(c, &entries));
        write(test, |c| request_log::add(c, &[entry(other, 9, 200)]));
        let list = |refused, before, limit| {
            let filter = Filter { account, refused, before };
            read(test, |c| request_log::list(c, &filter, limit))
        };
        let page = list(false, None, 2);
        assert_eq!(
            page.iter().map(|it| it.entry.clone()).collect::<Vec<_>>(),
            [entries[5].clone(), entries[4].clone()]
        );
        assert_eq!(list(false, Some(page[1].seq), 1)[0].entry, entries[3]);
        assert_eq!(list(true, None, 9).len(), 1);
        assert_eq!(
            write(test, |c| request_log::trim(c, account, at(1), 4)),
            2,
            "one is too old, one too many"
        );
        assert_eq!(list(false, None, 9).len(), 4);
        assert_eq!(write(test, |c| request_log::trim(c, account, at(0), 4)), 0);
        let foreign = Filter { account: other, refused: false, before: None };
        assert_eq!(read(test, |c| request_log::list(c, &foreign, 9)).len(), 1);
    });
}

#[test]
fn what_was_bent_is_counted_by_provider_and_habit() {
    on_each(|test, account| {
        let bent = |habit: &str, requests, first, last| Bent {
            provider: "entra".to_owned(),
            habit: habit.to_owned(),
            requests,
            first_at: at(first),
            last_at: at(last),
        };
        write(test, |c| habits::add(c, account, &bent("b", 2, 1, 2)));
        write(test, |c| habits::add(c, account, &bent("a", 1, 3, 3)));
        write(test, |c| habits::add(c, account, &bent("b", 5, 4, 9)));
        assert_eq!(read(test, |c| habits::list(c, account)), [bent("a", 1, 3, 3), bent("b", 7, 1, 9)]);
    });
}

#[test]
fn a_recording_opens_for_its_own_account_and_goes_when_its_time_is_over() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let recorder = Recorder { account, started_at: at(0), until: at(100), most: 2 };
        write(test, |c| recordings::start(c, &Recorder { most: 9, ..recorder.clone() }));
        write(test, |c| recordings::start(c, &recorder));
        assert_eq!(read(test, |c| recordings::recorders(c, at(99))), [recorder]);
        assert_eq!(read(test, |c| recordings::recorders(c, at(100))), []);
        let made: Vec<Recording> = (0..3)
            .map(|n| Recording {
                id: RecordingId::generate(at(n)),
                account,
                at: at(n),
                method: "POST".to_owned(),
                route: "/scim/v2/Users".to_owned(),
                status: 201,
            })
            .collect();
        for one in &made {
            write(test, |c| recordings::add(c, one, &SecretString::from("canary")));
        }
        let (found, said) = read(test, |c| recordings::open(c, account, made[1].id)).unwrap();
        assert_eq!((found, said.expose_secret()), (made[1].clone(), "canary"));
        assert!(read(test, |c| recordings::open(c, other, made[1].id)).is_none());
        assert_eq!(write(test, |c| recordings::trim(c, account, at(0), 2)), 1);
        let left = read(test, |c| recordings::list(c, account, 9));
        assert_eq!(left, [made[2].clone(), made[1].clone()]);
        assert!(
            write(test, |c| recordings::stop(c, account)) && !write(test, |c| recordings::stop(c, account))
        );
        assert_eq!(write(test, |c| recordings::erase(c, account)), 2);
    });
}
