//! Lists of resources: conditions mean the same in memory and on both databases, pages fit together, and what identity
//! providers ask for is answered from an index.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::resources::{
    self, Comparison, Condition, EmailTest, NewResource, Order, Position, Resource, ResourceType, SortColumn,
    Start, TextColumn, TextTest, TimeColumn,
};
use store::testing::{self, TestStore};
use uuid::Uuid;

use crate::{AccountId, add_account, add_user, at, content, new_user, on_each, read, write};

const USER: ResourceType = ResourceType::User;

/// Texts that differ in what databases disagree about: order, wild cards, absence.
const TEXTS: [&str; 12] =
    ["", "a", "aa", "ab", "a%b", "a_b", "a\\b", "b", "\u{e4}", "z", "\u{ff5e}", "\u{10ffff}"];

/// Users with and without values, in two accounts, and one that is gone.
fn fill(test: &TestStore, account: AccountId) -> Vec<(Resource, Vec<String>)> {
    let other = add_account(test, "Other");
    write(test, |c| add_user(c, other, "a"));
    let gone = write(test, |c| add_user(c, account, "gone"));
    write(test, |c| resources::soft_delete(c, gone.id, None, at(9)));
    let mut filled = Vec::new();
    for (i, text) in TEXTS.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        let after =
            |n: usize| TEXTS.get((i + n) % TEXTS.len()).filter(|t| !t.is_empty()).map(|t| (*t).to_owned());
        let content = resources::Content {
            user_name: Some((*text).to_owned()),
            user_name_folded: Some((*text).to_owned()),
            // The one text that has a letter case.
            external_id: after(3).map(|text| if i % 2 == 0 { text.to_uppercase() } else { text }),
            employee_number: after(5),
            active: i % 3 != 0,
            emails_folded: after(1).into_iter().chain(after(2)).collect(),
            ..content(text)
        };
        let seconds = i64::try_from(i / 2).unwrap();
        let new =
            NewResource { content: content.clone(), created_at: at(seconds), ..new_user(account, text) };
        let row = write(test, |c| resources::insert(c, &new));
        let row = write(test, |c| resources::update(c, row.id, 1, &content, at(20 - seconds)));
        filled.push((row, content.emails_folded));
    }
    filled
}

fn compare<T: Ord>(comparison: Comparison, a: &T, b: &T) -> bool {
    match comparison {
        Comparison::Is => a == b,
        Comparison::Above => a > b,
        Comparison::AtLeast => a >= b,
        Comparison::Below => a < b,
        Comparison::AtMost => a <= b,
    }
}

