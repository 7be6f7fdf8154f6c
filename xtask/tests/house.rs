//! The rules of the house that no compiler checks: the picture in `docs/ARCHITECTURE.md` is the truth.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a rule that cannot be checked is broken")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files git tracks or would track.
fn tracked() -> Vec<String> {
    let output = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .unwrap();
    let files: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(files.len() > 50, "git lists only {} files: is this a checkout?", files.len());
    files.into_iter().filter(|file| root().join(file).is_file()).collect()
}

fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "rs")
}

/// The edges of the picture: lines `name → a, b, c` of the block that follows "Who knows whom".
fn drawn() -> BTreeMap<String, BTreeSet<String>> {
    let page = read("docs/ARCHITECTURE.md");
    let block = page.split("## Who knows whom").nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
    let mut edges = BTreeMap::new();
    for line in block.lines().filter(|line| line.contains('→')) {
        let (from, to) = line.split_once('→').unwrap();
        let known: BTreeSet<String> =
            to.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "nobody").collect();
        for name in from.split('·') {
            edges.insert(name.trim().to_owned(), known.clone());
        }
    }
    edges
}

/// The edges that cargo builds: normal dependencies between members of the workspace.
fn built() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let members: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    packages
        .iter()
        .map(|package| {
            let known = package["dependencies"].as_array().unwrap().iter();
            let known = known
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap())
                .filter(|name| members.contains(name))
                .map(str::to_owned)
                .collect();
            (package["name"].as_str().unwrap().to_owned(), known)
        })
        .collect()
}

#[test]
fn crates_know_each_other_exactly_as_the_picture_says() {
    assert_eq!(built(), drawn(), "left: Cargo.toml files, right: docs/ARCHITECTURE.md");
}

#[test]
fn every_path_that_the_documents_name_exists() {
    let mut missing = Vec::new();
    let mut seen = 0;
    for page in ["README.md", "docs/ARCHITECTURE.md", "docs/glossary.md"] {
        for quoted in read(page).split('`').skip(1).step_by(2) {
            let path_like = quoted.contains('/')
                && !quoted.contains([' ', '{', '<', ':', '*', '$', '…', '='])
                && !quoted.starts_with(['/', '.', '-']);
            if path_like {
                seen += 1;
                if !root().join(quoted).exists() {
                    missing.push(format!("{page}: {quoted}"));
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} paths found: has the way of quoting changed?");
    assert!(missing.is_empty(), "named, but not there: {missing:#?}");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent: Vec<String> = tracked()
        .into_iter()
        .filter(|file| is_rust(file))
        .filter(|file| {
            let text = read(file);
            !text.lines().take(3).any(|line| line.starts_with("//!") || line.starts_with("#![doc"))
                && !text.starts_with("// @generated")
        })
        .collect();
    assert!(silent.is_empty(), "these files open without a `//!` line: {silent:#?}");
}

/// Only `concur`, `fixtures`, the demo, the conformance story, the look-up of issuers' keys, webhooks and the benches may build
/// requests with reqwest, only `store` may name diesel, only `scim-bridge/src/http` (and the simulator) may name actix-web.
#[test]
fn libraries_stay_in_their_rooms() {
    let rooms: [(&str, &[&str]); 3] = [
        ("diesel::", &["store/"]),
        ("actix_web::", &["scim-bridge/src/http/", "scim-bridge/tests/", "fixtures/"]),
        (
            "reqwest::",
            &[
                "concur/",
                "fixtures/",
                "benches/",
                "scim-bridge/src/demo/",
                "scim-bridge/src/conformance/",
                "scim-bridge/src/http/jwt/issuers",
                "scim-bridge/src/webhooks/attempt",
                "scim-bridge/tests/",
            ],
        ),
    ];
    let mut strangers = Vec::new();
    for file in tracked().iter().filter(|file| is_rust(file) && !file.starts_with("xtask/")) {
        let text = read(file);
        for (library, allowed) in rooms {
            let named =
                text.lines().any(|line| line.contains(library) && !line.trim_start().starts_with("//"));
            if named && !allowed.iter().any(|room| file.starts_with(room)) {
                strangers.push(format!("{file} names {library}"));
            }
        }
    }
    assert!(strangers.is_empty(), "{strangers:#?}");
}
