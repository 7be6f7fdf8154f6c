//! Files of expense lines as request bodies.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{House, everywhere, send, token, with};

const JANUARY: &str = "Date,Vendor,Amount,Currency,Owner\n\
    2026-01-03,\"GITHUB, INC.\",14.99,USD,ada@example.com\n\
    2026-01-04,City Taxi,31.00,USD,ada@example.com\n\
    someday,Figma,45.00,USD,ada@example.com\n";

async fn sent(house: &House, path: &str, file: &str, status: u16) -> Value {
    send(house.request(Method::POST, path).body(file.to_owned())).await.expect(status)
}

/// The import, once it is no longer under way.
async fn ended(house: &House, id: &str) -> Value {
    let path = format!("/api/v1/imports/{id}");
    house.until("the import ends", async || house.get(&path).await.expect(200)["state"] != "running").await;
    house.get(&path).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_imported_found_in_answers_and_taken_back() {
    everywhere(async |house| {
        let checked = sent(house, "/api/v1/imports/check", JANUARY, 200).await;
        assert_eq!((&checked["accepted"], &checked["rejected"]), (&json!(2), &json!(1)));
        assert_eq!(checked["rejections"][0]["line"], 4);
        assert_eq!(checked["rejections"][0]["value"], "someday");
        assert_eq!(house.get("/api/v1/imports").await.expect(200)["imports"], json!([]), "nothing is stored");

        let answer =
            send(house.request(Method::POST, "/api/v1/imports?name=january.csv").body(JANUARY)).await;
        let begun = answer.expect(202);
        let id = begun["import"]["id"].as_str().unwrap();
        assert!(answer.header("location").ends_with(&format!("/api/v1/imports/{id}")));
        assert_eq!(begun["check"], checked);
        let done = ended(house, id).await;
        assert_eq!((&done["state"], &done["name"]), (&json!("complete"), &json!("january.csv")));
        assert_eq!((&done["inserted"], &done["rejected"]), (&json!(2), &json!(1)));
        let lines = house.get("/api/v1/lines").await.expect(200);
        let apps: Vec<_> =
            lines["lines"].as_array().unwrap().iter().map(|line| &line["match"]["app_id"]).collect();
        assert_eq!(apps, [&Value::Null, &json!("github")], "decided with it, the newest day first");

        let again = sent(house, "/api/v1/imports?name=again.csv", JANUARY, 202).await;
        let again = ended(house, again["import"]["id"].as_str().unwrap()).await;
        assert_eq!((&again["inserted"], &again["unchanged"]), (&json!(0), &json!(2)));
        let listed = house.get("/api/v1/imports?limit=1").await.expect(200);
        assert_eq!(listed["imports"].as_array().unwrap().len(), 1);
        let twice = house.get(&format!("/api/v1/imports/{id}/duplicates")).await.expect(200);
        assert_eq!(twice["possible_duplicates"], json!([]));

        for id in [id, again["id"].as_str().unwrap()] {
            let undone = sent(house, &format!("/api/v1/imports/{id}/undo"), "", 200).await;
            assert_eq!(undone["state"], "undone");
        }
        assert_eq!(house.get("/api/v1/lines").await.expect(200)["lines"], json!([]));
        sent(house, &format!("/api/v1/imports/{id}/undo"), "", 404).await;

        let (account, now) = (house.account.id, scim_bridge::clock::Clock::system().now());
        let another = move |conn: &mut store::Conn| store::imports::start(conn, account, "b.csv", "", now);
        let under_way = house.running.bridge().store.write(another).await.unwrap().id;
        let refused = sent(house, &format!("/api/v1/imports/{under_way}/undo"), "", 409).await;
        assert!(refused["detail"].as_str().unwrap().contains("still under way"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_about_a_file_counts_for_the_next_one() {
    everywhere(async |house| {
        let file = "Date,Vendor,Amount\n01/02/2026,Zoom,5\n";
        let words = "?name=january.csv&date_order=DMY&currency=EUR&map=VendorDescription%3DVendor";
        let begun = sent(house, &format!("/api/v1/imports{words}"), file, 202).await;
        assert_eq!(ended(house, begun["import"]["id"].as_str().unwrap()).await["state"], "complete");
        let checked = sent(house, "/api/v1/imports/check", file, 200).await;
        assert_eq!(checked["remembered"]["file"], "january.csv");
        let said = json!({"map": ["VendorDescription=Vendor"], "date_order": "DMY", "currency": "EUR"});
        assert_eq!(checked["remembered"]["said"], said);
        assert_eq!(checked["dates"][0], "2026-02-01");
        sent(house, "/api/v1/imports/check?as_new=true", file, 400).await;
        sent(house, "/api/v1/imports/check?as_new=perhaps", file, 400).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_said_and_nothing_is_stored() {
    everywhere(async |house| {
        let refused = async |parameters: &str, file: &str, expected: &str| {
            let answer = sent(house, &format!("/api/v1/imports{parameters}"), file, 400).await;
            let detail = answer["detail"].as_str().unwrap();
            assert!(detail.contains(expected) && !detail.contains("--"), "{detail}");
        };
        refused("", "", "no rows").await;
        refused("?colour=red", JANUARY, "there is no parameter \"colour\"").await;
        refused("?date_order=YDM", JANUARY, "YMD, DMY or MDY").await;
        refused("?map=Colour=Vendor", JANUARY, "there is no field \"Colour\"").await;
        refused("?delimiter=ab", JANUARY, "one character").await;
        refused("", "Date,Vendor,Amount\n01/02/2026,Zoom,3\n", "date_order").await;
        refused("", "Vendor,Amount\nZoom,3\n", "TransactionDate").await;
        let broken = "PK\u{3}\u{4} and then nothing";
        refused("", broken, "not a table").await;
        assert_eq!(house.get("/api/v1/imports").await.expect(200)["imports"], json!([]));
        assert_eq!(house.get("/api/v1/imports/nonsense").await.status, 404);
        let other = token(house.store(), None, &["match:read"]).await;
        let unbound = send(house.bare(Method::GET, "/api/v1/imports").bearer_auth(other)).await;
        assert_eq!(unbound.status, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_limits_of_its_own() {
    let change = |config: &mut scim_bridge::config::Config| {
        config.limits.scim_body_bytes = 10;
        config.limits.import_bytes = JANUARY.len();
    };
    with(change, async |house| {
        sent(house, "/api/v1/imports/check", JANUARY, 200).await;
        let larger = format!("{JANUARY}\n");
        let refused = sent(house, "/api/v1/imports/check", &larger, 413).await;
        assert!(refused["detail"].as_str().unwrap().contains(&JANUARY.len().to_string()), "{refused}");
        assert_eq!(house.get("/api/v1/imports").await.expect(200)["imports"], json!([]));
    })
    .await;
}
