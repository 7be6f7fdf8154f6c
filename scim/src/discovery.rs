//! Discovery documents.
use serde_json::Value;
/// `/ServiceProviderConfig`.
pub fn service_provider_config(_base_url: &str) -> Value {
    unimplemented!()
}
/// `/ResourceTypes`.
pub fn resource_types(_base_url: &str) -> Value {
    unimplemented!()
}
/// `/ResourceTypes/{name}`.
pub fn resource_type(_base_url: &str, _name: &str) -> Option<Value> {
    unimplemented!()
}
/// `/Schemas`.
pub fn schemas(_base_url: &str) -> Value {
    unimplemented!()
}
/// `/Schemas/{urn}`.
pub fn schema(_base_url: &str, _urn: &str) -> Option<Value> {
    unimplemented!()
}
