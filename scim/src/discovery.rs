//! Discovery documents, RFC 7643 §5 to §7 and RFC 7644 §4, made from the schema that reads and writes resources.
//!
//! `base_url` is the absolute URL in front of `/Users`, without a slash at its end.

use serde_json::{Map, Value, json};

use crate::{
    ResourceType, bulk, message,
    query::{DEFAULT_COUNT, MAX_COUNT},
    schema::{self, Attribute, Kind, Mutability, Returned, Schema, Uniqueness},
    urn,
};

/// What a server offers besides what this crate gives to all: PATCH, filters, index paging, entity tags.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities<'c> {
    /// `POST /Bulk` within these limits.
    pub bulk: Option<bulk::Limits>,
    /// `sortBy` and `sortOrder`.
    pub sort: bool,
    /// Cursors beside indexes (RFC 9865).
    pub cursors: Option<Cursors>,
    /// How a client shows who it is; the first one is the primary one.
    pub authentication_schemes: &'c [AuthenticationScheme<'c>],
}

/// Cursor paging, RFC 9865 §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursors {
    /// Seconds for which a cursor is good at least.
    pub timeout_seconds: u64,
}

/// One way to authenticate, RFC 7643 §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationScheme<'c> {
    /// `oauthbearertoken`, `oauth2`, `httpbasic` …
    pub kind: &'c str,
    /// Name for people.
    pub name: &'c str,
    /// What to send.
    pub description: &'c str,
    /// Where it is specified.
    pub spec_uri: &'c str,
}

/// `/ServiceProviderConfig`: what this server can do.
pub fn service_provider_config(base_url: &str, capabilities: &Capabilities<'_>) -> Value {
    let schemes = capabilities.authentication_schemes.iter().enumerate().map(|(i, scheme)| {
        json!({
            "type": scheme.kind,
            "name": scheme.name,
            "description": scheme.description,
            "specUri": scheme.spec_uri,
            "primary": i == 0,
        })
    });
    let bulk = capabilities.bulk;
    let mut pagination = json!({
        "cursor": capabilities.cursors.is_some(),
        "index": true,
        "defaultPaginationMethod": "index",
        "defaultPageSize": DEFAULT_COUNT,
        "maxPageSize": MAX_COUNT,
    });
    if let Some(cursors) = capabilities.cursors {
        pagination["cursorTimeout"] = cursors.timeout_seconds.into();
    }
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {
            "supported": bulk.is_some(),
            "maxOperations": bulk.map_or(0, |limits| limits.max_operations),
            "maxPayloadSize": bulk.map_or(0, |limits| limits.max_payload_bytes),
        },
        "filter": {"supported": true, "maxResults": MAX_COUNT},
        "changePassword": {"supported": false},
        "sort": {"supported": capabilities.sort},
        "etag": {"supported": true},
        "pagination": pagination,
        "authenticationSchemes": schemes.collect::<Vec<_>>(),
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base_url}/ServiceProviderConfig"),
        },
    })
}

/// `/ResourceTypes`, as a list.
pub fn resource_types(base_url: &str) -> Value {
    let all: Vec<Value> = ResourceType::all().into_iter().map(|rt| render_type(base_url, rt)).collect();
    message::list_response(all.len(), 1, all)
}

/// `/ResourceTypes/{name}`; `None` is a 404.
pub fn resource_type(base_url: &str, name: &str) -> Option<Value> {
    ResourceType::all().into_iter().find(|rt| rt.name == name).map(|rt| render_type(base_url, rt))
}

/// `/Schemas`, as a list. Messages are not among them (RFC 7644 §3.1).
pub fn schemas(base_url: &str) -> Value {
    let all: Vec<Value> = schema::all().iter().map(|schema| render_schema(base_url, schema)).collect();
    message::list_response(all.len(), 1, all)
}

/// `/Schemas/{urn}`, in any letter case; `None` is a 404.
pub fn schema(base_url: &str, urn: &str) -> Option<Value> {
    schema::by_urn(urn).map(|schema| render_schema(base_url, schema))
}

fn render_type(base_url: &str, rt: &ResourceType) -> Value {
    let extensions: Vec<Value> =
        rt.extensions.iter().map(|schema| json!({"schema": schema.id, "required": false})).collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": rt.name,
        "name": rt.name,
        "endpoint": rt.endpoint,
        "description": rt.description,
        "schema": rt.schema.id,
        "schemaExtensions": extensions,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base_url}/ResourceTypes/{}", rt.name),
        },
    })
}

fn render_schema(base_url: &str, schema: &Schema) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(render_attribute).collect::<Vec<_>>(),
        "meta": {
            "resourceType": "Schema",
            "location": format!("{base_url}/Schemas/{}", schema.id),
        },
    })
}

