//! `scim-bridge openapi`: the OpenAPI document, for generators of clients; `docs/openapi.json` is its output.

use super::output;
use crate::http::openapi;

/// Prints it.
pub(super) fn run() -> anyhow::Result<()> {
    output::result(&openapi::document().to_pretty_json()?)
}
