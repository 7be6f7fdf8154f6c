//! The demo as a newcomer runs it, and as a power cut leaves it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use fixtures::company::Company;
use serde_json::Value;

use crate::process::bridge;

/// Plenty for a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

fn demo(folder: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = bridge(folder);
    command.args(["demo", "--port", "0", "--data-dir", "demo"]).args(arguments);
    command
}

/// Kills without a warning, as a power cut does.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn state(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("demo/demo-state.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The database of the demo, opened beside it once it has ended.
fn store(folder: &Path) -> store::Store {
    let key = store::MasterKey::from_file(&folder.join("demo/master.key")).unwrap();
    let database = folder.join("demo/scim-bridge.sqlite");
    assert!(database.is_file(), "{:?}", std::fs::read_dir(folder.join("demo")).unwrap().collect::<Vec<_>>());
    store::Store::open(&format!("sqlite:{}", database.display()), key).unwrap()
}

#[test]
fn a_demo_killed_in_delivery_and_in_sync_goes_on_and_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();

    // In the middle of delivery: some steps are told, more are to come.
    let child = demo(folder, &["--once"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while state(folder)["told"].as_array().is_none_or(|told| told.len() < 6) {
        assert!(Instant::now() < deadline, "the story did not begin");
        std::thread::yield_now();
    }
    kill(child);
    let told = state(folder)["told"].as_array().unwrap().len();
    assert!(state(folder)["at_hand"].is_object() || told > 0);

    // In the middle of the sync: the first windows are stored, the year is not.
    let mut child = demo(folder, &["--once"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let progress = lines.by_ref().map(Result::unwrap).find(|line| line.contains("fortnights"));
    let progress = progress.expect("the sync did not begin");
    kill(child);

    // To the end, although somebody else has taken the simulator's port meanwhile.
    let port = state(folder)["simulator_port"].as_u64().unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", u16::try_from(port).unwrap())).ok();
    let output = demo(folder, &["--once", "--json"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "killed at {told} steps and at {progress:?}: {said}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["as_expected"], true, "{document:#}");
    let addresses: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("demo/demo.json")).unwrap()).unwrap();
    assert!(addresses["tokens"]["scim"].as_str().unwrap().starts_with("ccb_"));

    // Every line of the company once, and every person of the story once.
    let memory = state(folder);
    let company = Company::generate(
        memory["seed"].as_u64().unwrap(),
        memory["today"].as_str().unwrap().parse().unwrap(),
    );
    let lines: usize = company.reports.iter().map(fixtures::company::Report::line_count).sum();
    let account = memory["account"].as_str().unwrap().parse().unwrap();
    let (stored, users) = store(folder)
        .read_blocking(|conn| {
            let stored = store::lines::count(conn, account, &store::lines::Filter::default())?;
            let users = store::resources::page(conn, account, store::resources::ResourceType::User, 0, 200)?;
            Ok((stored, users.1))
        })
        .unwrap();
    assert_eq!(stored, lines);
    let mut names: Vec<_> = users.iter().map(|user| user.user_name_folded.clone()).collect();
    names.sort();
    let people = names.len();
    names.dedup();
    assert_eq!(names.len(), people, "nobody twice");
    assert!(people >= 6, "{names:?}");
}

#[test]
fn another_seed_in_the_same_folder_is_refused_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("demo")).unwrap();
    let memory = r#"{"seed":1,"today":"2026-11-20","simulator_port":0,"account":null,"tokens":{},"told":[],
        "at_hand":null,"variables":{}}"#;
    std::fs::write(folder.path().join("demo/demo-state.json"), memory).unwrap();
    let output = demo(folder.path(), &["--once", "--seed", "2"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--seed 1") && said.contains("--data-dir"), "{said}");
}
