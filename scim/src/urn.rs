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
/// Our read-only extension: how far the delivery to Concur has come.
pub const DELIVERY: &str = "urn:ietf:params:scim:schemas:extension:concurbridge:2.0:Delivery";
