//! Finds PostgreSQL's server programs, or installs them from Debian's packages and says so.
//!
//! The tests start a cluster of their own (see `store/src/testing/`), so only the programs are needed;
//! no running server, account or password of this machine is touched.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::debian;

/// The folder that holds `initdb` and `postgres`, installing them where the machine allows it.
pub(crate) fn find_or_install() -> anyhow::Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    debian::install(&["postgresql"], INSTEAD)?;
    find().context("PostgreSQL was installed, but initdb and postgres are in none of the usual folders")
}

/// Looks on `PATH` and in the folders that Debian, Homebrew and the PostgreSQL project use.
fn find() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut folders = on_path.unwrap_or_default();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql"] {
        let versions = std::fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(versions.map(|version| version.path().join("bin")));
    }
    folders.into_iter().find(|folder| holds_server(folder))
}

fn holds_server(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("postgres").is_file()
}

/// What a person can do where xtask cannot.
const INSTEAD: &str = "Install PostgreSQL 14 or later (programs initdb and postgres) with your system's package \
                       manager, or set TEST_POSTGRES_URL to a server where databases may be created";
