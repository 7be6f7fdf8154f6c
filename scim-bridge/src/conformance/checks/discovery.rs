//! What a server says about itself: RFC 7643 §5 to §7, RFC 7644 §4.

use serde_json::Value;

use super::super::Finding;
use super::super::client::{Client, ERROR, LIST, PATCH, USER, ensure};
use super::checks;

checks! {
    "RFC 7643 §5" [145] the_service_provider_config_tells_every_feature;
    "RFC 7643 §6" [146] resource_types_are_listed_and_read_one_by_one;
    "RFC 7643 §7" [147, 148, 152] schemas_are_listed_and_read_one_by_one_with_characteristics;
    "RFC 7644 §4" [149] discovery_ignores_paging_and_refuses_filters;
    "RFC 7644 §3.12" [150] an_unknown_type_or_schema_is_404;
    "RFC 7643 §3" [151] what_is_returned_is_published;
    "RFC 7644 §3.11" [160] me_is_served_or_refused_as_not_implemented;
}

async fn the_service_provider_config_tells_every_feature(client: &Client) -> Result<(), Finding> {
    let answer = client.get("/ServiceProviderConfig").await?;
    let config = answer.expect(200)?;
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        let supported = &config[feature]["supported"];
        ensure!(supported.is_boolean(), "{feature}.supported is {supported}, not true or false");
    }
    for (feature, limit) in [("bulk", "maxOperations"), ("bulk", "maxPayloadSize"), ("filter", "maxResults")]
    {
        ensure!(config[feature][limit].is_u64(), "{feature}.{limit} is no number");
    }
    let schemes = config["authenticationSchemes"].as_array().map_or(0, Vec::len);
    ensure!(schemes > 0, "authenticationSchemes is empty");
    Ok(())
}

async fn resource_types_are_listed_and_read_one_by_one(client: &Client) -> Result<(), Finding> {
    let types = client.get("/ResourceTypes").await?.list()?;
    ensure!(types.iter().any(|it| it["schema"] == USER), "no resource type has the User schema");
    for listed in types {
        for member in ["name", "endpoint", "schema"] {
            ensure!(listed[member].is_string(), "a resource type without {member}: {listed}");
        }
        for extension in listed["schemaExtensions"].as_array().into_iter().flatten() {
            let whole = extension["schema"].is_string() && extension["required"].is_boolean();
            ensure!(whole, "a schema extension without schema or required: {extension}");
        }
        let name = listed["id"].as_str().or(listed["name"].as_str()).unwrap_or_default();
        let alone = client.get(&format!("/ResourceTypes/{name}")).await?;
        ensure!(alone.expect(200)?["name"] == listed["name"], "/ResourceTypes/{name} is another one");
    }
    Ok(())
}

async fn schemas_are_listed_and_read_one_by_one_with_characteristics(client: &Client) -> Result<(), Finding> {
    let schemas = client.get("/Schemas").await?.list()?;
    for message in [LIST, ERROR, PATCH] {
        ensure!(
            schemas.iter().all(|it| it["id"] != message),
            "{message} is a message, not a schema of resources"
        );
    }
    for schema in &schemas {
        let id = schema["id"].as_str().unwrap_or_default();
        let attributes = schema["attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
        ensure!(!attributes.is_empty(), "{id} has no attributes");
        attributes.iter().try_for_each(described)?;
        ensure!(!has_null(schema), "{id} has null members");
        let alone = client.get(&format!("/Schemas/{id}")).await?;
        ensure!(alone.expect(200)?["id"] == schema["id"], "/Schemas/{id} is another one");
    }
    Ok(())
}

fn described(attribute: &Value) -> Result<(), Finding> {
    let name = attribute["name"].as_str().unwrap_or_default();
    let one_of = |key: &str, words: &[&str]| {
        let found = attribute[key].as_str().unwrap_or_default();
        ensure!(words.contains(&found), "{name}: {key} is {found:?}");
        Ok(())
    };
    let types = ["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"];
    one_of("type", &types)?;
    one_of("mutability", &["readOnly", "readWrite", "immutable", "writeOnly"])?;
    one_of("returned", &["always", "never", "default", "request"])?;
    ensure!(attribute["multiValued"].is_boolean(), "{name}: multiValued is missing");
    let parts = attribute["subAttributes"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure!(
        attribute["type"] != "complex" || !parts.is_empty(),
        "{name} is complex and has no sub-attributes"
    );
    parts.iter().try_for_each(described)
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

async fn discovery_ignores_paging_and_refuses_filters(client: &Client) -> Result<(), Finding> {
    for endpoint in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"] {
        let whole = client.get(endpoint).await?;
        let paged = client.get(&format!("{endpoint}?startIndex=2&count=1&sortBy=id")).await?;
        ensure!(whole.body == paged.body, "{endpoint}: paging changes the answer");
        client.filter(endpoint, "id pr").await?.expect_error(403, None)?;
    }
    Ok(())
}

async fn an_unknown_type_or_schema_is_404(client: &Client) -> Result<(), Finding> {
    client.get("/ResourceTypes/NoSuchType").await?.expect_error(404, None)?;
    client.get("/Schemas/urn:example:no:such:schema").await?.expect_error(404, None)
}

async fn what_is_returned_is_published(client: &Client) -> Result<(), Finding> {
    let schemas = client.get("/Schemas").await?.list()?;
    let user = client.user().await?;
    let read = client.get(&user.path).await?;
    let published = |id: &str| schemas.iter().find(|schema| schema["id"] == id);
    let named = |schema: &Value, name: &str| {
        schema["attributes"].as_array().is_some_and(|all| all.iter().any(|it| it["name"] == name))
    };
    for (name, value) in read.expect(200)?.as_object().into_iter().flatten() {
        if name.starts_with("urn:") {
            let schema = published(name);
            ensure!(schema.is_some(), "{name} is returned and not in /Schemas");
            let members = value.as_object().into_iter().flatten();
            let unknown =
                members.map(|(name, _)| name).find(|it| !schema.is_some_and(|schema| named(schema, it)));
            ensure!(unknown.is_none(), "{name}:{} is returned and not published", unknown.unwrap_or(name));
        } else if !["schemas", "id", "externalId", "meta"].contains(&name.as_str()) {
            let core = published(USER);
            ensure!(core.is_some_and(|schema| named(schema, name)), "{name} is returned and not published");
        }
    }
    Ok(())
}

async fn me_is_served_or_refused_as_not_implemented(client: &Client) -> Result<(), Finding> {
    let answer = client.get("/Me").await?;
    match answer.status {
        200 | 308 => Ok(()),
        501 => answer.is_error(),
        _ => answer.expect_error(404, None),
    }
}
