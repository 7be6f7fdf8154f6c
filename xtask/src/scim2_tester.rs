//! Installs scim2-tester, the public SCIM compliance checker (`PyPI`), into a folder of its own under `target/`.
//!
//! Nothing outside that folder changes but Debian's packages for Python, where they are missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::debian;

/// Packages and versions, below the workspace.
const REQUIREMENTS: &str = "scim-bridge/tests/scim2_tester/requirements.txt";

/// The Python that can import the checker, in the versions of [`REQUIREMENTS`].
pub(crate) fn find_or_install(root: &Path) -> anyhow::Result<PathBuf> {
    let folder = target(root).join("scim2-tester");
    let python = folder.join("bin/python");
    let wanted = std::fs::read_to_string(root.join(REQUIREMENTS)).context(REQUIREMENTS)?;
    let stamp = folder.join("installed.txt");
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    if !makes_environments() {
        let instead = "Install Python 3.10 or later with its venv module";
        debian::install(&["python3", "python3-venv"], instead)?;
    }
    println!("xtask: installing scim2-tester from PyPI into {}", folder.display());
    run(Command::new(system_python()).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
    run(Command::new(&python).args(pip).arg(root.join(REQUIREMENTS)))?;
    std::fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    Ok(python)
}

/// Whether a Python is there that can make environments with pip in them.
fn makes_environments() -> bool {
    let asked = Command::new(system_python())
        .args(["-c", "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))"])
        .output();
    asked.is_ok_and(|output| output.status.success())
}

/// Debian's own Python may stand behind another one on `PATH` that lacks what is needed.
fn system_python() -> &'static str {
    let complete = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import ensurepip, venv"]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().find(complete).unwrap_or("python3")
}

fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{command:?} could not be started"))?;
    if !status.success() {
        bail!("{command:?} failed ({status}); the tests need scim2-tester, and for that an address of PyPI");
    }
    Ok(())
}
