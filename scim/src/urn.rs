//! The URNs of schemas and messages, each written once.

/// Core user, RFC 7643 §4.1.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Core group, RFC 7643 §4.2.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Enterprise extension of the user, RFC 7643 §4.3.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// Concur's spend extension of the user (User Provisioning Service v4, "Spend User").
pub const SPEND_USER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:User";
/// Our extension: what Concur keeps about employment and RFC 7643 has no place for.
pub const BRIDGE_USER: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:User";
/// Our read-only extension of the group: what it is to Concur.
pub const BRIDGE_GROUP: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Group";
/// Our read-only extension: how far the delivery to Concur has come.
pub const DELIVERY: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";

/// Error body, RFC 7644 §3.12.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// Answer to a query, RFC 7644 §3.4.2.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Query in a body, RFC 7644 §3.4.3.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// PATCH body, RFC 7644 §3.5.2.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Many requests in one body, RFC 7644 §3.7.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// Answer to them.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What the server can do, RFC 7643 §5.
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// A resource type, RFC 7643 §6.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// A schema, RFC 7643 §7.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// The user schema of SCIM 1, which old templates still carry; refused with a pointer to [`USER`].
pub const SCIM_1_CORE: &str = "urn:scim:schemas:core:1.0";
