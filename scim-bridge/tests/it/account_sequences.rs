//! Whatever is done to accounts in whatever order, no company loses or gains a row of another (feature A05).

use std::collections::{BTreeMap, BTreeSet};

use concur::auth::Grant;
use jiff::civil::date;
use scim_bridge::accounts::lifecycle::{self, Act};
use scim_bridge::accounts::{AccountSettings, ConnectError, NewConnection, connect};
use scim_bridge::clock::Clock;
use serde_json::json;
use store::Store;
use store::accounts::{self, Account, AuthenticationType};
use store::ids::AccountId;
use store::lines::{self, Filter, Money, NewLine, Texts};

use crate::delivery_harness::{House, client_settings, connection};

const NAMES: [&str; 3] = ["acme", "acme EU", "other"];
const STEPS: usize = 250;

/// Small numbers that look like chance, and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len())]
    }
}

/// What is known of an account: for whom it speaks, and its lines.
#[derive(Debug, PartialEq)]
struct Known {
    speaks_for: Option<AuthenticationType>,
    lines: BTreeSet<String>,
}

struct Sequence<'h> {
    house: &'h House,
    dice: Dice,
    known: BTreeMap<AccountId, Known>,
    done: Vec<String>,
    lines: u32,
}

impl Sequence<'_> {
    fn store(&self) -> &Store {
        self.house.store()
    }

    fn act() -> Act {
        Act { actor: "test".to_owned(), at: Clock::system().now() }
    }

    /// One of the two that the simulator knows: the company as a whole, or one of its users.
    fn connection(&mut self, name: &str, replace: bool) -> (NewConnection, AuthenticationType) {
        self.house.concur.renew_request_token();
        let mut new = connection(&self.house.concur, name, AccountSettings::default());
        new.replace = replace;
        if self.dice.below(2) == 0 {
            return (new, AuthenticationType::CompanyLevel);
        }
        let info = self.house.concur.info();
        new.grant = Grant::User { username: info.username.clone(), password: info.password.clone().into() };
        (new, AuthenticationType::UserLevel)
    }

    async fn connect(&mut self) {
        let (name, replace) = (self.dice.name(), self.dice.below(2) == 0);
        let (new, level) = self.connection(name, replace);
        let before = self.by_name(name).await;
        let outcome = connect(self.store(), &Clock::system(), &client_settings(), new).await;
        self.done.push(format!("connect {name:?} as {level:?}, replace {replace}: {}", outcome.is_ok()));
        let speaks_for = before.as_ref().and_then(|account| self.known[&account.id].speaks_for);
        let foreign = speaks_for.is_some_and(|other| other != level);
        match outcome {
            Err(ConnectError::OtherCompany { .. }) => assert!(foreign && !replace),
            Err(error) => panic!("{error:?}"),
            Ok(connected) => {
                assert!(!foreign || replace, "another company's account was overwritten");
                let id = connected.account.id;
                assert_eq!(connected.account.name, name);
                // The same company goes on in the account that it has under this name; another one gets a new account.
                assert!(foreign || before.is_none_or(|before| before.id == id));
                let known =
                    self.known.entry(id).or_insert(Known { speaks_for: None, lines: BTreeSet::new() });
                assert!(known.speaks_for.is_none_or(|of| of == level));
                known.speaks_for = Some(level);
            }
        }
    }

    /// An account of imported lines, which speaks for nobody yet.
    async fn insert(&mut self) {
        let (name, at) = (self.dice.name(), Self::act().at);
        let made = self.store().write(move |conn| accounts::insert_unconnected(conn, name, at)).await;
        self.done.push(format!("make {name:?}: {}", made.is_ok()));
        if let Ok(account) = made {
            self.known.insert(account.id, Known { speaks_for: None, lines: BTreeSet::new() });
        }
    }

    async fn rename(&mut self) {
        let (name, act) = (self.dice.name(), Self::act());
        let Some(account) = self.any().await else { return };
        let before = account.name.clone();
        let outcome = self.store().try_write(move |conn| lifecycle::rename(conn, &account, name, &act)).await;
        self.done.push(format!("rename {before:?} to {name:?}: {}", outcome.is_ok()));
    }

    async fn undo_replace(&mut self) {
        let (name, act) = (self.dice.name(), Self::act());
        let outcome = self.store().try_write(move |conn| lifecycle::undo_replace(conn, name, &act)).await;
        self.done.push(format!("undo the replacement of {name:?}: {}", outcome.is_ok()));
    }

    async fn disconnect(&mut self) {
        let act = Self::act();
        let Some(account) = self.any().await else { return };
        self.done.push(format!("disconnect {:?}", account.name));
        lifecycle::disconnect(self.store(), &self.house.clients(), &account, &act).await.unwrap();
    }

    /// A line comes to an account.
    async fn line(&mut self) {
        let Some(account) = self.any().await else { return };
        self.lines += 1;
        let (key, now) = (format!("line {}", self.lines), Self::act().at);
        self.known.get_mut(&account.id).unwrap().lines.insert(key.clone());
        let money = Money { amount: 7.into(), currency: "EUR".to_owned() };
        let line = NewLine {
            source: "test".to_owned(),
            source_key: key,
            report_id: None,
            entry_id: None,
            itemization_id: None,
            owner_login: "ada@example.com".to_owned(),
            transaction_date: date(2026, 3, 1),
            transaction: money.clone(),
            posted: money,
            texts: Texts::default(),
            is_personal: false,
            has_itemizations: false,
            raw: json!({}),
        };
        self.store().write(move |conn| lines::upsert(conn, account.id, &[line], now)).await.unwrap();
    }

    async fn by_name(&self, name: &'static str) -> Option<Account> {
        self.store().read(move |conn| accounts::by_name(conn, name)).await.unwrap()
    }

    async fn any(&mut self) -> Option<Account> {
        let all = self.store().read(accounts::list).await.unwrap();
        (!all.is_empty()).then(|| all[self.dice.below(all.len())].clone())
    }

    async fn check(&self) {
        let stored = self
            .store()
            .read(|conn| {
                let mut stored = BTreeMap::new();
                for account in accounts::list(conn)? {
                    let page = lines::page(conn, account.id, &Filter::default(), None, 1_000)?;
                    let lines = page.rows.into_iter().map(|(line, _)| line.source_key).collect();
                    let speaks_for = account.is_connected().then_some(account.authentication_type);
                    stored.insert(account.id, Known { speaks_for, lines });
                }
                Ok(stored)
            })
            .await
            .unwrap();
        assert_eq!(stored, self.known, "after {:#?}", self.done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_of_connect_rename_replace_and_undo_loses_a_row_of_another_company() {
    for house in House::each().await {
        let first = Known { speaks_for: Some(AuthenticationType::CompanyLevel), lines: BTreeSet::new() };
        let known = BTreeMap::from([(house.account.id, first)]);
        let mut sequence = Sequence {
            house: &house,
            dice: Dice(7),
            known,
            done: vec![house.base.name.to_owned()],
            lines: 0,
        };
        for _ in 0..STEPS {
            match sequence.dice.below(8) {
                0..=2 => sequence.connect().await,
                3 => sequence.rename().await,
                4 => sequence.undo_replace().await,
                5 => sequence.disconnect().await,
                6 => sequence.insert().await,
                _ => {}
            }
            sequence.line().await;
            sequence.check().await;
        }
        let told = |what: &str| sequence.done.iter().filter(|it| it.contains(what)).count();
        for what in
            ["replace true: true", "replace false: false", "undo the replacement of \"acme\": true", "rename"]
        {
            assert!(told(what) > 2, "{what}: {:#?}", sequence.done);
        }
    }
}
