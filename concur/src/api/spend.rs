//! Reading spend users. Not here: writing them, which User Provisioning does.
//! Source: page "Spend User Retrieval v4.1".

use super::target::segment;
use crate::{Client, Error, UserId, http::Endpoint};
use serde_json::Value;

static GET: Endpoint = Endpoint::get("spend.get");

/// Reads spend users; company tokens only.
#[derive(Clone, Debug)]
pub struct Spend {
    pub(crate) client: Client,
}

impl Spend {
    /// The spend extensions of a user, keyed by URN; `None` when the user has no spend data (or does not exist).
    pub async fn get_user(&self, id: &UserId) -> Result<Option<Value>, Error> {
        let target = format!("/profile/spend/v4.1/Users/{}", segment(&id.to_string()));
        match self.client.get(&GET, &target).await {
            Ok(answer) => answer.decode().map(Some),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
