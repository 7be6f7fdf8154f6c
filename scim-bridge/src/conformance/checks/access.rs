//! Credentials: RFC 7644 §2, RFC 6750.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};

use super::super::Finding;
use super::super::client::{Client, SCIM_JSON, ensure};
use super::checks;

checks! {
    "RFC 7644 §2" [15, 16, 17, 19] without_a_valid_credential_every_request_is_401;
    "RFC 7644 §2" [15] a_refused_create_creates_nothing;
    "RFC 7235 §2.1" [18] the_scheme_is_read_without_regard_to_case;
    "RFC 6750 §2.3" [14] a_token_in_the_address_opens_nothing;
    "RFC 7644 §3.12" [22] without_a_credential_nothing_is_told_about_what_exists;
}

async fn without_a_valid_credential_every_request_is_401(client: &Client) -> Result<(), Finding> {
    let token = client.token();
    let part: String = token.chars().take(token.chars().count().saturating_sub(1)).collect();
    let headers = [
        None,
        Some("non-token".to_owned()),
        Some("Bearer ".to_owned()),
        Some("Bearer wrong".to_owned()),
        Some(format!("Bearer {part}")),
    ];
    for header in headers {
        let mut request = client.bare(Method::GET, "/Users?count=1");
        if let Some(header) = &header {
            request = request.header(AUTHORIZATION, header);
        }
        let answer = client.read(request).await?;
        answer.expect_error(401, None)?;
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        ensure!(!detail.is_empty(), "401 without detail");
        ensure!(!answer.header("www-authenticate").is_empty(), "401 without WWW-Authenticate");
    }
    Ok(())
}

async fn a_refused_create_creates_nothing(client: &Client) -> Result<(), Finding> {
    let person = client.person();
    let name = person["userName"].as_str().unwrap_or_default().to_owned();
    let request = client.bare(Method::POST, "/Users").header(CONTENT_TYPE, SCIM_JSON);
    client.read(request.body(person.to_string())).await?.expect(401)?;
    client.filter("/Users", &format!("userName eq \"{name}\"")).await?.expect_list(0)?;
    Ok(())
}

async fn the_scheme_is_read_without_regard_to_case(client: &Client) -> Result<(), Finding> {
    for scheme in ["bearer", "BEARER"] {
        let request = client.bare(Method::GET, "/Users?count=1");
        let request = request.header(AUTHORIZATION, format!("{scheme} {}", client.token()));
        client.read(request).await?.list()?;
    }
    Ok(())
}

async fn a_token_in_the_address_opens_nothing(client: &Client) -> Result<(), Finding> {
    let request = client.bare(Method::GET, "/Users").query(&[("access_token", client.token())]);
    let answer = client.read(request).await?;
    // Not told(): the address holds the token.
    ensure!(answer.status == 401, "a token in the query is answered {}", answer.status);
    Ok(())
}

async fn without_a_credential_nothing_is_told_about_what_exists(client: &Client) -> Result<(), Finding> {
    let user = client.user().await?;
    for path in [user.path.as_str(), "/Users/no-such-id"] {
        client.read(client.bare(Method::GET, path)).await?.expect(401)?;
    }
    Ok(())
}
