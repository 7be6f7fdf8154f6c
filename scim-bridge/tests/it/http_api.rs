//! `/api/v1` over stored lines, and the loop that fetches them.

use jiff::ToSpan;
use reqwest::Method;
use scim_bridge::clock::Clock;
use serde_json::{Value, json};
use store::lines::{Money, NewLine, Texts};
use sync::pull::history;

use crate::harness::{House, everywhere, send, token, with};

/// Lines of one vendor, one a day from the first of March, stored and decided as a sync does it.
pub(crate) async fn store_lines(house: &House, vendor: &str, days: i8) {
    let line = |day: i8| NewLine {
        source: "test".to_owned(),
        source_key: format!("{vendor}/{day}"),
        report_id: Some("R1".to_owned()),
        entry_id: Some(format!("{vendor}/{day}")),
        itemization_id: None,
        owner_login: "ada@example.com".to_owned(),
        transaction_date: jiff::civil::date(2026, 3, day),
        transaction: Money { amount: "10.10".parse().unwrap(), currency: "EUR".to_owned() },
        posted: Money { amount: "11.05".parse().unwrap(), currency: "USD".to_owned() },
        texts: Texts {
            vendor_description: Some(vendor.to_owned()),
            expense_type_name: Some("Software".to_owned()),
            ..Texts::default()
        },
        is_personal: false,
        has_itemizations: false,
        raw: json!({}),
    };
    let bridge = house.running.bridge();
    let (lines, account, now): (Vec<_>, _, _) =
        ((1..=days).map(line).collect(), house.account.id, bridge.clock.now());
    bridge.store.write(move |conn| store::lines::upsert(conn, account, &lines, now)).await.unwrap();
    let company = sync::Company {
        store: bridge.store.clone(),
        account,
        client: bridge.accounts.get(account).await.unwrap(),
        clock: bridge.clock.as_fn(),
        parallel_reports: 1,
    };
    let mut snapshot = sync::Snapshot::default();
    sync::decide::match_lines(&company, &bridge.matcher, &sync::Silent, &mut snapshot).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_lines_are_answered_by_line_by_app_and_with_reasons() {
    everywhere(async |house| {
        store_lines(house, "GITHUB, INC.", 5).await;
        store_lines(house, "City Taxi", 2).await;

        let first = house.get("/api/v1/lines?limit=3").await.expect(200);
        let second = house
            .get(&format!("/api/v1/lines?limit=9&cursor={}", first["next_cursor"].as_str().unwrap()))
            .await
            .expect(200);
        let days = |page: &Value| -> Vec<String> {
            page["lines"]
                .as_array()
                .unwrap()
                .iter()
                .map(|l| l["transaction_date"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(days(&first), ["2026-03-05", "2026-03-04", "2026-03-03"]);
        assert_eq!(days(&second), ["2026-03-02", "2026-03-02", "2026-03-01", "2026-03-01"]);
        assert!(second.get("next_cursor").is_none_or(Value::is_null), "{second}");

        let apps = house.get("/api/v1/apps").await.expect(200);
        assert_eq!((apps["matched_lines"].as_u64(), apps["unmatched_lines"].as_u64()), (Some(5), Some(2)));
        let app = &apps["apps"][0];
        assert_eq!((app["app_id"].as_str(), app["name"].as_str()), (Some("github"), Some("GitHub")));
        assert_eq!(app["totals"], json!([{"currency": "USD", "posted": "55.25", "lines": 5}]));

        for (filter, lines) in [
            ("app=github", 5),
            ("app=github&from=2026-03-04&to=2026-03-04", 1),
            ("status=unmatched", 2),
            ("band=certain&owner=ada@example.com&report=R1", 5),
            ("owner=grace@example.com", 0),
        ] {
            let found = house.get(&format!("/api/v1/lines?{filter}")).await.expect(200);
            assert_eq!(found["lines"].as_array().unwrap().len(), lines, "{filter}");
        }

        let line = first["lines"][0]["id"].as_str().unwrap();
        let explained = house.get(&format!("/api/v1/lines/{line}/explanation")).await.expect(200);
        assert_eq!(explained["match"]["app_id"], "github");
        assert_eq!(explained["explanation"]["field"], "vendor_description", "{explained}");
        assert!(!explained["explanation"]["evidence"].as_array().unwrap().is_empty(), "{explained}");
        let version = house.running.bridge().matcher.dictionary().version();
        assert_eq!(explained["dictionary_version"], version);
        let counted =
            format!("scim_bridge_match_lines{{account=\"{}\",status=\"matched\"}} 5", house.account.id);
        assert!(house.get("/metrics").await.text.contains(&counted));

        for (path, status) in [
            ("/api/v1/lines?limit=many", 400),
            ("/api/v1/lines?status=found", 400),
            ("/api/v1/lines?from=yesterday", 400),
            ("/api/v1/lines?cursor=elsewhere", 400),
            ("/api/v1/lines?application=slack", 400),
            ("/api/v1/lines/00000000-0000-0000-0000-000000000000/explanation", 404),
            ("/api/v1/lines/1/explanation", 404),
            ("/api/v1/operations?state=lost", 400),
            ("/api/v1/operations/99", 404),
        ] {
            let answer = house.get(path).await;
            assert_eq!(answer.expect(status)["status"], status, "{path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        let wrong = send(house.request(Method::POST, "/api/v1/lines")).await;
        assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "GET, HEAD"));
    })
    .await;
}

/// A line of one vendor, owner and source.
fn purchase(source: &str, owner: &str, vendor: &str, month: i8, day: i8) -> NewLine {
    let money = Money { amount: "12.50".parse().unwrap(), currency: "EUR".to_owned() };
    NewLine {
        source: source.to_owned(),
        source_key: format!("{owner}/{vendor}/{month}-{day}"),
        report_id: None,
        entry_id: None,
        itemization_id: None,
        owner_login: owner.to_owned(),
        transaction_date: jiff::civil::date(2026, month, day),
        transaction: money.clone(),
        posted: money,
        texts: Texts { vendor_description: Some(vendor.to_owned()), ..Texts::default() },
        is_personal: false,
        has_itemizations: false,
        raw: json!({}),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_again_and_again_and_what_is_told_twice_is_found() {
    everywhere(async |house| {
        let months = 1..=6;
        let mut lines: Vec<_> =
            months.map(|month| purchase("concur_v3", "ada@example.com", "FIGMA INC", month, 3)).collect();
        lines.push(purchase("csv", "ada@example.com", "Figma", 6, 3));
        lines.push(purchase("concur_v3", "grace@example.com", "City Taxi", 6, 3));
        let bridge = house.running.bridge();
        let (account, now, store) = (house.account.id, bridge.clock.now(), bridge.store.clone());
        store.write(move |conn| store::lines::upsert(conn, account, &lines, now)).await.unwrap();
        let (store, matcher) = (store.clone(), bridge.matcher.clone());
        let decided = move || sync::decide::match_stored(&store, account, &matcher, now).unwrap();
        tokio::task::spawn_blocking(decided).await.unwrap();

        let found =
            house.get("/api/v1/subscriptions?owner=ada@example.com&from=2026-01-01").await.expect(200);
        let one = &found["subscriptions"][0];
        assert_eq!(
            (one["app_id"].as_str(), one["period"].as_str()),
            (Some("figma"), Some("monthly")),
            "{found}"
        );
        assert_eq!((one["yearly"].as_str(), one["amount"].as_str()), (Some("150.0"), Some("12.5")));
        assert_eq!(one["line_ids"].as_array().unwrap().len(), 6);
        let then = house.get("/api/v1/subscriptions?as_of=2020-01-01").await.expect(200);
        assert_eq!(then["total"], 0);
        house.get("/api/v1/subscriptions?state=gone").await.expect(400);

        let found = house.get("/api/v1/duplicates").await.expect(200);
        assert_eq!(found["total"], 1, "{found}");
        let pair = &found["duplicates"][0];
        assert_eq!((pair["app_id"].as_str(), pair["hint"].as_str()), (Some("figma"), Some("same_person")));
        house.get("/api/v1/duplicates?cursor=x").await.expect(400);
    })
    .await;
}

/// A user as an identity provider sends one.
fn person(user_name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user_name,
        "name": {"givenName": "Given", "familyName": "Family"},
        "emails": [{"value": user_name, "type": "work", "primary": true}],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_told_apart_by_what_is_asked_and_add_up_exactly() {
    everywhere(async |house| {
        store_lines(house, "GITHUB, INC.", 5).await;
        store_lines(house, "City Taxi", 2).await;
        let by = async |by: &str| house.get(&format!("/api/v1/totals?by={by}")).await.expect(200);
        let apps = by("app,month").await;
        let github = json!({
            "app_id": "github", "app_name": "GitHub", "month": "2026-03", "currency": "USD", "posted": "55.25",
            "lines": 5, "first": "2026-03-01", "last": "2026-03-05",
        });
        assert_eq!(apps["total_rows"], 2, "{apps}");
        assert_eq!(apps["totals"][1], github);
        assert!(apps["totals"][0]["app_id"].is_null() && apps["totals"][0]["posted"] == "22.10", "{apps}");
        let owners = by("owner").await;
        assert_eq!(owners["totals"][0]["owner"], "ada@example.com");
        assert_eq!((&owners["totals"][0]["posted"], &owners["totals"][0]["lines"]), (&json!("77.35"), &json!(7)));
        assert!(by("department").await["totals"][0]["department"].is_null());
        let first = house.get("/api/v1/totals?by=app&limit=1").await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap().to_owned();
        let second = house.get(&format!("/api/v1/totals?by=app&limit=1&cursor={cursor}")).await.expect(200);
        assert_eq!(second["totals"][0]["app_id"], "github");
        let github = house.get("/api/v1/totals?by=month&app=github&from=2026-03-03").await.expect(200);
        assert_eq!((&github["totals"][0]["posted"], github["totals"].as_array().unwrap().len()), (&json!("33.15"), 1));
        for wrong in ["by=colour", "by=app&cursor=x", "group=app"] {
            house.get(&format!("/api/v1/totals?{wrong}")).await.expect(400);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_left_and_still_expenses_an_app_is_listed_first() {
    everywhere(async |house| {
        store_lines(house, "GITHUB, INC.", 5).await;
        let nobody = house.get("/api/v1/leavers").await.expect(200);
        assert_eq!(
            (&nobody["directory_known"], nobody["leavers"].as_array().map(Vec::len)),
            (&json!(false), Some(0))
        );

        // Somebody else is in the directory: the owner of the lines is not.
        house.post(&person("grace@example.com")).await.expect(201);
        let stranger = house.get("/api/v1/leavers").await.expect(200);
        let listed = &stranger["leavers"][0];
        assert_eq!(
            (&listed["owner"], &listed["standing"]),
            (&json!("ada@example.com"), &json!("not_in_directory"))
        );
        assert_eq!(listed["apps"][0]["app_id"], "github");
        assert_eq!(listed["apps"][0]["totals"], json!([{"currency": "USD", "posted": "55.25", "lines": 5}]));

        // The owner arrives in the directory, in another spelling, and leaves it again.
        let id = house.post(&person("Ada@example.com")).await.expect(201)["id"].as_str().unwrap().to_owned();
        assert_eq!(house.get("/api/v1/leavers").await.expect(200)["leavers"], json!([]));
        house.patch(&id, json!({"op": "replace", "path": "active", "value": false})).await;
        let left = house.get("/api/v1/leavers").await.expect(200);
        let listed = &left["leavers"][0];
        assert_eq!((&listed["standing"], &listed["lines_after"]), (&json!("left"), &json!(0)), "{left}");
        assert!(listed["left_at"].is_string(), "{left}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_account_is_synced_without_being_asked() {
    let syncing = |config: &mut scim_bridge::config::Config| {
        config.sync.enabled = true;
        config.concur.max_concurrent = 16;
    };
    // The whole year takes long in a debug build; that it has begun is enough here. The stop comes in the middle.
    with(syncing, async |house| {
        let first = async || house.get("/api/v1/lines?limit=1").await.expect(200)["lines"] != json!([]);
        house.until("the first lines", first).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_is_shown_with_every_attempt_and_without_personal_data() {
    with(
        |_| {},
        async |house| {
            house.post(&crate::harness::ada()).await.expect(201);
            house.until("delivered", async || house.operations().await[0].1 == "done").await;
            let list = house.get("/api/v1/operations?state=done&kind=create&limit=1").await.expect(200);
            let id = list["operations"][0]["id"].clone();
            let detail = house.get(&format!("/api/v1/operations/{id}")).await;
            let operation = detail.expect(200);
            assert_eq!(operation["attempts"].as_array().unwrap().len(), 1, "{operation}");
            assert_eq!(operation["attempts"][0]["attempt"], 1);
            assert!(operation["extensions"].as_array().unwrap().iter().any(|e| e["extension"] == "spend"));
            assert!(!detail.text.contains("lovelace"), "{operation}");
            let next = house.get(&format!("/api/v1/operations?cursor={id}")).await.expect(200);
            assert!(next["operations"].as_array().unwrap().is_empty());
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_request_are_decided_on_the_spot() {
    everywhere(async |house| {
        let ask = async |path: &str, body: Value| house.write(Method::POST, path, &body).await;
        let line = json!({"id": "7", "vendor_description": "PAYPAL *FIGMA", "expense_type_name": "Software"});
        let one = ask("/api/v1/match?explain=change", line.clone()).await.expect(200);
        assert_eq!(
            (one["id"].as_str(), one["app_id"].as_str(), one["band"].as_str()),
            (Some("7"), Some("figma"), Some("certain"))
        );
        assert_eq!(one["explanation"]["matched_by"], "dictionary");
        assert_eq!(one["explanation"]["smallest_change"]["field"], "vendor_description");
        let many = json!({"lines": [line, {"vendor_description": "City Taxi"}]});
        let many = ask("/api/v1/match", many).await.expect(200);
        assert_eq!(
            (many["lines"][0]["app_id"].as_str(), many["lines"][1]["app_id"].as_str()),
            (Some("figma"), None)
        );
        assert!(many["lines"][0]["explanation"].get("smallest_change").is_none());
        let refused = ask("/api/v1/match", json!({"lines": [{"vendor": "x"}]})).await.expect(400);
        assert!(
            refused.to_string().contains("lines[0]") && refused.to_string().contains("vendor_description"),
            "{refused}"
        );
        let too_many: Vec<Value> = (0..1_001).map(|_| json!({})).collect();
        ask("/api/v1/match", json!({ "lines": too_many })).await.expect(400);
        ask("/api/v1/match", json!([])).await.expect(400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expenses_from_before_the_year_are_asked_for_estimated_and_stopped() {
    everywhere(async |house| {
        let admin = token(house.store(), Some(&house.account), &["admin", "sync:read"]).await;
        let put = async |body: Value| {
            let asked = house.bare(Method::PUT, "/api/v1/sync/history").bearer_auth(&admin);
            send(asked.header("content-type", "application/json").body(body.to_string())).await
        };
        let history = "/api/v1/sync/history";
        assert_eq!(house.get(history).await.expect(200), json!({"history": null}));
        let day = "2019-01-01";
        house.write(Method::PUT, history, &json!({"from": day})).await.expect(403);
        for wrong in [
            json!({}),
            json!({"from": day, "state": "paused"}),
            json!({"state": "complete"}),
            json!({"from": "x"}),
        ] {
            put(wrong).await.expect(400);
        }
        put(json!({"state": "paused"})).await.expect(400);
        house.get(&format!("{history}/estimate")).await.expect(400);
        house.get(&format!("{history}/estimate?from=2999-01-01")).await.expect(400);
        let estimate = house.get(&format!("{history}/estimate?from={day}")).await.expect(200);
        assert!(estimate["days"].as_i64().unwrap() > 365, "{estimate}");
        assert_eq!(house.get(history).await.expect(200)["history"], Value::Null, "nothing was asked for");

        let asked = put(json!({"from": day})).await.expect(200)["history"].clone();
        assert_eq!((&asked["from"], &asked["state"]), (&json!(day), &json!("active")));
        assert!(asked["windows_left"].as_u64().unwrap() > 100, "{asked}");
        for (word, stands) in [("paused", "paused"), ("active", "active"), ("stopped", "stopped")] {
            put(json!({"state": word})).await.expect(200);
            assert_eq!(house.get(history).await.expect(200)["history"]["state"], stands);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_reads_what_lies_before_the_year_between_two_syncs() {
    for database in store::testing::stores() {
        let now = Clock::system().now();
        let today = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let from = today - 1.year() - 20.days();
        // The year is read, so that the first sync is short.
        let position =
            json!({"windows": [], "page": null, "windows_done": 0, "began": null, "watermark": today});
        let prepare = move |conn: &mut store::Conn, account: &store::accounts::Account| {
            store::cursors::put(conn, account.id, "reports", "position", &position, now)?;
            history::ask(conn, account.id, from, now)?.unwrap();
            Ok(())
        };
        let house = House::prepared(database, |config| config.sync.enabled = true, prepare).await;
        let status = async || house.get("/api/v1/sync/history").await.expect(200)["history"].clone();
        let begun = async || status().await["windows_done"].as_u64().is_some_and(|done| done >= 2);
        house.until("two windows of the longer history", begun).await;
        let runs = house.get("/api/v1/sync/runs").await.expect(200)["runs"].clone();
        let of_kind = |kind: &str| runs.as_array().unwrap().iter().find(|run| run["kind"] == kind).cloned();
        let run = of_kind(history::KIND).unwrap();
        assert_eq!(run["state"], "running", "{run}");
        assert!(run["progress"]["windows_total"].as_u64().unwrap() > 25, "{run}");
        assert_eq!(of_kind("sync").unwrap()["state"], "complete", "that goes before");
        house.stop().await;
    }
}
