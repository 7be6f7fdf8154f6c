//! `/Users` over HTTP, RFC 7644 §3: what an identity provider does all day.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ada, everywhere, send, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_created_read_found_changed_and_deleted() {
    everywhere(async |house| {
        let created = house.post(&ada()).await;
        let body = created.expect(201);
        let id = body["id"].as_str().unwrap().to_owned();
        let location = format!("http://{}/scim/v2/Users/{id}", house.running.addr());
        assert_eq!(created.header("location"), location);
        assert_eq!(body["meta"]["location"], location);
        assert_eq!(created.header("etag"), body["meta"]["version"].as_str().unwrap());
        assert_eq!(created.header("content-type"), "application/scim+json");
        assert_eq!(body["userName"], "ada.lovelace@example.com");
        assert_eq!(body["active"], true);
        assert!(body.get("password").is_none() && body.get("groups").is_none(), "{body}");

        let read = house.get(&format!("/Users/{id}")).await;
        assert_eq!(read.expect(200)["userName"], "ada.lovelace@example.com");
        for filter in [
            "userName eq \"ADA.Lovelace@example.com\"".to_owned(),
            "externalId eq \"00u1\"".to_owned(),
            format!("id eq \"{id}\""),
            "emails[type eq \"work\"].value eq \"ada.lovelace@example.com\"".to_owned(),
            "emails.value eq \"ADA.lovelace@example.com\"".to_owned(),
            "userName eq \"ada.lovelace@example.com\" and active eq true".to_owned(),
            "name.familyName sw \"love\" and not (active eq false)".to_owned(),
        ] {
            let found = house.filter(&filter).await.expect(200);
            assert_eq!(
                (found["totalResults"].as_u64(), found["Resources"][0]["id"].as_str()),
                (Some(1), Some(id.as_str())),
                "{filter}"
            );
        }
        for filter in [
            "userName eq \"grace\"",
            "externalId eq \"00U1\"",
            "id eq \"x\"",
            "userName eq \"ada.lovelace@example.com\" and active eq false",
        ] {
            let found = house.filter(filter).await.expect(200);
            assert_eq!(
                (found["totalResults"].as_u64(), &found["Resources"]),
                (Some(0), &json!([])),
                "{filter}"
            );
        }

        let mut replacement = read.json();
        replacement["title"] = "Analyst".into();
        let replaced = house.write(Method::PUT, &format!("/Users/{id}"), &replacement).await;
        assert_eq!(replaced.expect(200)["title"], "Analyst");
        assert_ne!(replaced.header("etag"), created.header("etag"));

        let patched = house.patch(&id, json!({"op": "Replace", "path": "active", "value": "False"})).await;
        assert_eq!(patched.expect(200)["active"], false);
        assert_eq!(house.get(&format!("/Users/{id}")).await.expect(200)["active"], false);

        let deleted = house.delete(&format!("/Users/{id}")).await;
        assert_eq!((deleted.expect(204), deleted.text.as_str()), (Value::Null, ""));
        house.get(&format!("/Users/{id}")).await.expect_error(404, None);
        house.delete(&format!("/Users/{id}")).await.expect_error(404, None);
        house
            .patch(&id, json!({"op": "replace", "path": "title", "value": "x"}))
            .await
            .expect_error(404, None);
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_user_name_is_a_conflict_in_whatever_letter_case() {
    everywhere(async |house| {
        house.post(&ada()).await.expect(201);
        let mut again = ada();
        again["userName"] = "ADA.LOVELACE@EXAMPLE.COM".into();
        house.post(&again).await.expect_error(409, Some("uniqueness"));
        let other = house.post(&user("grace@example.com")).await.expect(201);
        let rename = json!({"op": "replace", "path": "userName", "value": "Ada.Lovelace@example.com"});
        house.patch(other["id"].as_str().unwrap(), rename).await.expect_error(409, Some("uniqueness"));
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_equal_creates_at_once_one_is_created_and_one_conflicts() {
    everywhere(async |house| {
        for round in 0..5 {
            let body = user(&format!("twin{round}@example.com"));
            let mut other = body.clone();
            other["externalId"] = format!("another{round}").into();
            let (one, two) = tokio::join!(house.post(&body), house.post(&other));
            let mut statuses = [one.status.as_u16(), two.status.as_u16()];
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409], "{} {}", one.text, two.text);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_patches_of_one_user_do_not_lose_each_others_changes() {
    everywhere(async |house| {
        let id = house.post(&ada()).await.expect(201)["id"].as_str().unwrap().to_owned();
        let set =
            |path: &'static str| house.patch(&id, json!({"op": "replace", "path": path, "value": path}));
        let answers = tokio::join!(set("title"), set("nickName"), set("displayName"), set("name.middleName"));
        for answer in [answers.0, answers.1, answers.2, answers.3] {
            answer.expect(200);
        }
        let body = house.get(&format!("/Users/{id}")).await.expect(200);
        for (value, path) in [
            (&body["title"], "title"),
            (&body["nickName"], "nickName"),
            (&body["displayName"], "displayName"),
            (&body["name"]["middleName"], "name.middleName"),
        ] {
            assert_eq!(value, path, "{body}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_moves_no_version_and_stores_no_operation() {
    everywhere(async |house| {
        let created = house.post(&ada()).await;
        let body = created.expect(201);
        let id = body["id"].as_str().unwrap();
        let put = house.write(Method::PUT, &format!("/Users/{id}"), &body).await;
        put.expect(200);
        let patched = house.patch(id, json!({"op": "replace", "value": {"active": "True"}})).await;
        assert_eq!(patched.expect(200)["meta"]["lastModified"], body["meta"]["lastModified"]);
        assert_eq!(put.header("etag"), created.header("etag"));
        assert_eq!(patched.header("etag"), created.header("etag"));
        assert_eq!(house.operations().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_guard_writes_and_spare_reads() {
    everywhere(async |house| {
        let created = house.post(&ada()).await;
        let first = created.header("etag").to_owned();
        let path = format!("/Users/{}", created.expect(201)["id"].as_str().unwrap());
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "title", "value": "One"}]});
        let change = |tag: String| {
            let request = house.request(Method::PATCH, &path).header("if-match", tag);
            send(request.header("content-type", "application/json").body(body.to_string()))
        };
        change(first.clone()).await.expect(200);
        change(first.clone()).await.expect_error(412, None);
        let stale = house.request(Method::DELETE, &path).header("if-match", first.clone());
        send(stale).await.expect_error(412, None);
        change("*".to_owned()).await.expect(200);

        let current = house.get(&path).await.header("etag").to_owned();
        let known = send(house.request(Method::GET, &path).header("if-none-match", &current)).await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
        send(house.request(Method::GET, &path).header("if-none-match", first)).await.expect(200);
        let deleted = send(house.request(Method::DELETE, &path).header("if-match", current)).await;
        deleted.expect(204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_a_stable_order_and_true_totals() {
    everywhere(async |house| {
        let mut ids = Vec::new();
        for n in 0..5 {
            let created = house.post(&user(&format!("user{n}@example.com"))).await.expect(201);
            ids.push(created["id"].as_str().unwrap().to_owned());
        }
        let page = async |query: &str| house.get(&format!("/Users?{query}")).await.expect(200);
        let ids_of = |page: &Value| -> Vec<String> {
            page["Resources"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["id"].as_str().unwrap().to_owned())
                .collect()
        };
        let mut seen = Vec::new();
        for start in [1, 3, 5] {
            let page = page(&format!("startIndex={start}&count=2")).await;
            assert_eq!((page["totalResults"].as_u64(), page["startIndex"].as_u64()), (Some(5), Some(start)));
            assert_eq!(
                page["itemsPerPage"].as_u64(),
                Some(page["Resources"].as_array().unwrap().len() as u64)
            );
            seen.extend(ids_of(&page));
        }
        assert_eq!(seen, ids);
        let past = page("startIndex=6&count=2").await;
        assert_eq!((past["totalResults"].as_u64(), ids_of(&past).len()), (Some(5), 0));
        let totals = page("count=0").await;
        assert_eq!((totals["totalResults"].as_u64(), ids_of(&totals).len()), (Some(5), 0));
        let filtered = page("filter=active+eq+true&startIndex=4&count=2&aadOptscim062020").await;
        assert_eq!((filtered["totalResults"].as_u64(), ids_of(&filtered)), (Some(5), ids[3..].to_vec()));
        assert_eq!(page("startIndex=-3&count=1").await["startIndex"], 1);
    })
    .await;
}

fn names_of(page: &Value) -> Vec<&str> {
    let resources = page["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    resources.iter().filter_map(|user| user["userName"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_sorted_and_goes_on_by_cursor() {
    everywhere(async |house| {
        for (name, title) in [("bob", Some("B")), ("Ada", None), ("cleo", Some("a")), ("dan", Some("c"))] {
            let mut body = user(&format!("{name}@example.com"));
            body["title"] = json!(title);
            house.post(&body).await.expect(201);
        }
        let names = async |query: &str| {
            let page = house.get(&format!("/Users?{query}")).await.expect(200);
            names_of(&page).iter().map(|name| name.split('@').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("sortBy=userName").await, ["Ada", "bob", "cleo", "dan"]);
        assert_eq!(names("sortBy=USERNAME&sortOrder=descending&count=2").await, ["dan", "cleo"]);
        assert_eq!(names("sortBy=title").await, ["cleo", "bob", "dan", "Ada"], "without a title last");
        assert_eq!(names("sortBy=title&sortOrder=descending").await, ["Ada", "dan", "bob", "cleo"]);
        assert_eq!(names("sortBy=meta.created&startIndex=3").await, ["cleo", "dan"]);
        house.get("/Users?sortBy=title&sortOrder=up").await.expect_error(400, Some("invalidValue"));

        for query in ["sortBy=title", "sortBy=userName&sortOrder=descending", "filter=title+pr"] {
            let whole = names(query).await;
            let mut paged = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = house.get(&format!("/Users?{query}&count=2&cursor={cursor}")).await.expect(200);
                assert_eq!(page["totalResults"], whole.len(), "{page}");
                assert_eq!(page.get("startIndex"), None, "{page}");
                paged.extend(names_of(&page).iter().map(|name| name.split('@').next().unwrap().to_owned()));
                let Some(next) = page["nextCursor"].as_str() else { break };
                assert!(next.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)), "{next}");
                cursor = next.to_owned();
            }
            assert_eq!(paged, whole, "{query}");
            let path = |query: &str| format!("/Users?{query}&cursor={cursor}");
            house.get(&path(&format!("{query}&count=3"))).await.expect_error(400, Some("invalidCount"));
            house.get(&path("filter=id+pr&count=2")).await.expect_error(400, Some("invalidCursor"));
        }
        house.get("/Users?cursor=made-up").await.expect_error(400, Some("invalidCursor"));
        house.get("/Users?cursor&startIndex=1").await.expect_error(400, Some("invalidValue"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_post_is_a_query_in_a_body() {
    everywhere(async |house| {
        for name in ["ada@example.com", "bob@example.com"] {
            house.post(&user(name)).await.expect(201);
        }
        let search = |path: &str, body: Value| {
            let request = house.request(Method::POST, path).header("content-type", "application/scim+json");
            send(request.body(body.to_string()))
        };
        let asked = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "attributes": ["userName"], "filter": "userName sw \"B\"", "startIndex": 1, "count": 10});
        for path in ["/Users/.search", "/scim/v2/.search"] {
            let page = search(path, asked.clone()).await.expect(200);
            assert_eq!((&page["totalResults"], names_of(&page)), (&json!(1), vec!["bob@example.com"]), "{path}");
            assert_eq!(page["Resources"][0].get("name"), None, "{page}");
        }
        assert_eq!(search("/Groups/.search", asked.clone()).await.expect(200)["totalResults"], 0);
        let all = |start: usize, count: usize| {
            json!({"schemas": asked["schemas"], "filter": "userName pr or displayName sw \"Concur\"",
                "startIndex": start, "count": count, "sortBy": "userName"})
        };
        let whole = search("/scim/v2/.search", all(1, 200)).await.expect(200);
        let kinds = |page: &Value| -> Vec<String> {
            let kind = |it: &Value| it["meta"]["resourceType"].as_str().unwrap().to_owned();
            page["Resources"].as_array().unwrap().iter().map(kind).collect()
        };
        let total = whole["totalResults"].as_u64().unwrap();
        assert_eq!(kinds(&whole)[..3], ["User", "User", "Group"], "{whole}");
        assert_eq!(total, kinds(&whole).len() as u64);
        let second = search("/scim/v2/.search", all(2, 2)).await.expect(200);
        assert_eq!((&second["totalResults"], kinds(&second)), (&json!(total), vec!["User".into(), "Group".into()]));
        assert_eq!(second["Resources"][1], whole["Resources"][2]);
        let third = search("/scim/v2/.search", all(4, 1)).await.expect(200);
        assert_eq!(third["Resources"][0], whole["Resources"][3]);
        let by_cursor = json!({"schemas": asked["schemas"], "cursor": ""});
        search("/scim/v2/.search", by_cursor).await.expect_error(400, Some("invalidValue"));
        let sorted = json!({"schemas": asked["schemas"], "sortBy": "userName", "sortOrder": "descending", "cursor": "",
            "count": 1});
        let first = search("/Users/.search", sorted.clone()).await.expect(200);
        assert_eq!(names_of(&first), ["bob@example.com"]);
        let mut next = sorted;
        next["cursor"] = first["nextCursor"].clone();
        let last = search("/Users/.search", next).await.expect(200);
        assert_eq!((names_of(&last), last.get("nextCursor")), (vec!["ada@example.com"], None));
        search("/Users/.search", json!({})).await.expect_error(400, Some("invalidSyntax"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_work_on_every_answer_that_holds_a_resource() {
    everywhere(async |house| {
        let request = house.request(Method::POST, "/Users?attributes=userName");
        let created = send(request.header("content-type", "application/json").body(ada().to_string()))
            .await
            .expect(201);
        assert!(created["id"].is_string() && created.get("name").is_none(), "{created}");
        let path = format!("/Users/{}", created["id"].as_str().unwrap());
        let read = house.get(&format!("{path}?excludedAttributes=emails,name.familyName")).await.expect(200);
        assert!(read.get("emails").is_none() && read["name"].get("familyName").is_none(), "{read}");
        assert_eq!(read["name"]["givenName"], "Ada");
        let list = house.get("/Users?attributes=EMAILS.value").await.expect(200);
        assert_eq!(list["Resources"][0]["emails"], json!([{"value": "ada.lovelace@example.com"}]));
        assert!(list["Resources"][0].get("userName").is_none(), "{list}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_with_the_reason_and_changes_nothing() {
    everywhere(async |house| {
        let post = |content_type: &'static str, body: Vec<u8>| {
            let request = house.request(Method::POST, "/Users");
            send(request.header("content-type", content_type).body(body))
        };
        let scim = "application/scim+json; charset=utf-8";
        let broken = post(scim, b"{\n  \"userName\": \"ada\",\n  oops\n}".to_vec()).await;
        let detail = broken.expect_error(400, Some("invalidSyntax"))["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("line 3") && detail.contains("column"), "{detail}");
        let twice = post(scim, b"{\"userName\":\"a\",\"USERNAME\":\"b\"}".to_vec()).await;
        twice.expect_error(400, Some("invalidSyntax"));
        post(scim, vec![b'{', 0xff, b'}']).await.expect_error(400, Some("invalidSyntax"));
        post(scim, b"[]".to_vec()).await.expect_error(400, Some("invalidSyntax"));
        post(scim, b"".to_vec()).await.expect_error(400, Some("invalidSyntax"));
        post("text/plain", b"{}".to_vec()).await.expect_error(415, None);
        post(scim, format!("{{\"title\":\"{}\"}}", "x".repeat(300_000)).into_bytes())
            .await
            .expect_error(413, None);
        let nameless = post(scim, json!({"name": {"givenName": "Ada"}}).to_string().into_bytes()).await;
        let detail = nameless.expect_error(400, Some("invalidValue"))["detail"].to_string();
        assert!(detail.contains("userName"), "{detail}");
        let squeezed = house.request(Method::POST, "/Users").header("content-encoding", "gzip");
        send(squeezed.header("content-type", scim).body(vec![0x1f, 0x8b])).await.expect_error(415, None);

        house.filter("userName eq").await.expect_error(400, Some("invalidFilter"));
        house.filter("userName like \"a\"").await.expect_error(400, Some("invalidFilter"));
        house.get("/Users?count=many").await.expect_error(400, Some("invalidValue"));
        house.get("/Users/00919288221112222").await.expect_error(404, None);
        assert_eq!(house.get("/Users").await.expect(200)["totalResults"], 0);
        assert!(house.operations().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_without_an_index_looks_at_no_more_users_than_allowed() {
    crate::harness::with(
        |config| config.limits.filter_scan = 2,
        async |house| {
            for n in 0..3 {
                house.post(&user(&format!("user{n}@example.com"))).await.expect(201);
            }
            house.filter("title eq \"x\"").await.expect_error(400, Some("tooMany"));
            assert_eq!(
                house.filter("userName eq \"user1@example.com\"").await.expect(200)["totalResults"],
                1
            );
        },
    )
    .await;
}
