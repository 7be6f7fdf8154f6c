//! `/api/v1/rules`, `/api/v1/changes` and decisions by hand, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{House, everywhere, send};
use crate::http_api::store_lines;

const RULES: &str = r#"
[[rules]]
name = "taxis"
action = "ignore"
when = { vendor_description = { contains_word = "taxi" } }
"#;

async fn call(house: &House, method: Method, path: &str, body: Value, status: u16) -> Value {
    send(house.request(method, path).json(&body)).await.expect(status)
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_tried_set_and_taken_back_over_http() {
    everywhere(async |house| {
        store_lines(house, "GITHUB, INC.", 2).await;
        store_lines(house, "City Taxi", 3).await;
        let none = house.get("/api/v1/rules").await.expect(200);
        assert_eq!((none["revision"].as_i64(), none["rules"].as_str()), (Some(0), Some("")));

        let (post, put) = (Method::POST, Method::PUT);
        let what_if = call(house, post.clone(), "/api/v1/rules/what-if", json!({"rules": RULES}), 200).await;
        assert_eq!((what_if["lines"].as_u64(), what_if["changed"].as_u64()), (Some(5), Some(3)), "{what_if}");
        let one = &what_if["moves"][0];
        assert_eq!((one["to"]["status"].as_str(), one["lines"].as_u64()), (Some("ignored"), Some(3)));
        assert_eq!(one["totals"], json!([{"currency": "USD", "posted": "33.15", "lines": 3}]));

        let first = house.get("/api/v1/changes").await.expect(200);
        let cursor = first["next_cursor"].as_str().unwrap().to_owned();
        assert_eq!(first["changes"].as_array().unwrap().len(), 5);

        let body = json!({"rules": RULES, "over": 0, "note": "they ride"});
        let set = call(house, put.clone(), "/api/v1/rules", body.clone(), 200).await;
        assert_eq!((set["revision"].as_i64(), set["lines_changed"].as_u64()), (Some(1), Some(3)), "{set}");
        let late = json!({"rules": "", "over": 0});
        let late = call(house, put.clone(), "/api/v1/rules", late, 409).await;
        assert!(late["detail"].as_str().unwrap().contains("revision 1 holds"), "{late}");
        let wrong = json!({"rules": RULES.replace("ignore", "forget")});
        let wrong = call(house, put.clone(), "/api/v1/rules", wrong, 400).await;
        assert!(wrong["detail"].as_str().unwrap().contains("line 4"), "{wrong}");
        let misspelt = call(house, put.clone(), "/api/v1/rules", json!({"rule": ""}), 400).await;
        assert!(misspelt["detail"].as_str().unwrap().contains("rule"), "{misspelt}");

        let changed = house.get(&format!("/api/v1/changes?cursor={cursor}&limit=2")).await.expect(200);
        assert_eq!(
            (changed["changes"].as_array().unwrap().len(), changed["more"].as_bool()),
            (2, Some(true))
        );
        assert_eq!(changed["changes"][0]["line"]["match"]["rule"], "taxis");
        house.get("/api/v1/changes?cursor=elsewhere").await.expect(400);
        let ignored = house.get("/api/v1/lines?status=ignored").await.expect(200);
        assert_eq!(ignored["lines"].as_array().unwrap().len(), 3);

        // Lines that are sent along are decided by the same rules.
        let ride = json!({"vendor_description": "Taxi Nord", "amount": "7.50", "currency": "EUR"});
        let asked = call(house, post.clone(), "/api/v1/match", ride, 200).await;
        assert_eq!(
            (asked["explanation"]["rule"]["name"].as_str(), asked["app_id"].as_str()),
            (Some("taxis"), None)
        );
        let wrong = json!({"vendor_description": "Taxi Nord", "amount": "much"});
        call(house, post.clone(), "/api/v1/match", wrong, 400).await;

        let line = ignored["lines"][0]["id"].as_str().unwrap().to_owned();
        let at = format!("/api/v1/lines/{line}/match");
        let hand = json!({"status": "matched", "app_id": "github", "note": "a joke"});
        let decided = call(house, put.clone(), &at, hand, 200).await;
        assert_eq!(decided["match"]["matched_by"], "hand");
        assert_eq!(decided["match"]["pinned"], true);
        assert_eq!(decided["explanation"]["hand"]["note"], "a joke");
        for (body, word) in [
            (json!({"status": "matched"}), "app_id"),
            (json!({"status": "ignored", "app_id": "github"}), "app_id"),
            (json!({"status": "gone"}), "archived"),
            (json!({"status": "matched", "app_id": "nobody"}), "nobody"),
        ] {
            let refused = call(house, put.clone(), &at, body, 400).await;
            assert!(refused["detail"].as_str().unwrap().contains(word), "{refused}");
        }
        let released = call(house, Method::DELETE, &at, json!({}), 200).await;
        assert_eq!(released["match"]["rule"], "taxis");
        let history = house.get(&format!("/api/v1/lines/{line}/history")).await.expect(200);
        let by: Vec<_> = history["decisions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["match"]["matched_by"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(by, ["rule", "hand", "rule", "none"]);

        let undone = call(house, post.clone(), "/api/v1/rules/undo", json!({}), 200).await;
        assert_eq!((undone["revision"].as_i64(), undone["lines_changed"].as_u64()), (Some(2), Some(3)));
        let revisions = house.get("/api/v1/rules/revisions").await.expect(200);
        assert_eq!(revisions["revisions"][1]["note"], "they ride");
        let old = house.get("/api/v1/rules/revisions/1").await.expect(200);
        assert_eq!(old["rules"], RULES);
        house.get("/api/v1/rules/revisions/9").await.expect(404);
        call(house, post.clone(), "/api/v1/rules/undo", json!({"to": 9}), 404).await;
        let again = call(house, post, "/api/v1/rules/rematch", json!({}), 200).await;
        assert_eq!((again["revision"].as_i64(), again["lines_changed"].as_u64()), (Some(2), Some(0)));

        let long_ago = house.get("/api/v1/lines?as_of=2020-01-01").await.expect(200);
        assert_eq!(long_ago["lines"], json!([]));
        house.get("/api/v1/totals?by=app&as_of=soon").await.expect(400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_proposed_tried_dismissed_and_accepted_over_http() {
    everywhere(async |house| {
        store_lines(house, "Bright Agency", 4).await;
        assert_eq!(house.get("/api/v1/rules/proposals").await.expect(200), json!({"proposals": []}));
        let lines = house.get("/api/v1/lines").await.expect(200);
        for line in lines["lines"].as_array().unwrap().iter().take(3) {
            let at = format!("/api/v1/lines/{}/match", line["id"].as_str().unwrap());
            call(house, Method::PUT, &at, json!({"status": "matched", "app_id": "figma"}), 200).await;
        }
        let listed = house.get("/api/v1/rules/proposals").await.expect(200);
        let one = &listed["proposals"][0];
        assert_eq!((one["support"].as_u64(), one["dismissed"].as_bool()), (Some(3), Some(false)), "{listed}");
        let at = format!("/api/v1/rules/proposals/{}", one["id"].as_str().unwrap());
        let tried = house.get(&at).await.expect(200);
        assert_eq!(tried["effect"]["changed"], 1, "{tried}");

        let dismissed = call(house, Method::POST, &format!("{at}/dismiss"), json!({}), 200).await;
        assert_eq!(dismissed["dismissed"], true);
        assert_eq!(house.get("/api/v1/rules/proposals").await.expect(200), json!({"proposals": []}));
        let all = house.get("/api/v1/rules/proposals?dismissed=true&support=2").await.expect(200);
        assert_eq!(all["proposals"][0], dismissed);
        let applied = call(house, Method::POST, &format!("{at}/accept"), json!({}), 200).await;
        assert_eq!((applied["revision"].as_i64(), applied["lines_changed"].as_u64()), (Some(1), Some(1)));
        for path in ["", "/accept", "/dismiss"] {
            let method = if path.is_empty() { Method::GET } else { Method::POST };
            call(house, method, &format!("{at}{path}"), json!({}), 404).await;
        }
        house.get("/api/v1/rules/proposals?support=1").await.expect(400);
        house.get("/api/v1/rules/proposals?suport=2").await.expect(400);
    })
    .await;
}
