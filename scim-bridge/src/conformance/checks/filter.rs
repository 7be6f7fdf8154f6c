//! Filters: RFC 7644 §3.4.2.2.

use serde_json::{Value, json};

use super::super::Finding;
use super::super::client::{Client, Made, USER, ensure};
use super::checks;

checks! {
    "RFC 7644 §3.4.2.2" [85, 86] every_operator_selects_what_it_says;
    "RFC 7644 §3.4.2.2" [87] names_and_operators_are_read_without_regard_to_case;
    "RFC 7644 §3.4.2.2" [88] not_binds_before_and_before_or;
    "RFC 7644 §3.4.2.2" [89] strings_are_compared_as_the_attribute_says;
    "RFC 7644 §3.4.2.2" [90] of_many_values_any_may_match;
    "RFC 7644 §3.4.2.2" [91] terms_in_brackets_hold_for_the_same_value;
    "RFC 7644 §3.4.2.2" [92] times_are_compared_in_time_and_order_means_nothing_to_booleans;
    "RFC 7644 §3.4.2.2" [93] values_are_json_with_escapes_and_words_inside;
    "RFC 7644 §3.4.2.2" [94] what_is_no_filter_is_400_and_never_everything;
    "RFC 7644 §3.4.2.1" [95] an_unknown_attribute_matches_nothing;
    "RFC 7644 §3.4.2.2" [96] schemas_can_be_asked_for;
    "RFC 7644 §7" [97] a_filter_without_end_is_refused;
}

/// A user with a title of its own, and a function from a filter to whether it finds exactly them.
async fn titled(client: &Client) -> Result<(Made, String), Finding> {
    let title = format!("Filter {}", client.fresh_name());
    let home = client.fresh_name();
    let mut person = client.person();
    person["title"] = title.clone().into();
    person["nickName"] = "Chk".into();
    if let Some(emails) = person["emails"].as_array_mut() {
        emails.push(json!({"value": home, "type": "home"}));
    }
    Ok((client.make("/Users", &person).await?, title))
}

/// Asks with the title as one more condition, so that nobody else of a large directory is found.
async fn finds(client: &Client, title: &str, filter: &str, expected: bool) -> Result<(), Finding> {
    let whole = format!("title eq \"{title}\" and ({filter})");
    let found = client.filter("/Users", &whole).await?;
    found.list()?;
    let count = &found.body["totalResults"];
    ensure!(*count == u8::from(expected), "{filter}: found {count}, expected {}", u8::from(expected));
    Ok(())
}

async fn every_operator_selects_what_it_says(client: &Client) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let name = user.body["userName"].as_str().unwrap_or_default();
    let (start, end) =
        (name.split('@').next().unwrap_or_default(), name.split('@').nth(1).unwrap_or_default());
    for (filter, expected) in [
        (format!("userName eq \"{name}\""), true),
        (format!("userName ne \"{name}\""), false),
        (format!("userName co \"{}\"", &start[2..]), true),
        (format!("userName sw \"{start}\""), true),
        (format!("userName sw \"{end}\""), false),
        (format!("userName ew \"{end}\""), true),
        ("nickName pr".to_owned(), true),
        ("profileUrl pr".to_owned(), false),
        ("meta.created gt \"2001-01-01T00:00:00Z\"".to_owned(), true),
        ("meta.created ge \"2001-01-01T00:00:00Z\"".to_owned(), true),
        ("meta.created lt \"2001-01-01T00:00:00Z\"".to_owned(), false),
        ("meta.created le \"2001-01-01T00:00:00Z\"".to_owned(), false),
        ("active eq true".to_owned(), true),
        ("active eq false".to_owned(), false),
    ] {
        finds(client, &title, &filter, expected).await?;
    }
    Ok(())
}

async fn names_and_operators_are_read_without_regard_to_case(client: &Client) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let name = &user.body["userName"];
    for filter in [
        format!("USERNAME EQ {name}"),
        format!("username Eq {name} AND nickname PR"),
        format!("{USER}:userName eq {name}"),
        format!("{}:USERNAME eq {name}", USER.to_uppercase()),
        "NOT (profileUrl Pr)".to_owned(),
    ] {
        finds(client, &title, &filter, true).await?;
    }
    Ok(())
}

async fn not_binds_before_and_before_or(client: &Client) -> Result<(), Finding> {
    let (_, title) = titled(client).await?;
    for (filter, expected) in [
        ("nickName pr or active eq false and profileUrl pr", true),
        ("(nickName pr or active eq false) and profileUrl pr", false),
        ("not (nickName pr) or active eq true", true),
        ("not (nickName pr or active eq true)", false),
    ] {
        finds(client, &title, filter, expected).await?;
    }
    Ok(())
}

