//! A query means the same to the store and in memory, on both databases; what is not exact says so.

use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use store::accounts::{AuthenticationType, NewAccount};
use store::resources::NewResource;
use store::testing::TestStore;
use uuid::Uuid;

use super::*;
use crate::provision::content;

const BASE: &str = "https://bridge.example/scim/v2";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap() + 250.microseconds()
}

/// Users with and without values, with letter case, accents, wild cards, several e-mail addresses.
fn fill(test: &TestStore) -> AccountId {
    let enterprise = scim::urn::ENTERPRISE_USER;
    let bodies = [
        json!({"userName": "Ada@example.com", "externalId": "Ab1", "title": "Engineer",
            "emails": [{"value": "Ada@Work.example", "type": "work", "primary": true}, {"value": "ada@home.example"}],
            enterprise: {"employeeNumber": "E1", "department": "IT"}}),
        json!({"userName": "bob", "externalId": "ab1", "active": false, "name": {"familyName": "Zoll"}}),
        json!({"userName": "\u{c4}nne_%", "name": {"familyName": "anders"}, "emails": [{"display": "nothing"}]}),
        json!({"userName": "\u{39f}\u{394}\u{39f}\u{3a3}", "externalId": "", "title": "engineer"}),
        json!({"userName": "c\\d", "externalId": "%", "emails": [{"value": "bob@work.example", "type": "home"}],
            enterprise: {"employeeNumber": "e2"}}),
        json!({"userName": "zed", "externalId": "Zed", "active": false, "title": "Boss",
            "emails": [{"value": "ada@work.example", "type": "other"}], enterprise: {"employeeNumber": "\u{e9}3"}}),
        json!({"userName": "ada", "name": {"familyName": "Zoll"}, "title": "boss"}),
    ];
    let account = NewAccount {
        name: "Acme".to_owned(),
        company_uuid: "08bca1e4-0f0c-4a3b-9f3d-c9d2a3c7b001".to_owned(),
        authentication_type: AuthenticationType::CompanyLevel,
        base_uri: "https://us2.api.concursolutions.com".to_owned(),
        settings: json!({}),
        now: at(0),
    };
    let account = test.store.write_blocking(|conn| store::accounts::insert(conn, &account)).unwrap().id;
    for (i, body) in bodies.iter().enumerate() {
        let content = content::of(&scim::Resource::from_client(ResourceType::user(), body).unwrap());
        let n = u128::try_from(i).unwrap();
        let seconds = i64::try_from(i / 2).unwrap();
        let new = NewResource {
            account,
            resource_type: Kind::User,
            scim_id: Uuid::from_u128(0x1234_5678_0000_4000_8000_0000_0000_00a0 - n),
            content: content.clone(),
            created_at: at(seconds),
        };
        test.store
            .write_blocking(|conn| {
                let row = resources::insert(conn, &new)?;
                resources::update(conn, row.id, 1, &content, at(10 - seconds))
            })
            .unwrap();
    }
    account
}

fn everyone(test: &TestStore, account: AccountId) -> Vec<(ResourceId, Value)> {
    let rows = test.store.read_blocking(|conn| {
        let all = Start::Offset(0);
        resources::list(conn, account, Kind::User, &Condition::All, Order::default(), &all, 100)
    });
    let render = |row: Resource| (row.id, View::without_delivery(row).render(BASE, &Projection::default()));
    rows.unwrap().into_iter().map(render).collect()
}

fn answer(
    test: &TestStore,
    account: AccountId,
    query: &ListQuery,
    place: Option<&Place>,
    limit: usize,
) -> Option<Found> {
    let (kind, rt) = (Kind::User, ResourceType::user());
    let settings = crate::accounts::AccountSettings::default();
    let question = Question { account, settings: &settings, kind, rt, query, place, limit, scim_base: BASE };
    test.store.read_blocking(|conn| question.answer(conn)).unwrap()
}

/// Terms about everything that has a column, and about what has none.
fn any_term() -> impl Strategy<Value = String> {
    let attribute = proptest::sample::select(vec![
        "userName",
        "USERNAME",
        "externalId",
        "id",
        "title",
        "emails",
        "emails.value",
        "emails.type",
        "employeeNumber",
        "name.familyName",
        "nosuch",
        "urn:x:2.0:Y:z",
        "meta.resourceType",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    ]);
    let op = || proptest::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let text = proptest::sample::select(vec![
        "",
        "a",
        "A",
        "ada",
        "ADA@EXAMPLE.COM",
        "ab1",
        "Ab1",
        "%",
        "_",
        "\\\\",
        "bob@work.example",
        "ada@work.example",
        "e1",
        "E2",
        "\u{c9}3",
        "\u{3bf}\u{3b4}\u{3bf}\u{3c2}",
        "\u{e4}",
        "z",
        "engineer",
        "User",
        "work",
        "\\u0000",
        "12345678-0000-4000-8000-0000000000a0",
        "12345678-0000-4000-8000-0000000000A0",
        "1",
    ]);
    let time = (0_i64..12, 249_i64..252, 0_i64..2).prop_map(|(seconds, micros, nanos)| {
        (Timestamp::from_second(1_800_000_000 + seconds).unwrap()
            + micros.microseconds()
            + nanos.nanoseconds())
        .to_string()
    });
    prop_oneof![
        4 => (attribute.clone(), op(), text.clone()).prop_map(|(a, op, text)| format!("{a} {op} \"{text}\"")),
        1 => attribute.clone().prop_map(|a| format!("{a} pr")),
        1 => (attribute.clone(), any::<bool>())
            .prop_map(|(a, eq)| format!("{a} {} null", if eq { "eq" } else { "ne" })),
        1 => (any::<bool>(), proptest::sample::select(vec!["true", "false", "\"True\"", "null"]))
            .prop_map(|(eq, value)| format!("active {} {value}", if eq { "eq" } else { "ne" })),
        2 => (any::<bool>(), op(), time).prop_map(|(created, op, time)| {
            format!("meta.{} {op} \"{time}\"", if created { "created" } else { "lastModified" })
        }),
        1 => text.clone().prop_map(|text| format!("emails[type eq \"work\" and value eq \"{text}\"]")),
        1 => text.prop_map(|text| format!("emails[type eq \"work\"].value eq \"{text}\"")),
    ]
}

