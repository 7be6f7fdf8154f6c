//! Bytes, media types, methods and addresses: RFC 7644 §3.1, §3.2, §3.8.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use super::super::Finding;
use super::super::client::{Client, SCIM_JSON, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.13" [1] resources_stand_below_the_base_address;
    "RFC 7644 §3.1" [2] bodies_have_the_media_type_of_scim_errors_included;
    "RFC 7644 §3.8" [3, 4, 5] every_accept_header_that_means_json_is_served;
    "RFC 7644 §3.8" [6] bodies_are_read_in_both_media_types_with_and_without_charset;
    "RFC 7644 §3.8" [7] text_of_any_script_comes_back_unchanged;
    "RFC 7644 §3.12" [8] what_is_no_json_is_400_invalid_syntax;
    "RFC 7644 §3.1" [9] a_body_that_is_no_object_is_400;
    "RFC 7644 §3.2" [10] a_method_that_an_address_does_not_have_is_refused;
    "RFC 7644 §3.12" [11] an_unknown_address_is_404_with_a_scim_error;
    "RFC 7644 §3.4.2" [12] unknown_query_parameters_are_ignored;
    "RFC 7644 §3.12" [142] a_fault_of_the_client_is_4xx;
}

async fn resources_stand_below_the_base_address(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    let location = user.body["meta"]["location"].as_str().unwrap_or_default();
    let path = reqwest::Url::parse(location).map(|url| url.path().to_owned()).unwrap_or_default();
    ensure!(path.ends_with(&user.path), "meta.location is {location:?} and not …{}", user.path);
    Ok(())
}

async fn bodies_have_the_media_type_of_scim_errors_included(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for path in ["/Users?count=1", &user.path, "/Users/no-such-id", "/ServiceProviderConfig"] {
        let answer = client.get(path).await?;
        let media_type = answer.header("content-type");
        ensure!(media_type.starts_with(SCIM_JSON), "{}: the media type is {media_type:?}", answer.asked);
    }
    Ok(())
}

async fn every_accept_header_that_means_json_is_served(client: &Client) -> Result<(), Finding> {
    for accept in [Some(SCIM_JSON), Some("application/json"), Some("*/*"), None] {
        let mut request = client
            .bare(Method::GET, "/Users?count=1")
            .header(AUTHORIZATION, format!("Bearer {}", client.token()));
        if let Some(accept) = accept {
            request = request.header(ACCEPT, accept);
        }
        let answer = client.read(request).await?;
        answer.list().map_err(|_| {
            super::super::client::wrong(format!("Accept {accept:?} is answered {}", answer.told()))
        })?;
    }
    Ok(())
}

async fn bodies_are_read_in_both_media_types_with_and_without_charset(
    client: &Client,
) -> Result<(), Finding> {
    for media_type in [
        SCIM_JSON,
        "application/json",
        "application/scim+json; charset=utf-8",
        "application/json;charset=UTF-8",
    ] {
        let request = client.request(Method::POST, "/Users").header(CONTENT_TYPE, media_type);
        let answer = client.read(request.body(client.person().to_string())).await?;
        ensure!(answer.status == 201, "Content-Type {media_type} is answered {}", answer.told());
        client.made("/Users", answer)?;
    }
    Ok(())
}

async fn text_of_any_script_comes_back_unchanged(client: &Client) -> Result<(), Finding> {
    let text = "Zoë Łukasz 田中 🦀";
    let user = client.user_with(&json!({"displayName": text})).await?;
    let read = client.get(&user.path).await?;
    ensure!(read.expect(200)?["displayName"] == text, "{text:?} came back as {}", read.body["displayName"]);
    // The same in escapes, the crab as a surrogate pair.
    let mut body = client.person();
    body["displayName"] = "ESCAPED".into();
    let escaped = body.to_string().replace("ESCAPED", r"Zo\u00eb \u0141ukasz \u7530\u4e2d \ud83e\udd80");
    let request = client.request(Method::POST, "/Users").header(CONTENT_TYPE, SCIM_JSON).body(escaped);
    let answer = client.read(request).await?;
    answer.expect(201)?;
    let made = client.made("/Users", answer)?;
    ensure!(
        made.body["displayName"] == text,
        "escapes of {text:?} came back as {}",
        made.body["displayName"]
    );
    Ok(())
}

async fn what_is_no_json_is_400_invalid_syntax(client: &Client) -> Result<(), Finding> {
    let bodies: [&[u8]; 4] =
        [b"{\"userName\": ", b"not json", b"{\"displayName\": \"\xff\xfe\"}", b"{\"a\": 1} and more"];
    for body in bodies {
        let request = client.request(Method::POST, "/Users").header(CONTENT_TYPE, SCIM_JSON);
        client.read(request.body(body.to_vec())).await?.expect_error(400, Some("invalidSyntax"))?;
    }
    Ok(())
}

async fn a_body_that_is_no_object_is_400(client: &Client) -> Result<(), Finding> {
    for body in [json!([]), json!("text"), json!(null), json!(7)] {
        client.send(Method::POST, "/Users", &body).await?.expect_error(400, None)?;
    }
    Ok(())
}

async fn a_method_that_an_address_does_not_have_is_refused(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for (method, path) in [
        (Method::DELETE, "/Users"),
        (Method::PUT, "/Users"),
        (Method::POST, user.path.as_str()),
        (Method::POST, "/ServiceProviderConfig"),
        (Method::DELETE, "/Schemas"),
    ] {
        let answer = client.send(method, path, &json!({})).await?;
        ensure!([404, 405, 501].contains(&answer.status), "{}: {}", answer.asked, answer.told());
        answer.is_error()?;
    }
    client.get(&user.path).await?.expect(200)?;
    Ok(())
}

async fn an_unknown_address_is_404_with_a_scim_error(client: &Client) -> Result<(), Finding> {
    for path in ["/NoSuchThing", "/Users/a/b/c", "/Userss"] {
        client.get(path).await?.expect_error(404, None)?;
    }
    Ok(())
}

async fn unknown_query_parameters_are_ignored(client: &Client) -> Result<(), Finding> {
    client.get("/Users?aadOptscim062020&count=1&whatever=1").await?.list()?;
    Ok(())
}

async fn a_fault_of_the_client_is_4xx(client: &Client) -> Result<(), Finding> {
    for (method, path, body) in [
        (Method::POST, "/Users", json!({"schemas": "text", "userName": 7})),
        (Method::POST, "/Users", json!({})),
        (Method::GET, "/Users?startIndex=many", json!({})),
        (Method::GET, "/Users?filter=userName", json!({})),
    ] {
        let answer = client.send(method, path, &body).await?;
        ensure!((400..500).contains(&answer.status), "{}: {}", answer.asked, answer.told());
        answer.is_error()?;
    }
    Ok(())
}