async fn strings_are_compared_as_the_attribute_says(client: &Client) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let name = user.body["userName"].as_str().unwrap_or_default().to_uppercase();
    finds(client, &title, &format!("userName eq \"{name}\""), true).await?;
    finds(client, &title, "nickName eq \"CHK\"", true).await?;
    if user.id.to_uppercase() != user.id {
        finds(client, &title, &format!("id eq \"{}\"", user.id.to_uppercase()), false).await?;
    }
    finds(client, &title, &format!("id eq \"{}\"", user.id), true).await
}

fn home(user: &Made) -> &Value {
    let emails = user.body["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
    emails.iter().find(|it| it["type"] == "home").map_or(&Value::Null, |it| &it["value"])
}

async fn of_many_values_any_may_match(client: &Client) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let address = home(&user);
    finds(client, &title, &format!("emails.value eq {address}"), true).await?;
    // A bare complex attribute means its value (Ping).
    finds(client, &title, &format!("emails eq {address}"), true).await?;
    finds(client, &title, "emails.type eq \"home\"", true).await?;
    finds(client, &title, "emails.type eq \"other\"", false).await
}

async fn terms_in_brackets_hold_for_the_same_value(client: &Client) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let address = home(&user);
    finds(client, &title, &format!("emails[type eq \"home\" and value eq {address}]"), true).await?;
    finds(client, &title, &format!("emails[type eq \"work\" and value eq {address}]"), false).await?;
    finds(client, &title, &format!("emails.type eq \"work\" and emails.value eq {address}"), true).await
}

async fn times_are_compared_in_time_and_order_means_nothing_to_booleans(
    client: &Client,
) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let created: jiff::Timestamp = user.body["meta"]["created"]
        .as_str()
        .unwrap_or_default()
        .parse()
        .map_err(|_| super::super::client::wrong("meta.created cannot be read"))?;
    // The same instant on another clock.
    let elsewhere = created.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(5)));
    let text = elsewhere.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
    finds(client, &title, &format!("meta.created ge \"{text}\""), true).await?;
    finds(client, &title, &format!("meta.created gt \"{text}\""), false).await?;
    client.filter("/Users", "active gt true").await?.expect_error(400, Some("invalidFilter"))
}

async fn values_are_json_with_escapes_and_words_inside(client: &Client) -> Result<(), Finding> {
    let (user, title) = titled(client).await?;
    let odd = "a \"quoted\" \\ (and) [or] not eq \u{e9}";
    let changed =
        client.patch(&user.path, json!([{"op": "replace", "path": "displayName", "value": odd}])).await?;
    changed.expect(200)?;
    finds(client, &title, &format!("displayName eq {}", Value::from(odd)), true).await?;
    let escaped = Value::from(odd).to_string().replace('\u{e9}', "\\u00e9");
    finds(client, &title, &format!("displayName eq {escaped}"), true).await
}

async fn what_is_no_filter_is_400_and_never_everything(client: &Client) -> Result<(), Finding> {
    for filter in [
        "userName",
        "userName eq",
        "userName zz \"a\"",
        "(userName eq \"a\"",
        "userName eq \"a\" and",
        "userName eq \"a",
        "emails[type eq \"work\"",
        "eq \"a\"",
        "userName eq a b",
    ] {
        let answer = client.filter("/Users", filter).await?;
        answer.expect_error(400, Some("invalidFilter"))?;
        ensure!(answer.body["detail"].as_str().is_some_and(|it| !it.is_empty()), "{filter}: no detail");
    }
    Ok(())
}

async fn an_unknown_attribute_matches_nothing(client: &Client) -> Result<(), Finding> {
    let (_, title) = titled(client).await?;
    finds(client, &title, "noSuchAttribute eq \"a\"", false).await
}

async fn schemas_can_be_asked_for(client: &Client) -> Result<(), Finding> {
    let (_, title) = titled(client).await?;
    finds(client, &title, &format!("schemas eq \"{USER}\""), true).await?;
    finds(client, &title, "schemas eq \"urn:example:no:such:schema\"", false).await
}

async fn a_filter_without_end_is_refused(client: &Client) -> Result<(), Finding> {
    let deep = format!("{}active eq true{}", "(".repeat(600), ")".repeat(600));
    let answer = client.filter("/Users", &deep).await?;
    ensure!((400..500).contains(&answer.status), "600 brackets are answered {}", answer.status);
    answer.is_error()
}