/// What a condition means.
fn holds(condition: &Condition, row: &Resource, emails: &[String]) -> bool {
    match condition {
        Condition::All => true,
        Condition::Nothing => false,
        Condition::And(terms) => terms.iter().all(|term| holds(term, row, emails)),
        Condition::Or(terms) => terms.iter().any(|term| holds(term, row, emails)),
        Condition::Not(inner) => !holds(inner, row, emails),
        Condition::ScimId(id) => row.scim_id == *id,
        Condition::Active(active) => row.active == *active,
        Condition::Email(EmailTest::Is(email)) => emails.contains(email),
        Condition::Email(EmailTest::StartsWith(prefix)) => {
            emails.iter().any(|email| email.starts_with(prefix))
        }
        Condition::Time(TimeColumn::Created, comparison, time) => compare(*comparison, &row.created_at, time),
        Condition::Time(TimeColumn::LastModified, comparison, time) => {
            compare(*comparison, &row.updated_at, time)
        }
        Condition::Text(column, asked) => {
            let text = match column {
                TextColumn::UserName => &row.user_name_folded,
                TextColumn::ExternalId => &row.external_id,
                TextColumn::EmployeeNumber => &row.employee_number,
            };
            text.as_ref().is_some_and(|text| match asked {
                TextTest::Assigned => true,
                TextTest::Compare(comparison, other) => compare(*comparison, text, other),
                TextTest::StartsWith(part) => text.starts_with(part),
                TextTest::Contains(part) => text.contains(part),
                TextTest::EndsWith(part) => text.ends_with(part),
            })
        }
    }
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let texts = [&TEXTS[..], &["A", "AB", "B"]].concat();
    let text = || proptest::sample::select(texts.clone()).prop_map(str::to_owned);
    let comparison = || {
        proptest::sample::select(vec![
            Comparison::Is,
            Comparison::Above,
            Comparison::AtLeast,
            Comparison::Below,
            Comparison::AtMost,
        ])
    };
    let column = proptest::sample::select(vec![
        TextColumn::UserName,
        TextColumn::ExternalId,
        TextColumn::EmployeeNumber,
    ]);
    let asked = prop_oneof![
        Just(TextTest::Assigned),
        (comparison(), text()).prop_map(|(comparison, text)| TextTest::Compare(comparison, text)),
        text().prop_map(TextTest::StartsWith),
        // Names are folded, and so is what they are compared with; `LIKE` has no letter case in SQLite.
        text().prop_map(|text| TextTest::Contains(text.to_lowercase())),
        text().prop_map(|text| TextTest::EndsWith(text.to_lowercase())),
    ];
    let time = proptest::sample::select(vec![TimeColumn::Created, TimeColumn::LastModified]);
    let leaf = prop_oneof![
        Just(Condition::All),
        Just(Condition::Nothing),
        any::<bool>().prop_map(Condition::Active),
        (column, asked).prop_map(|(column, asked)| match (column, &asked) {
            (TextColumn::ExternalId, TextTest::Contains(_) | TextTest::EndsWith(_)) => Condition::All,
            _ => Condition::Text(column, asked),
        }),
        text().prop_map(|text| Condition::Email(EmailTest::Is(text))),
        text().prop_map(|text| Condition::Email(EmailTest::StartsWith(text))),
        (time, comparison(), 0_i64..22).prop_map(|(column, c, second)| Condition::Time(
            column,
            c,
            at(second)
        )),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|condition| Condition::Not(Box::new(condition))),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::And),
            proptest::collection::vec(inner, 0..4).prop_map(Condition::Or),
        ]
    })
}

fn any_order() -> impl Strategy<Value = Order> {
    let by = proptest::sample::select(vec![
        SortColumn::Created,
        SortColumn::LastModified,
        SortColumn::UserName,
        SortColumn::ScimId,
    ]);
    (by, any::<bool>()).prop_map(|(by, descending)| Order { by, descending })
}

#[test]
fn a_condition_holds_for_the_same_resources_here_and_there_and_pages_fit_together() {
    on_each(|test, account| {
        let rows = fill(test, account);
        let mut runner =
            TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        let cases = (any_condition(), any_order(), 1_usize..5);
        let result = runner.run(&cases, |(condition, order, size)| {
            let mut expected: Vec<&Resource> = rows
                .iter()
                .filter(|(row, emails)| holds(&condition, row, emails))
                .map(|(row, _)| row)
                .collect();
            let key = |row: &Resource| match order.by {
                SortColumn::Created => (Some(row.created_at), None, row.id),
                SortColumn::LastModified => (Some(row.updated_at), None, row.id),
                SortColumn::UserName => (None, row.user_name_folded.clone(), row.id),
                SortColumn::ScimId => (None, Some(row.scim_id.to_string()), row.id),
            };
            expected.sort_by_key(|row| key(row));
            if order.descending {
                expected.reverse();
            }
            let expected: Vec<&str> = expected.iter().map(|row| row.user_name.as_deref().unwrap()).collect();
            let page = |start: &Start| {
                read(test, |c| resources::list(c, account, USER, &condition, order, start, size))
            };
            let name = |row: &Resource| row.user_name.clone().unwrap();
            prop_assert_eq!(read(test, |c| resources::count(c, account, USER, &condition)), expected.len());
            let mut by_offset = Vec::new();
            for offset in (0..=expected.len()).step_by(size) {
                by_offset.extend(page(&Start::Offset(offset)).iter().map(name));
            }
            prop_assert_eq!(&by_offset, &expected, "{} by offset", test.name);
            let (mut by_key, mut start) = (Vec::new(), Start::Offset(0));
            loop {
                let rows = page(&start);
                let Some(last) = rows.last() else { break };
                start = Start::After(Position::of(last, order.by));
                by_key.extend(rows.iter().map(name));
            }
            prop_assert_eq!(&by_key, &expected, "{} by position", test.name);
            Ok(())
        });
        result.unwrap_or_else(|failure| panic!("{}: {failure}", test.name));
    });
}

