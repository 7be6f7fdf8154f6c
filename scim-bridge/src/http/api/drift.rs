//! `/api/v1/drift`: where SCIM and Concur differ today, as `scim-bridge reconcile` found it. Attributes are named; what they
//! hold is personal data and is shown on the command line.

use actix_web::HttpResponse;

use super::super::context::Context;
use super::super::error::Error;
use super::super::reply;
use crate::reconcile::{self, Wanted, kind};

/// The page; `cursor` is the last Concur user of the page before.
pub(crate) async fn list(context: Context) -> Result<HttpResponse, Error> {
    super::only(&context, &["kind", "cursor", "limit"])?;
    let asked = context.parameter("kind");
    if let Some(unknown) = asked.as_deref().filter(|asked| !kind::ALL.contains(asked)) {
        let known = kind::ALL.join(", ");
        return Err(Error::BadParameter(format!("kind: {unknown:?} is none of {known}")));
    }
    let wanted = Wanted {
        account: context.account()?.id,
        kind: asked,
        after: context.parameter("cursor"),
        limit: super::limit(&context)?,
        values: false,
    };
    let page = context.bridge().store.read(move |conn| reconcile::report(conn, &wanted)).await?;
    Ok(reply::api(&page))
}
