//! POST `/events/concur/{account}/{key}`: SAP Concur delivers an event.
//!
//! Concur takes 2xx and most of 4xx for an end, and tries again after 5xx, 401, 403 and 429. So whatever might be taken
//! later, or after something was mended, is answered with one of these; only what is larger than events are is ended.
//! Source: Concur page *Event Subscription Service v4*, "Service Behavior".

use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;

use super::context::Context;
use super::error::Error;
use super::extract;
use crate::events::{self, Delivered, Refused};

/// The header that an event is signed in.
const SIGNATURE: &str = "concur-signature";

/// 204 once the event is noted.
pub(super) async fn take(mut context: Context) -> Result<HttpResponse, Error> {
    let bridge = context.bridge.clone();
    if bridge.config.events.base().is_none() {
        return Err(Error::NotFound);
    }
    let found = events::address_of(&bridge, &context.path("account"), &context.path("key")).await?;
    let account = found.ok_or_else(|| bridge.admission.failed(&context.request, Instant::now()))?;
    let payload = std::mem::replace(&mut context.payload, Payload::None);
    let (headers, config) = (context.request.headers(), &bridge.config);
    let body = match extract::any_bytes(headers, payload, config.events.body_bytes, &config.limits).await {
        Ok(body) => body,
        Err(error @ Error::BodyTooLarge { .. }) => {
            events::refuse(&bridge, account.id, Refused::TooLarge).await;
            return Err(error);
        }
        // 408 and its kin would be an end.
        Err(Error::BodyTooSlow | Error::BodyBroken) => return Ok(answer(StatusCode::SERVICE_UNAVAILABLE)),
        Err(other) => return Err(other),
    };
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let delivered = Delivered { account: &account, signature, body: &body };
    let status = match events::receive(&bridge, delivered).await? {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(Refused::Signature) => StatusCode::FORBIDDEN,
        Err(Refused::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(Refused::NoKeys | Refused::Unreadable) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok(answer(status))
}

fn answer(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).finish()
}
