//! Discovery over HTTP, RFC 7644 §4.

use serde_json::json;

use crate::harness::everywhere;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_is_described() {
    everywhere(async |house| {
        let base = format!("http://{}/scim/v2", house.running.addr());
        let config = house.get("/scim/v2/ServiceProviderConfig").await.expect(200);
        for (feature, supported) in
            [("patch", true), ("bulk", true), ("filter", true), ("etag", true), ("sort", true)]
        {
            assert_eq!(config[feature]["supported"], supported, "{feature}");
        }
        assert_eq!(
            config["pagination"],
            json!({"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 200,
                "maxPageSize": 200, "cursorTimeout": 3600})
        );
        assert_eq!(config["filter"]["maxResults"], 200);
        assert!(config["meta"]["location"].as_str().unwrap().starts_with(&base), "{config}");
        let types = house.get("/scim/v2/ResourceTypes").await.expect(200);
        assert_eq!(types["Resources"][0]["id"], "User");
        let user = house.get("/scim/v2/ResourceTypes/User").await.expect(200);
        assert_eq!(user["endpoint"], "/Users");
        let schemas = house.get("/scim/v2/Schemas").await.expect(200);
        for schema in schemas["Resources"].as_array().unwrap() {
            let urn = schema["id"].as_str().unwrap();
            assert_eq!(house.get(&format!("/scim/v2/Schemas/{urn}")).await.expect(200)["id"], urn);
        }
        house.get("/scim/v2/Schemas/urn:nothing").await.expect_error(404, None);
        house.get("/scim/v2/ResourceTypes/Device").await.expect_error(404, None);
        house.get("/scim/v2/Schemas?filter=id+pr").await.expect_error(403, None);
    })
    .await;
}
