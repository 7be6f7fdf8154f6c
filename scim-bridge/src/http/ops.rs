//! What operators and their tools ask: alive, ready, how much, and what is this.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use store::runs::State;

use super::context::Context;
use super::error::Error;
use crate::bridge::Bridge;

/// Sync runs among which the newest complete one is looked for.
const RECENT_RUNS: usize = 100;

/// GET `/healthz`: the process runs. Depends on nothing else (I28).
pub(super) async fn healthz(_: Context) -> Result<HttpResponse, Error> {
    Ok(text(HttpResponse::Ok(), "ok\n"))
}

/// GET `/readyz`: the database can be written to and nobody told us to stop. Concur does not count (I28).
pub(super) async fn readyz(context: Context) -> Result<HttpResponse, Error> {
    let bridge = context.bridge();
    if bridge.is_draining() {
        return Ok(text(HttpResponse::ServiceUnavailable(), "draining: this process is about to stop\n"));
    }
    if let Err(error) = bridge.store.check_writable().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "not ready: the database cannot be written to"
        );
        return Ok(text(HttpResponse::ServiceUnavailable(), "the database cannot be written to\n"));
    }
    Ok(text(HttpResponse::Ok(), "ready\n"))
}

/// GET `/metrics`, Prometheus text format.
pub(super) async fn metrics(context: Context) -> Result<HttpResponse, Error> {
    refresh(context.bridge()).await?;
    let text = context.bridge().metrics.render();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(text))
}

/// Gauges that are counted when asked for.
async fn refresh(bridge: &Bridge) -> Result<(), Error> {
    let now = bridge.clock.now();
    let figures = bridge
        .store
        .read(|conn| {
            let mut figures = Vec::new();
            for account in store::accounts::list(conn)? {
                let counts = store::operations::counts_by_state(conn, Some(account.id))?;
                let oldest = store::operations::oldest_open(conn, Some(account.id))?;
                let ended = store::runs::list(conn, account.id, RECENT_RUNS)?
                    .into_iter()
                    .filter(|run| run.state == State::Complete)
                    .find_map(|run| run.finished_at);
                figures.push((account, counts, oldest, ended));
            }
            Ok(figures)
        })
        .await?;
    let metrics = &bridge.metrics;
    metrics.build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    metrics.ups_operations.reset();
    for (account, counts, oldest, ended) in figures {
        let id = account.id.to_string();
        for (state, count) in counts.into_iter().filter(|(state, _)| !state.is_end()) {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            metrics.ups_operations.with_label_values(&[&id, state.as_str()]).set(count);
        }
        let age = oldest.map_or(0.0, |since| now.duration_since(since).as_secs_f64());
        metrics.ups_oldest_seconds.with_label_values(&[&id]).set(age);
        if let Some(ended) = ended {
            let age = now.duration_since(ended).as_secs_f64();
            metrics.sync_freshness_seconds.with_label_values(&[&id, "expenses"]).set(age);
        }
    }
    Ok(())
}

/// GET `/`: a plain page for whoever opens the address in a browser.
pub(super) async fn front_page(context: Context) -> Result<HttpResponse, Error> {
    let page = include_str!("front_page.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{scim_base}", &escape(&context.bridge().scim_base()));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(page))
}

fn text(mut answer: actix_web::HttpResponseBuilder, body: &'static str) -> HttpResponse {
    answer
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
