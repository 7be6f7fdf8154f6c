//! Installs Debian's packages and says so.

use std::process::Command;

use anyhow::{Context, bail};

/// Installs `packages`; `instead` tells what a person can do where there is no apt-get, or it fails.
pub(crate) fn install(packages: &[&str], instead: &str) -> anyhow::Result<()> {
    let names = packages.join(" ");
    if Command::new("apt-get").arg("--version").output().is_err() {
        bail!("the tests need {names}. {instead}");
    }
    println!("xtask: installing Debian's packages {names} (apt-get, needs root)");
    let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    for arguments in [&["update"][..], &install] {
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .status()
            .context("apt-get could not be started")?;
        if !status.success() {
            bail!("`apt-get {}` failed ({status}). {instead}", arguments.join(" "));
        }
    }
    Ok(())
}
