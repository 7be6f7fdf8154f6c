//! The `scim` crate: a filter read and asked of resources, a PATCH read and applied, a resource read and rendered. Each with
//! the answer it must also give.
//!
//! `cargo bench -p benches --bench scim`

#![expect(clippy::unwrap_used, reason = "a bench stops at what must not happen")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scim::{Filter, Meta, PatchRequest, Projection, Resource, ResourceType, json, patch};
use serde_json::{Value, json};

/// What Entra asks before each create, and the most that anybody was seen to ask.
const FILTERS: [(&str, &str, usize); 3] = [
    ("by userName", "userName eq \"user7@example.com\"", 1),
    ("by work address", "emails[type eq \"work\"].value eq \"USER7@example.com\"", 1),
    (
        "four terms",
        "active eq true and (meta.lastModified ge \"2026-01-01T00:00:00Z\" and title co \"engineer\") or not (userName sw \"user\")",
        500,
    ),
];
const USERS: usize = 1_000;

fn user(n: usize) -> Value {
    json!({
        "schemas": [scim::urn::USER, scim::urn::ENTERPRISE_USER],
        "userName": format!("user{n}@example.com"),
        "externalId": format!("00u{n}"),
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
        "title": if n.is_multiple_of(2) { "Engineer" } else { "Manager" },
        "active": true,
        "emails": [
            {"value": format!("user{n}@example.com"), "type": "work", "primary": true},
            {"value": format!("user{n}@home.example"), "type": "home"},
        ],
        "addresses": [{"type": "work", "country": "DE", "locality": "Berlin", "streetAddress": "Linden 1"}],
        scim::urn::ENTERPRISE_USER: {"department": "Sales", "employeeNumber": format!("E{n}")},
    })
}

fn meta(n: usize) -> Meta {
    let at: jiff::Timestamp = "2026-11-26T00:00:00Z".parse().unwrap();
    Meta {
        id: format!("id{n}"),
        resource_type: ResourceType::user().name,
        created: at,
        last_modified: at,
        version: 1,
        location: format!("https://bridge.example.com/scim/v2/Users/id{n}"),
    }
}

fn filters(c: &mut Criterion) {
    let users: Vec<Value> = (0..USERS)
        .map(|n| {
            let user = Resource::from_client(ResourceType::user(), &user(n)).unwrap();
            user.render(&meta(n), &Projection::default())
        })
        .collect();
    let mut group = c.benchmark_group("scim/filter");
    for (name, text, found) in FILTERS {
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("parse, {name}"), |b| {
            b.iter(|| {
                let filter = Filter::parse(black_box(text)).unwrap();
                assert!(filter.unknown_path(ResourceType::user()).is_none());
                filter
            });
        });
        let filter = Filter::parse(text).unwrap();
        group.throughput(Throughput::Elements(USERS as u64));
        group.bench_function(format!("{USERS} users, {name}"), |b| {
            b.iter(|| {
                let count = users.iter().filter(|user| filter.matches(user, ResourceType::user())).count();
                assert_eq!(count, found);
            });
        });
    }
    group.finish();
}

fn patches(c: &mut Criterion) {
    let before = Resource::from_client(ResourceType::user(), &user(7)).unwrap();
    let entra = json!({"schemas": [scim::urn::PATCH_OP], "Operations": [
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+49 30 1"},
        {"op": "replace", "value": {"name.givenName": "Augusta", "active": "False",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Maths"}},
        {"op": "Remove", "path": "title"},
    ]});
    let body = entra.to_string();
    let mut group = c.benchmark_group("scim/patch");
    group.throughput(Throughput::Elements(1));
    group.bench_function("read and apply, four operations", |b| {
        b.iter(|| {
            let request = PatchRequest::parse(&json::parse(black_box(body.as_bytes())).unwrap()).unwrap();
            let after = patch::apply(&before, &request).unwrap();
            assert!(!after.is_active() && after.get_str("title").is_none());
            assert_eq!(after.get("emails").unwrap()[0]["value"], "new@example.com");
            after
        });
    });
    let members: Vec<Value> = (0..10_000).map(|n| json!({"value": format!("id{n}")})).collect();
    let large = json!({"schemas": [scim::urn::GROUP], "displayName": "Everyone", "members": members});
    let large = Resource::from_client(ResourceType::group(), &large).unwrap();
    let remove = json!({"schemas": [scim::urn::PATCH_OP],
        "Operations": [{"op": "Remove", "path": "members", "value": [{"value": "id4711"}]}]});
    let remove = PatchRequest::parse(&remove).unwrap();
    group.bench_function("one of 10,000 members leaves", |b| {
        b.iter(|| {
            let after = patch::apply(black_box(&large), &remove).unwrap();
            assert_eq!(after.get("members").unwrap().as_array().unwrap().len(), 9_999);
            after
        });
    });
    group.finish();
}

fn resources(c: &mut Criterion) {
    let body = user(7).to_string();
    let mut group = c.benchmark_group("scim/resource");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("read a user", |b| {
        b.iter(|| {
            let body = json::parse(black_box(body.as_bytes())).unwrap();
            let user = Resource::from_client(ResourceType::user(), &body).unwrap();
            assert_eq!(user.get_str("userName"), Some("user7@example.com"));
            user
        });
    });
    let stored = Resource::from_client(ResourceType::user(), &user(7)).unwrap();
    group.bench_function("render a user", |b| {
        b.iter(|| {
            let text = stored.render(&meta(7), &Projection::default()).to_string();
            assert!(text.contains("\"id\":\"id7\""));
            text
        });
    });
    group.finish();
}

criterion_group!(benches, filters, patches, resources);
criterion_main!(benches);