fn any_filter() -> impl Strategy<Value = String> {
    any_term().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| format!("not ({filter})")),
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|terms| format!("({})", terms.join(" and "))),
            proptest::collection::vec(inner, 2..4).prop_map(|terms| format!("({})", terms.join(" or "))),
        ]
    })
}

#[test]
fn a_filter_and_an_order_mean_the_same_to_the_store_and_in_memory() {
    for test in store::testing::stores() {
        let account = fill(&test);
        let everyone = everyone(&test, account);
        let sort_by = proptest::sample::select(vec![
            "",
            "userName",
            "id",
            "meta.created",
            "meta.lastModified",
            "externalId",
            "emails",
            "name.familyName",
            "nosuch",
        ]);
        let cases = (any_filter(), sort_by, any::<bool>(), 1_usize..4);
        let mut runner =
            TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let result = runner.run(&cases, |(filter, sort_by, descending, count)| {
            let count_text = count.to_string();
            let order = if descending { "descending" } else { "ascending" };
            let pairs = |start: &str| {
                let by_cursor = start.is_empty();
                let start = if by_cursor { ("cursor", "") } else { ("startIndex", start) };
                let pairs = [
                    ("filter", filter.as_str()),
                    ("sortBy", sort_by),
                    ("sortOrder", order),
                    start,
                    ("count", count_text.as_str()),
                ];
                ListQuery::parse(pairs.into_iter())
            };
            // What has no order is refused before anything is asked.
            let Ok(query) = pairs("") else { return Ok(()) };
            let parsed = query.filter.as_ref().unwrap();
            let mut expected: Vec<(SortKey, ResourceId)> = everyone
                .iter()
                .filter(|(_, user)| parsed.matches(user, ResourceType::user()))
                .map(|(id, user)| {
                    let created =
                        || scim::parse_date_time(user["meta"]["created"].as_str().unwrap()).unwrap();
                    let sort = query.sort.as_ref();
                    (
                        sort.map_or_else(
                            || SortKey::Time(created()),
                            |sort| sort.key(user, ResourceType::user()),
                        ),
                        *id,
                    )
                })
                .collect();
            expected.sort();
            if query.sort.is_some() && descending {
                expected.reverse();
            }
            let expected: Vec<ResourceId> = expected.into_iter().map(|(_, id)| id).collect();

            let (mut by_cursor, mut place) = (Vec::new(), None);
            loop {
                let found = answer(&test, account, &query, place.as_ref(), 100).unwrap();
                prop_assert_eq!(found.total, expected.len());
                by_cursor.extend(found.rows.iter().map(|row| row.id));
                place = found.next;
                if place.is_none() {
                    break;
                }
                prop_assert_eq!(found.rows.len(), count);
            }
            prop_assert_eq!(&by_cursor, &expected, "{} by cursor", test.name);
            for start in 1..=expected.len() + 1 {
                let found = answer(&test, account, &pairs(&start.to_string()).unwrap(), None, 100).unwrap();
                let page: Vec<ResourceId> = found.rows.iter().map(|row| row.id).collect();
                let end = (start - 1 + count).min(expected.len());
                prop_assert_eq!(&page, &expected[start - 1..end], "{} by index", test.name);
                prop_assert!(found.total == expected.len() && found.next.is_none());
            }
            Ok(())
        });
        result.unwrap_or_else(|failure| panic!("{}: {failure}", test.name));
    }
}

#[test]
fn what_has_an_index_needs_nobody_to_be_looked_at() {
    let test = store::testing::sqlite();
    let account = fill(&test);
    let allowed = |pairs: &[(&str, &str)]| {
        let query = ListQuery::parse(pairs.iter().copied()).unwrap();
        answer(&test, account, &query, None, 1).is_some()
    };
    for filter in [
        "userName eq \"x\"",
        "externalId eq \"x\"",
        "emails eq \"x\"",
        "emails.value eq \"x\"",
        "employeeNumber eq \"x\"",
        "id eq \"x\"",
        "active eq true",
        "meta.lastModified ge \"2026-01-01T00:00:00Z\"",
        "active eq true and (meta.lastModified ge \"2020-01-01T00:00:00Z\" and meta.lastModified lt \"2030-01-01T00:00:00Z\")",
        "not (userName sw \"a\") or externalId pr",
        "nosuch eq \"x\"",
        // Narrowed to at most one, who is looked at.
        "emails[type eq \"work\"].value eq \"bob@work.example\"",
        "userName eq \"ada\" and title eq \"boss\"",
        "externalId eq \"Zed\" and not (title sw \"x\")",
    ] {
        assert!(allowed(&[("filter", filter)]), "{filter}");
    }
    for sort in [
        "userName",
        "id",
        "meta.created",
        "meta.lastModified",
        "urn:ietf:params:scim:schemas:core:2.0:User:USERNAME",
    ] {
        assert!(allowed(&[("sortBy", sort)]), "{sort}");
    }
    for filter in
        ["title eq \"x\"", "active eq true and title pr", "userName eq \"x\" or title eq \"x\"", "emails pr"]
    {
        assert!(!allowed(&[("filter", filter)]), "{filter}");
    }
    assert!(!allowed(&[("sortBy", "title")]));
}
