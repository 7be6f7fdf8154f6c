//! All HTTP that the bridge serves: SCIM for identity providers, `/api/v1` for answers, and operations.
//!
//! Every request takes one road ([`dispatch`]): limits, authentication, scope, handler, error, log line, metrics.
//! Handlers read like a sentence and hold no rules; those live in `provision`. Only this module names actix-web.

mod admission;
mod api;
mod auth;
mod context;
mod dispatch;
mod error;
mod events;
mod extract;
mod heard;
mod jwt;
mod known;
mod oauth;
pub mod openapi;
mod ops;
mod rehearse;
mod reply;
pub mod routes;
mod scim;
mod upload;

use std::any::Any;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::http::Method;
use actix_web::middleware::NormalizePath;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpServer, web};

pub(crate) use self::admission::Admission;
pub use self::auth::Scope;
use self::error::Surface;
pub(crate) use self::jwt::{Issuers, KeySet};
pub(crate) use self::known::Known;
pub use self::rehearse::{Asked, RehearsalError, Rehearsed, rehearse};
use self::routes::Route;
use crate::bridge::Bridge;

/// Time for requests that are under way when the server is told to stop; the whole stop has 30 s (I27).
const FINISH_REQUESTS_S: u64 = 20;

/// A server that accepts requests.
pub struct Server {
    handle: ServerHandle,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("http::Server")
    }
}

/// Opens the port. Separate from [`Server::start`], because the public address may depend on the port.
///
/// # Errors
/// A taken or forbidden port, or an address that does not resolve.
pub fn bind(listen: &str) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Server {
    /// Starts to accept. Needs a tokio runtime.
    ///
    /// # Errors
    /// What the system says about the listener.
    pub fn start(bridge: &Bridge, listener: TcpListener) -> io::Result<Self> {
        let limits = bridge.config.limits.clone();
        let bridge = bridge.clone();
        let counting = bridge.clone();
        let server = HttpServer::new(move || {
            let bridge = bridge.clone();
            App::new()
                .wrap(NormalizePath::trim())
                .configure(|service| configure(service, &bridge))
                .default_service(web::to(move |request: HttpRequest| {
                    std::future::ready(dispatch::unknown(&bridge, &request))
                }))
        })
        .workers(2)
        // Those past the limit are counted and closed by ourselves; the library would only let them wait.
        .max_connections(limits.connections.saturating_mul(2))
        .on_connect(move |stream, data| count_connection(&counting, stream, data))
        .client_request_timeout(limits.header_time)
        .client_disconnect_timeout(Duration::from_secs(1))
        .shutdown_timeout(FINISH_REQUESTS_S)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        let task = tokio::spawn(server);
        Ok(Self { handle, task })
    }

    /// Accepts nothing new, finishes what is under way, and returns when all is done.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.task.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the server ended with an error");
        }
    }
}

/// Counts a connection for as long as it is open, or closes it at once when there are too many.
fn count_connection(bridge: &Bridge, stream: &dyn Any, data: &mut Extensions) {
    let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
    let Ok(peer) = stream.peer_addr() else { return };
    if let Some(connection) = bridge.admission.connections.open(peer.ip()) {
        data.insert(connection);
    } else {
        bridge.metrics.http_limited.with_label_values(&["connections"]).inc();
        admission::refuse(stream);
    }
}

fn configure(service: &mut web::ServiceConfig, bridge: &Bridge) {
    for base in routes::SCIM_BASES {
        let bridge = bridge.clone();
        let scope =
            web::scope(base).configure(|inner| register(inner, &bridge, &routes::SCIM)).default_service(
                web::to(move |request: HttpRequest| dispatch::unknown_scim(bridge.clone(), request)),
            );
        service.service(scope);
    }
    register(service, bridge, &routes::REST);
}

/// Registers a table: one actix resource per pattern, a method it does not know answers 405.
fn register(service: &mut web::ServiceConfig, bridge: &Bridge, table: &'static [Route]) {
    let mut patterns: Vec<&'static str> = table.iter().map(|route| route.path).collect();
    patterns.dedup();
    for pattern in patterns {
        let mut resource = web::resource(pattern);
        for route in table.iter().filter(|route| route.path == pattern) {
            let methods: &[Method] = if route.method == Method::GET {
                &[Method::GET, Method::HEAD]
            } else {
                std::slice::from_ref(&route.method)
            };
            for method in methods {
                let bridge = bridge.clone();
                resource = resource.route(web::method(method.clone()).to(
                    move |request: HttpRequest, payload: web::Payload| {
                        dispatch::run(bridge.clone(), route, request, payload)
                    },
                ));
            }
        }
        let first = table.iter().find(|route| route.path == pattern);
        let (bridge, surface) = (bridge.clone(), first.map_or(Surface::Problem, |route| route.surface));
        let allow = routes::allow(table, pattern);
        service.service(resource.default_service(web::to(move |request: HttpRequest| {
            dispatch::wrong_method(bridge.clone(), surface, request, allow.clone())
        })));
    }
}
