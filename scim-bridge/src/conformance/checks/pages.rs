//! Lists and pages: RFC 7644 §3.4.2, §3.4.3, RFC 9865.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, ensure};
use super::checks;

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

checks! {
    "RFC 7644 §3.4.2" [73, 74, 76, 77] a_list_tells_how_many_there_are_and_which_part_this_is;
    "RFC 7644 §3.4.2" [75] no_match_is_200_with_an_empty_list;
    "RFC 7644 §3.4.2.4" [78, 79, 80] odd_page_numbers_are_read_as_the_rfc_says;
    "RFC 7644 §3.4.2.4" [81, 82] pages_come_in_a_stable_order_and_overlap_nowhere;
    "RFC 7644 §3.4.3" [84] a_search_by_post_works_like_get;
    "RFC 9865 §2" [162, 164, 165] a_cursor_goes_from_page_to_page;
    "RFC 9865 §2.1" [163] a_wrong_cursor_is_400;
}

async fn a_list_tells_how_many_there_are_and_which_part_this_is(client: &Client) -> Result<(), Finding> {
    for _ in 0..3 {
        client.user().await?;
    }
    let page = client.get("/Users?startIndex=2&count=1").await?;
    let resources = page.list()?;
    ensure!(page.body["totalResults"].as_u64() >= Some(3), "totalResults counts the page only");
    ensure!(resources.len() == 1, "a page of one has {}", resources.len());
    ensure!(page.body["startIndex"] == 2, "startIndex is {}", page.body["startIndex"]);
    ensure!(page.body["itemsPerPage"] == 1, "itemsPerPage is {}", page.body["itemsPerPage"]);
    Ok(())
}

async fn no_match_is_200_with_an_empty_list(client: &Client) -> Result<(), Finding> {
    let name = client.fresh_name();
    let found = client.filter("/Users", &format!("userName eq \"{name}\"")).await?.expect_list(0)?;
    ensure!(found.is_empty(), "an empty list with resources");
    Ok(())
}

async fn odd_page_numbers_are_read_as_the_rfc_says(client: &Client) -> Result<(), Finding> {
    client.user().await?;
    for start in ["0", "-7"] {
        let page = client.get(&format!("/Users?startIndex={start}&count=1")).await?;
        ensure!(page.list()?.len() == 1, "startIndex={start}: no first page");
        ensure!(page.body["startIndex"] == 1, "startIndex={start}: it says {}", page.body["startIndex"]);
    }
    for count in ["0", "-3"] {
        let page = client.get(&format!("/Users?count={count}")).await?;
        ensure!(page.list()?.is_empty(), "count={count}: resources are returned");
        ensure!(page.body["totalResults"].as_u64() >= Some(1), "count={count}: no total");
    }
    let past = client.get("/Users?startIndex=2000000&count=10").await?;
    ensure!(past.list()?.is_empty(), "a page past the end has resources");
    ensure!(past.body["totalResults"].as_u64() >= Some(1), "a page past the end has no total");
    Ok(())
}

fn ids(resources: &[Value]) -> Vec<String> {
    resources.iter().filter_map(|it| it["id"].as_str().map(str::to_owned)).collect()
}

async fn pages_come_in_a_stable_order_and_overlap_nowhere(client: &Client) -> Result<(), Finding> {
    let title = format!("Pages {}", client.fresh_name());
    for _ in 0..4 {
        client.user_with(&json!({"title": title})).await?;
    }
    let page = async |start: usize, count: usize| {
        let query = [
            ("filter", format!("title eq \"{title}\"")),
            ("startIndex", start.to_string()),
            ("count", count.to_string()),
        ];
        client.read(client.request(Method::GET, "/Users").query(&query)).await
    };
    let whole = ids(&page(1, 100).await?.expect_list(4)?);
    let mut parts = Vec::new();
    for start in [1, 3] {
        parts.extend(ids(&page(start, 2).await?.expect_list(4)?));
    }
    ensure!(parts == whole, "pages of two say {parts:?}, one page says {whole:?}");
    Ok(())
}

async fn a_search_by_post_works_like_get(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let filter = format!("userName eq {}", user.body["userName"]);
    for endpoint in ["/Users/.search", "/.search"] {
        let body = json!({"schemas": [SEARCH], "filter": filter, "attributes": ["userName"], "startIndex": 1, "count": 10});
        let answer = client.send(Method::POST, endpoint, &body).await?;
        if answer.status == 501 {
            answer.is_error()?;
            return Err(Finding::NotOffered(format!("POST {endpoint} is answered 501")));
        }
        let found = answer.expect_list(1)?;
        ensure!(ids(&found) == [user.id.clone()], "{endpoint} finds {found:?}");
        ensure!(found.iter().all(|it| it["emails"].is_null()), "{endpoint} shows more than asked for");
    }
    Ok(())
}

/// Passes if the server announces cursors.
fn offers_cursors(client: &Client) -> Result<(), Finding> {
    if client.config()["pagination"]["cursor"] == true {
        return Ok(());
    }
    Err(Finding::NotOffered("ServiceProviderConfig.pagination does not announce cursors".to_owned()))
}

async fn a_cursor_goes_from_page_to_page(client: &Client) -> Result<(), Finding> {
    offers_cursors(client)?;
    let title = format!("Cursors {}", client.fresh_name());
    for _ in 0..3 {
        client.user_with(&json!({"title": title})).await?;
    }
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    for _ in 0..5 {
        let query = [
            ("filter", format!("title eq \"{title}\"")),
            ("count", "2".to_owned()),
            ("cursor", cursor.clone()),
        ];
        let page = client.read(client.request(Method::GET, "/Users").query(&query)).await?;
        seen.extend(ids(&page.list()?));
        let Some(next) = page.body["nextCursor"].as_str() else {
            let different: BTreeSet<&String> = seen.iter().collect();
            ensure!(seen.len() == 3 && different.len() == 3, "the pages have {seen:?}");
            // Whoever names no cursor gets index paging.
            let first = client.get("/Users?count=1").await?;
            first.list()?;
            ensure!(first.body["nextCursor"].is_null(), "nextCursor without having asked for cursors");
            return Ok(());
        };
        let safe = next.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
        ensure!(safe && !next.is_empty(), "nextCursor is not safe in an address: {next}");
        next.clone_into(&mut cursor);
    }
    Err(super::super::client::wrong("the pages never end"))
}

async fn a_wrong_cursor_is_400(client: &Client) -> Result<(), Finding> {
    offers_cursors(client)?;
    client.get("/Users?cursor=no-cursor-of-yours&count=2").await?.expect_error(400, Some("invalidCursor"))
}
