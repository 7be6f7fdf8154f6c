//! A stranger's opinion: scim2-tester, the public compliance checker (`PyPI`), against the demo server.
//!
//! `cargo xtask test` installs it; its own doing is `scim-bridge/tests/scim2_tester/check.py`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::process::bridge;

/// The Python that has the checker, if it has been installed.
fn python() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_scim-bridge")).ancestors().nth(2).unwrap();
    let found = target.join("scim2-tester/bin/python");
    if found.is_file() {
        return Some(found);
    }
    let required = std::env::var_os("REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!required, "REQUIRE_ALL=1, and no scim2-tester");
    eprintln!("skipped: no scim2-tester; `cargo xtask test` installs it");
    None
}

/// A demo that serves, and is killed in the end.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Demo {
    /// Starts it and waits until the story of the day is told: its steps wait for each other's deliveries, and nobody
    /// should come between. The year of expenses is read meanwhile.
    fn start(folder: &Path) -> (Self, String) {
        let mut command = bridge(folder);
        command.args(["demo", "--port", "0", "--data-dir", "demo"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut demo = Self(child);
        let mut said = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = String::new();
        for line in said.by_ref() {
            if let Some(("bridge", rest)) = line.trim().split_once(' ') {
                rest.trim().clone_into(&mut address);
            }
            if line.starts_with("A year of expense reports") {
                break;
            }
        }
        std::thread::spawn(move || said.for_each(drop));
        assert!(
            address.starts_with("http://127.0.0.1:"),
            "the demo did not say where it serves: {address:?}"
        );
        (demo, address)
    }
}

#[test]
fn the_public_compliance_checker_finds_no_failure_in_the_demo_server() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_demo, address) = Demo::start(folder.path());
    let state = std::fs::read_to_string(folder.path().join("demo/demo-state.json")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    let checked = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scim2_tester/check.py"))
        .args([&format!("{address}/scim/v2"), state["tokens"]["scim"].as_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    let trouble = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}\n{trouble}");
    println!("{said}");
}
