//! A throw-away tenant: the bridge on an empty database with a simulated Concur, gone when it is stopped. For whoever wants
//! to see what this version answers without touching anything of theirs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use fixtures::simulator::{self, Simulator};
use secrecy::SecretString;

use super::stage::Stage;
use super::voice::{Audience, Voice};
use super::{Options, configuration, stop};
use crate::clock::Clock;
use crate::serve::{self, Running};

/// A running throw-away tenant.
pub struct Tenant {
    /// SCIM base address, on the loopback.
    pub scim_base: String,
    /// Reads and writes users and groups.
    pub token: SecretString,
    running: Running,
    simulator: Simulator,
    folder: Folder,
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant").field("scim_base", &self.scim_base).finish_non_exhaustive()
    }
}

impl Tenant {
    /// Starts one.
    ///
    /// # Errors
    /// No port, no place for temporary files, or a simulator that does not start.
    pub async fn start() -> anyhow::Result<Self> {
        concur::install_crypto();
        let folder = Folder::new()?;
        let simulated =
            simulator::Config { provisioning_delay: Duration::ZERO, ..simulator::Config::default() };
        let simulator =
            Simulator::start(simulated).await.context("the simulated Concur could not be started")?;
        let options = Options { data_dir: folder.0.clone(), port: 0, seed: 1, once: true, json: true };
        let running = serve::start(configuration(&options), Clock::system()).await?;
        let (bridge, voice) = (running.bridge().clone(), Voice::new(Audience::Machine));
        let scim_base = bridge.scim_base();
        let stage = Stage { bridge, simulator: &simulator, data_dir: &folder.0, voice: &voice };
        let account = stage.connect().await?;
        let token = stage.token("scim", &["scim:read", "scim:write"], Some(account)).await?;
        Ok(Self { scim_base, token: SecretString::from(token), running, simulator, folder })
    }

    /// Ends it and removes what it had.
    pub async fn stop(self) {
        stop(self.running, self.simulator).await;
        drop(self.folder);
    }
}

/// A folder for a while.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("scim-bridge-check-{}", uuid::Uuid::new_v4().simple()));
        make_private(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