#[test]
fn a_list_goes_on_where_it_was_when_the_resource_there_is_gone() {
    on_each(|test, account| {
        let rows: Vec<Resource> =
            ["a", "b", "c", "d"].map(|name| write(test, |c| add_user(c, account, name))).into();
        let order = Order { by: SortColumn::UserName, descending: false };
        let start = Start::After(Position::of(&rows[1], order.by));
        write(test, |c| resources::soft_delete(c, rows[1].id, None, at(1)));
        write(test, |c| resources::soft_delete(c, rows[3].id, None, at(1)));
        let rest = read(test, |c| resources::list(c, account, USER, &Condition::All, order, &start, 10));
        assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [rows[2].id]);
        let wrong = Order { by: SortColumn::Created, descending: false };
        assert_eq!(read(test, |c| resources::list(c, account, USER, &Condition::All, wrong, &start, 10)), []);
        let ids = [rows[2].id, rows[1].id, rows[0].id];
        let loaded = read(test, |c| resources::load(c, &ids));
        assert_eq!(loaded.iter().map(|row| row.id).collect::<Vec<_>>(), [rows[2].id, rows[0].id]);
    });
}

/// Users enough for a planner to think about, made by the database itself.
fn fill_with_many(test: &TestStore, account: AccountId, users: usize) {
    let numbers = match test.name {
        "sqlite" => {
            format!("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {users})")
        }
        _ => format!("WITH s(n) AS (SELECT generate_series(1, {users}))"),
    };
    let padded = match test.name {
        "sqlite" => "printf('%012d', n)",
        _ => "lpad(n::text, 12, '0')",
    };
    let insert_users = format!(
        "INSERT INTO resources (resource_id, account_id, resource_type, scim_id, user_name, user_name_folded,
             external_id, employee_number, active, body, version, shown, created_at, updated_at)
         {numbers}
         SELECT '00000000-0000-7000-8000-' || {padded}, '{account}', 'User', '00000000-0000-4000-8000-' || {padded},
             'user' || n, 'user' || n, 'ext' || n, 'no' || n, n % 10 <> 0, '{{}}', 1, {true_}, n, n FROM s",
        true_ = if test.name == "sqlite" { "1" } else { "true" },
    );
    let insert_emails = format!(
        "INSERT INTO resource_emails (resource_id, account_id, email_folded)
         {numbers} SELECT '00000000-0000-7000-8000-' || {padded}, '{account}', 'user' || n || '@example.com' FROM s",
    );
    write(test, |c| testing::execute(c, &insert_users));
    write(test, |c| testing::execute(c, &insert_emails));
    if test.name == "postgres" {
        // Autovacuum does it in life. SQLite has no statistics, in life neither.
        read(test, |c| testing::execute(c, "VACUUM ANALYZE resources"));
        read(test, |c| testing::execute(c, "VACUUM ANALYZE resource_emails"));
    }
}

