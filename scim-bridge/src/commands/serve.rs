//! `scim-bridge serve`: runs until it is told to stop.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::Settings;
use crate::clock::Clock;
use crate::{logging, serve};

/// Flags of `serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Send nothing to Concur: changes are accepted and wait, visibly. The same as `--set delivery.mode=accept_only`.
    #[arg(long)]
    read_only: bool,
}

impl Serve {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let mut layers = settings.layers(super::variables())?;
        if let Some(listen) = &self.listen {
            layers.flag("--listen", "listen", listen)?;
        }
        if self.read_only {
            layers.flag("--read-only", "delivery.mode", "accept_only")?;
        }
        let config = layers.build()?;
        let clock = Clock::system();
        logging::init(&config.log, &clock);
        // Listen for the signal first: one that arrives while starting must not be lost.
        let mut terminate = signal(SignalKind::terminate())?;
        let running = serve::start(config, clock).await?;
        super::output::note(&format!(
            "scim-bridge serves on http://{} (SCIM base address {})",
            running.addr(),
            running.bridge().scim_base()
        ));
        tokio::select! {
            _ = terminate.recv() => {}
            interrupted = tokio::signal::ctrl_c() => interrupted?,
        }
        running.stop().await;
        Ok(())
    }
}
