//! Reading travel users. Not here: writing them, which User Provisioning does; there is no list.
//! Source: page "Travel Extension v4".

use super::target::segment;
use crate::{Client, Error, UserId, http::Endpoint, model::TravelUser};

static GET: Endpoint = Endpoint::get("travel.get").needing(&["travel.user.general.read"]);

pub(super) static ENDPOINTS: &[&Endpoint] = &[&GET];

/// Reads travel users; company tokens only.
#[derive(Clone, Debug)]
pub struct Travel {
    pub(crate) client: Client,
}

impl Travel {
    /// A user's travel data; `None` when the user has none (or does not exist). Only users that were written through
    /// User Provisioning are sure to be found. Needs the scope `travel.user.general.read`.
    pub async fn get_user(&self, id: &UserId) -> Result<Option<TravelUser>, Error> {
        let target = format!("/profile/travel/v4/Users/{}", segment(&id.to_string()));
        let answer = match self.client.get(&GET, &target).await {
            Ok(answer) => answer,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let user = TravelUser::from_json(answer.decode()?)
            .ok_or_else(|| answer.undecodable("id", "expected a UUID"))?;
        if user.id() == *id {
            Ok(Some(user))
        } else {
            Err(answer.undecodable("id", "the answer is about another user"))
        }
    }
}
