//! `scim-bridge healthcheck`: exit code 0 when the server answers `/healthz` with 200.
//!
//! A dozen lines of HTTP/1.1 over a socket: the check must work in an image that holds nothing but this binary.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;

use super::Settings;

/// Time for each step of the question.
const WITHIN: Duration = Duration::from_secs(3);

/// Flags of `healthcheck`.
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// Address and port to ask; else the configured one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    address: Option<String>,
    /// Ask whether it is ready (/readyz) instead of alive.
    #[arg(long)]
    ready: bool,
}

impl Healthcheck {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let address = match self.address {
            Some(address) => address,
            // Whoever listens on every address also listens on loopback.
            None => settings.load()?.listen.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:"),
        };
        let path = if self.ready { "/readyz" } else { "/healthz" };
        let status = ask(&address, path).with_context(|| format!("nobody answers on {address}"))?;
        ensure!(status.starts_with("HTTP/1.1 200"), "{address}{path} answered {status}");
        Ok(())
    }
}

/// The status line of the answer.
fn ask(address: &str, path: &str) -> anyhow::Result<String> {
    let resolved = address.to_socket_addrs()?.next().context("the name has no address")?;
    let mut stream = TcpStream::connect_timeout(&resolved, WITHIN)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(16 * 1024).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
