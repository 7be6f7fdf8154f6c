//! Reading spend users: Spend User Retrieval v4.1.
use crate::{Client, Error, UserId};
use serde_json::Value;

/// Reads spend users.
#[derive(Clone, Debug)]
pub struct Spend {
    pub(crate) client: Client,
}

#[expect(clippy::unused_async, reason = "signature first")]
impl Spend {
    /// The spend extensions of a user; `None` when the user has no spend data.
    pub async fn get_user(&self, _id: &UserId) -> Result<Option<Value>, Error> {
        let _ = &self.client;
        unimplemented!()
    }
}
