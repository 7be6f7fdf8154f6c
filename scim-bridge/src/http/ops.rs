//! What operators and their tools ask: alive, ready, how much, and what is this.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use concur::CurrentPace;
use store::runs::State;

use super::context::Context;
use super::error::Error;
use crate::bridge::Bridge;
use crate::config::DeliveryMode;
use crate::metrics::Metrics;

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
    if is_read_only(bridge) {
        return Ok(text(
            HttpResponse::Ok(),
            "ready\nread-only: changes are accepted and wait; this process sends nothing to SAP Concur\n",
        ));
    }
    Ok(text(HttpResponse::Ok(), "ready\n"))
}

/// Whether this process sends no change to Concur.
fn is_read_only(bridge: &Bridge) -> bool {
    bridge.config.delivery.mode == DeliveryMode::AcceptOnly
}

/// GET `/metrics`, Prometheus text format.
pub(super) async fn metrics(context: Context) -> Result<HttpResponse, Error> {
    refresh(context.bridge()).await?;
    let text = context.bridge().metrics.render();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(text))
}

/// A pause that has ended is shown as 0 and not forgotten, so that a graph comes down.
fn show_pace(metrics: &Metrics, account: &str, pace: &CurrentPace) {
    metrics.concur_slots_taken.with_label_values(&[account]).set(pace.slots_taken.into());
    metrics.concur_rate_limit.with_label_values(&[account]).set(pace.requests_per_second);
    let paused = pace.paused.unwrap_or_default().as_secs_f64();
    metrics.concur_paused_seconds.with_label_values(&[account, "all"]).set(paused);
    for (api, left) in &pace.unavailable {
        metrics.concur_paused_seconds.with_label_values(&[account, *api]).set(left.as_secs_f64());
    }
}

/// Gauges that are counted when asked for. Those of the outbox are kept by its worker.
async fn refresh(bridge: &Bridge) -> Result<(), Error> {
    let now = bridge.clock.now();
    let figures = bridge
        .store
        .read(|conn| {
            let mut figures = Vec::new();
            for account in store::accounts::list(conn)? {
                figures.push(Figures {
                    synced_at: store::runs::list(conn, account.id, RECENT_RUNS)?
                        .into_iter()
                        .filter(|run| run.kind == sync::run::KIND && run.state == State::Complete)
                        .find_map(|run| run.finished_at),
                    lines: store::matches::counts_by_status(conn, account.id)?,
                    refresh_issued_at: store::oauth_tokens::load(conn, account.id)?
                        .map(|tokens| tokens.refresh_issued_at),
                    account: account.id.to_string(),
                });
            }
            Ok(figures)
        })
        .await?;
    let metrics = &bridge.metrics;
    for (account, pace) in bridge.accounts.paces() {
        show_pace(metrics, &account.to_string(), &pace);
    }
    metrics.read_only.with_label_values::<&str>(&[]).set(i64::from(is_read_only(bridge)));
    metrics.build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    for Figures { account, synced_at, lines, refresh_issued_at } in figures {
        if let Some(at) = synced_at {
            let age = now.duration_since(at).as_secs_f64();
            metrics.sync_freshness_seconds.with_label_values(&[account.as_str(), sync::run::KIND]).set(age);
        }
        for (status, count) in lines {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            metrics.match_lines.with_label_values(&[account.as_str(), status.as_str()]).set(count);
        }
        if let Some(issued) = refresh_issued_at {
            let ends_at = concur::auth::refresh_token_expires_at(issued);
            let left = ends_at.duration_since(now).as_secs_f64() / 86_400.0;
            metrics.cred_refresh_token_days_left.with_label_values(&[account.as_str()]).set(left);
        }
    }
    Ok(())
}

/// What is counted of one account.
struct Figures {
    account: String,
    synced_at: Option<jiff::Timestamp>,
    lines: Vec<(store::matches::Status, u64)>,
    refresh_issued_at: Option<jiff::Timestamp>,
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