/// No member is null, and lists that would be empty are left out: Entra chokes on nulls.
fn render_attribute(attribute: &Attribute) -> Value {
    let mut members = Map::from_iter([
        ("name".to_owned(), Value::from(attribute.name)),
        ("type".to_owned(), kind(attribute.kind).into()),
        ("multiValued".to_owned(), attribute.multi_valued.into()),
        ("description".to_owned(), attribute.description.into()),
        ("required".to_owned(), attribute.required.into()),
        ("caseExact".to_owned(), attribute.case_exact.into()),
        ("mutability".to_owned(), mutability(attribute.mutability).into()),
        ("returned".to_owned(), returned(attribute.returned).into()),
        ("uniqueness".to_owned(), uniqueness(attribute.uniqueness).into()),
    ]);
    for (name, values) in
        [("canonicalValues", attribute.canonical_values), ("referenceTypes", attribute.reference_types)]
    {
        if !values.is_empty() {
            members.insert(name.to_owned(), values.into());
        }
    }
    if !attribute.sub_attributes.is_empty() {
        let parts = attribute.sub_attributes.iter().map(|part| render_part(attribute, part));
        members.insert("subAttributes".to_owned(), parts.collect());
    }
    Value::Object(members)
}

/// A `$ref` may be sent wherever its `value` may, as RFC 7643 §8.7.1 publishes it; what is stored is made of the value,
/// so that it cannot point elsewhere.
fn render_part(attribute: &Attribute, part: &Attribute) -> Value {
    let mut rendered = render_attribute(part);
    if let Some(value) = attribute.sub_attribute("value").filter(|_| part.name == "$ref") {
        rendered["mutability"] = mutability(value.mutability).into();
    }
    rendered
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "string",
        Kind::Boolean => "boolean",
        Kind::Decimal => "decimal",
        Kind::Integer => "integer",
        Kind::DateTime => "dateTime",
        Kind::Binary => "binary",
        Kind::Reference => "reference",
        Kind::Complex => "complex",
    }
}

fn mutability(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    }
}

fn returned(returned: Returned) -> &'static str {
    match returned {
        Returned::Always => "always",
        Returned::Never => "never",
        Returned::Default => "default",
        Returned::Request => "request",
    }
}

fn uniqueness(uniqueness: Uniqueness) -> &'static str {
    match uniqueness {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
        Uniqueness::Global => "global",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://bridge.example/scim/v2";
    const EVERYTHING: Capabilities<'static> = Capabilities {
        bulk: Some(bulk::DEFAULT_LIMITS),
        sort: true,
        cursors: Some(Cursors { timeout_seconds: 3600 }),
        authentication_schemes: &[AuthenticationScheme {
            kind: "oauthbearertoken",
            name: "Token",
            description: "A token",
            spec_uri: "https://www.rfc-editor.org/info/rfc6750",
        }],
    };

    fn assert_no_nulls(value: &Value, at: &str) {
        match value {
            Value::Null => panic!("null at {at}"),
            Value::Array(elements) => elements.iter().for_each(|element| assert_no_nulls(element, at)),
            Value::Object(members) => members.iter().for_each(|(name, value)| assert_no_nulls(value, name)),
            _ => {}
        }
    }

    #[test]
    fn nothing_that_is_published_is_null() {
        for document in [service_provider_config(BASE, &EVERYTHING), resource_types(BASE), schemas(BASE)] {
            assert_no_nulls(&document, "the top");
        }
    }

    #[test]
    fn what_is_not_offered_is_published_as_not_offered() {
        let all = service_provider_config(BASE, &EVERYTHING);
        assert_eq!(
            all["bulk"],
            json!({"supported": true, "maxOperations": 100, "maxPayloadSize": 1_048_576})
        );
        assert_eq!(
            all["pagination"],
            json!({"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 200,
                "maxPageSize": 200, "cursorTimeout": 3600})
        );
        assert_eq!(all["authenticationSchemes"][0]["primary"], true);
        let least = Capabilities { bulk: None, sort: false, cursors: None, ..EVERYTHING };
        let least = service_provider_config(BASE, &least);
        assert_eq!(least["bulk"], json!({"supported": false, "maxOperations": 0, "maxPayloadSize": 0}));
        assert_eq!(least["sort"], json!({"supported": false}));
        assert_eq!(
            (&least["pagination"]["cursor"], least["pagination"].get("cursorTimeout")),
            (&json!(false), None)
        );
    }

    #[test]
    fn every_schema_a_resource_type_names_can_be_read_by_its_urn() {
        for rt in resource_types(BASE)["Resources"].as_array().unwrap() {
            let extensions = rt["schemaExtensions"].as_array().unwrap().iter().map(|e| &e["schema"]);
            for id in extensions.chain([&rt["schema"]]) {
                let id = id.as_str().unwrap();
                let document = schema(BASE, id).unwrap();
                assert_eq!(document["id"], id);
                assert_eq!(document["meta"]["location"], format!("{BASE}/Schemas/{id}"));
            }
        }
    }

    #[test]
    fn a_list_and_its_parts_say_the_same() {
        let list = schemas(BASE);
        assert_eq!(list["totalResults"], 7);
        assert_eq!(list["Resources"][0], schema(BASE, urn::USER).unwrap());
        assert_eq!(resource_types(BASE)["Resources"][1], resource_type(BASE, "Group").unwrap());
    }

    #[test]
    fn unknown_names_are_none_and_messages_are_no_schemas() {
        assert_eq!(resource_type(BASE, "Robot"), None);
        assert_eq!(schema(BASE, urn::PATCH_OP), None);
    }

    #[test]
    fn user_name_is_published_as_it_is_enforced() {
        let user = schema(BASE, urn::USER).unwrap();
        let user_name = &user["attributes"][0];
        assert_eq!(
            *user_name,
            json!({"name": "userName", "type": "string", "multiValued": false, "required": true,
                "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "server",
                "description": user_name["description"]})
        );
    }
}