#[test]
fn what_identity_providers_ask_for_is_answered_from_an_index() {
    on_each(|test, account| {
        fill_with_many(test, account, 20_000);
        let text =
            |column, text: &str| Condition::Text(column, TextTest::Compare(Comparison::Is, text.to_owned()));
        let since = |n: i64| {
            let time = jiff::Timestamp::from_microsecond(n).unwrap();
            Condition::Time(TimeColumn::LastModified, Comparison::AtLeast, time)
        };
        let by = |by| Order { by, descending: false };
        let created = by(SortColumn::Created);
        let user_name = text(TextColumn::UserName, "user77");
        let external_id = text(TextColumn::ExternalId, "ext77");
        let email = Condition::Email(EmailTest::Is("user77@example.com".to_owned()));
        let active = Condition::Active(true);
        let prefix = Condition::Text(TextColumn::UserName, TextTest::StartsWith("user77".to_owned()));
        let id = Uuid::parse_str("00000000-0000-4000-8000-000000000077").unwrap();
        // Condition, order, what must be used, and how many there are.
        let cases = [
            (user_name.clone(), created, "resources_user_name", 1),
            (external_id.clone(), created, "resources_external_id", 1),
            (text(TextColumn::EmployeeNumber, "no77"), created, "resources_employee_number", 1),
            (email.clone(), created, "resource_emails_email", 1),
            (Condition::ScimId(id), created, "resources_scim_id", 1),
            (prefix.clone(), created, "resources_user_name", 111),
            (since(19_901), created, "resources_updated", 100),
            (since(19_901), by(SortColumn::LastModified), "resources_updated", 100),
            (Condition::And(vec![active.clone(), since(19_901)]), created, "resources_updated", 90),
            (Condition::And(vec![active.clone(), user_name.clone()]), created, "resources_user_name", 1),
            (Condition::And(vec![active.clone(), email.clone()]), created, "resource_emails_email", 1),
            (
                Condition::And(vec![Condition::Not(Box::new(active)), external_id.clone()]),
                created,
                "resources_external_id",
                0,
            ),
            (
                Condition::Or(vec![user_name.clone(), external_id.clone()]),
                created,
                "resources_external_id",
                1,
            ),
            (Condition::Or(vec![user_name, external_id]), created, "resources_user_name", 1),
            (Condition::All, created, "resources_order", 20_000),
            (Condition::All, by(SortColumn::UserName), "resources_user_name", 20_000),
            (Condition::All, by(SortColumn::LastModified), "resources_updated", 20_000),
            (Condition::All, by(SortColumn::ScimId), "resources_scim_id", 20_000),
            (Condition::Active(false), created, "resources_active", 2_000),
        ];
        for (condition, order, index, total) in cases {
            let plan = read(test, |c| {
                resources::explain_list(c, account, USER, &condition, order, &Start::Offset(0), 200)
            });
            let what = format!("{}: {condition:?} by {:?}:\n{plan}", test.name, order.by);
            assert!(plan.contains(index), "no {index} for {what}");
            let walks = ["SCAN resources", "Seq Scan on resources"]
                .iter()
                .any(|step| plan.lines().any(|line| line.contains(step) && !line.contains("INDEX")));
            assert!(!walks, "the whole table is read for {what}");
            assert_eq!(read(test, |c| resources::count(c, account, USER, &condition)), total, "{what}");
        }
        // Far pages: an index is walked, rows are not; a position is found at once.
        let far = read(test, |c| {
            resources::explain_list(c, account, USER, &Condition::All, created, &Start::Offset(18_000), 200)
        });
        // SQLite does not call it covering, because of `deleted_at`, which the index implies and does not hold.
        let walked =
            ["SEARCH resources USING INDEX resources_order", "Index Only Scan using resources_order"];
        assert!(walked.iter().any(|step| far.contains(step)), "{}: {far}", test.name);
        let rows = read(test, |c| {
            resources::list(c, account, USER, &Condition::All, created, &Start::Offset(18_000), 200)
        });
        assert_eq!((rows.len(), rows[0].user_name.as_deref()), (200, Some("user18001")));
        for order in
            [SortColumn::Created, SortColumn::LastModified, SortColumn::UserName, SortColumn::ScimId].map(by)
        {
            let start = Start::After(Position::of(&rows[199], order.by));
            let plan = read(test, |c| {
                resources::explain_list(c, account, USER, &Condition::All, order, &start, 200)
            });
            let column = match order.by {
                SortColumn::Created => "created_at",
                SortColumn::LastModified => "updated_at",
                SortColumn::UserName => "user_name_folded",
                SortColumn::ScimId => "scim_id",
            };
            let sought = [format!("{column}>?"), format!("{column} >= ")];
            assert!(sought.iter().any(|step| plan.contains(step)), "{}: {plan}", test.name);
        }
    });
}
