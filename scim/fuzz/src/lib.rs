//! What every input must satisfy, whatever it is: no panic, and the laws that hold for all that is accepted.
//!
//! One function for each target. `scim/tests/corpus.rs` runs the same functions over the corpus with an ordinary
//! toolchain, so that what was found once stays found.

use scim::bulk::{BulkRequest, DEFAULT_LIMITS, Method, Run, Success};
use scim::{
    CursorKey, Error, Filter, ListQuery, Meta, PatchRequest, Path, Projection, Resource, ResourceType, json,
    patch,
};
use serde_json::{Value, json};

/// A filter or a path, as text.
pub fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let users = [
        json!({"userName": "Ada", "active": true, "emails": [{"value": "a@b", "type": "work"}],
        "meta": {"lastModified": "2026-01-01T00:00:00Z"}}),
        json!({}),
    ];
    if let Ok(filter) = Filter::parse(text) {
        let printed = filter.to_string();
        // Printing adds brackets, and with them a filter may outgrow a limit; what is read again is the same.
        if let Ok(again) = Filter::parse(&printed) {
            assert_eq!(again, filter, "{printed}");
        }
        for user in &users {
            filter.matches(user, ResourceType::user());
            filter.matches(user, ResourceType::group());
        }
        filter.necessary_equalities(ResourceType::user());
    }
    if let Ok(path) = Path::parse(text) {
        assert_eq!(Path::parse(&path.to_string()).as_ref(), Ok(&path));
        path.canonical(ResourceType::user());
    }
    for name in ["sortBy", "sortOrder", "count", "startIndex", "cursor", "attributes", "excludedAttributes"] {
        if let Ok(ListQuery { sort: Some(sort), .. }) = ListQuery::parse([(name, text)].into_iter()) {
            sort.key(&users[0], ResourceType::user());
        }
    }
}

/// `{"resource": …, "patch": …}`: a PATCH on a user, and on a group.
pub fn patch(bytes: &[u8]) {
    let Ok(input) = json::parse(bytes) else { return };
    let Ok(request) = PatchRequest::parse(&input["patch"]) else { return };
    for rt in ResourceType::all() {
        let Ok(resource) = Resource::from_client(rt, &input["resource"]) else { continue };
        let before = resource.clone();
        if let Ok(after) = patch::apply(&resource, &request) {
            lawful(&after);
        }
        assert_eq!(resource, before, "a request that fails has done nothing");
    }
}

/// The body of a POST, and of a PUT on what it made.
pub fn resource(bytes: &[u8]) {
    let Ok(body) = json::parse(bytes) else { return };
    assert_eq!(serde_json::from_slice::<Value>(bytes).ok().as_ref(), Some(&body), "read as others read it");
    for rt in ResourceType::all() {
        if let Ok(resource) = Resource::from_client(rt, &body) {
            lawful(&resource);
            if resource.check_required().is_ok() {
                assert_eq!(
                    scim::replace(&resource, &body).as_ref(),
                    Ok(&resource),
                    "PUT of the same changes nothing"
                );
            }
        }
    }
}

/// A Bulk body, carried out by a server that refuses every third request.
pub fn bulk(bytes: &[u8]) {
    let Ok(body) = json::parse(bytes) else { return };
    let Ok(request) = BulkRequest::parse(body, &DEFAULT_LIMITS) else { return };
    let operations = request.len();
    let (mut run, mut calls) = (Run::new(request), 0_usize);
    while let Some(call) = run.next_call() {
        calls += 1;
        assert!(calls <= 3 * operations, "create, complete, undo, and no more");
        let is_creation = call.method == Method::Post;
        assert_eq!(call.id.is_none(), is_creation);
        let id = call.id.unwrap_or_else(|| format!("id-{calls}"));
        let refused = calls % 3 == 0;
        run.settle(if refused {
            Err(Error::uniqueness("taken"))
        } else {
            Ok(Success { status: 200, id, location: String::new(), version: None })
        });
    }
    let response = run.into_response("https://bridge.example/scim/v2");
    assert!(response["Operations"].as_array().is_some_and(|results| results.len() <= operations));
}

/// The body of a search (`SearchRequest`), and the cursor of its next page: `{"search": …, "cursor": …}`.
pub fn search(bytes: &[u8]) {
    let Ok(input) = json::parse(bytes) else { return };
    let Ok(query) = ListQuery::from_search_request(&input["search"]) else { return };
    assert!(query.start_index >= 1 && query.count <= scim::query::MAX_COUNT);
    let (key, now) = (CursorKey::new([7; 32]), jiff::Timestamp::UNIX_EPOCH);
    let forged = input["cursor"].as_str().unwrap_or_default();
    assert!(key.open(forged, &query, "account", now, 60).is_err(), "nobody makes a cursor without the key");
    let position = &input["position"];
    let sealed = key.seal(&query, "account", position, now);
    assert!(key.open(&sealed, &query, "another", now, 60).is_err(), "a cursor serves its account alone");
    if let Ok(opened) = key.open(&sealed, &query, "account", now, 60) {
        assert_eq!(&opened, position);
    } else {
        assert!(sealed.len() > 4 * 1024, "only one that is too long is not taken back");
    }
    let listed = scim::message::cursor_response(1, vec![position.clone()], Some(sealed));
    assert_eq!(listed["Resources"][0], *position);
}

/// What is true of every resource that was accepted.
fn lawful(resource: &Resource) {
    let rt = resource.resource_type();
    let meta = Meta {
        id: "1".to_owned(),
        resource_type: rt.name,
        created: jiff::Timestamp::UNIX_EPOCH,
        last_modified: jiff::Timestamp::UNIX_EPOCH,
        version: 1,
        location: format!("https://bridge.example/scim/v2{}/1", rt.endpoint),
    };
    let answer = resource.render(&meta, &Projection::default());
    assert_eq!(Resource::from_client(rt, &answer).as_ref(), Ok(resource), "an answer sent back is the same");
    let values = answer.as_object().into_iter().flat_map(|members| members.values());
    for list in values.filter_map(Value::as_array) {
        assert!(list.iter().filter(|value| value["primary"] == true).count() <= 1, "one primary value");
    }
    assert!(answer.get("password").is_none());
}
