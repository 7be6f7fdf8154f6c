//! Subcommands of the executable, on real files.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::process::bridge;

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = bridge(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn match_writes_one_prediction_per_row_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "{\"id\":\"1\",\"VendorDescription\":\"GITHUB, INC.\",\"BusinessPurpose\":\"Seats\",\
                \"ExpenseTypeName\":\"Software\",\"SpendCategory\":\"Other\"}\n\
                {\"id\":\"2\",\"VendorDescription\":\"City Taxi\",\"ExpenseTypeName\":\"Taxi\"}\n";
    std::fs::write(folder.path().join("rows.jsonl"), rows).unwrap();
    let (code, out, said) = run(folder.path(), &["match", "--input", "rows.jsonl"]);
    assert_eq!(code, 0, "{said}");
    let predictions: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(predictions.len(), 2);
    assert_eq!(
        (predictions[0]["id"].as_str(), predictions[0]["app_id"].as_str()),
        (Some("1"), Some("github"))
    );
    assert_eq!((predictions[1]["id"].as_str(), predictions[1]["app_id"].as_str()), (Some("2"), None));
    assert!(said.contains("2 rows") && said.contains("dictionary"), "{said}");

    let (code, out_again, _) =
        run(folder.path(), &["match", "--input", "rows.jsonl", "--output", "predictions.jsonl"]);
    assert_eq!((code, out_again.as_str()), (0, ""));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("predictions.jsonl")).unwrap(),
        out,
        "the same bytes"
    );
    assert!(!folder.path().join("scim-bridge-data").exists(), "matching needs no database");

    let (code, _, said) =
        run(folder.path(), &["match", "--input", "rows.jsonl", "--output", "predictions.parquet"]);
    assert_eq!(code, 0, "{said}");
    let file = std::fs::File::open(folder.path().join("predictions.parquet")).unwrap();
    let rows = SerializedFileReader::new(file).unwrap();
    let names: Vec<String> = rows
        .metadata()
        .file_metadata()
        .schema_descr()
        .columns()
        .iter()
        .map(|it| it.name().to_owned())
        .collect();
    assert_eq!(names, ["id", "app_id", "score", "band", "candidate"]);
    let rows: Vec<String> = rows.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    assert!(
        rows.len() == 2 && rows[0].contains("\"github\"") && rows[1].contains("app_id: null"),
        "{rows:?}"
    );
}

#[test]
fn match_names_the_line_of_a_bad_dictionary_and_of_a_wrong_row() {
    let folder = tempfile::tempdir().unwrap();
    let entry = "{\"id\":\"a\",\"name\":\"A\",\"aliases\":[],\"domain\":\"a.io\",\"category\":\"x\"}\n";
    std::fs::write(folder.path().join("bad.jsonl"), format!("{entry}not an entry\n")).unwrap();
    std::fs::write(
        folder.path().join("rows.jsonl"),
        "{\"id\":\"1\"}\n{\"id\":\"2\",\"VendorDescription\":5}\n",
    )
    .unwrap();
    let (code, _, said) =
        run(folder.path(), &["match", "--dictionary", "bad.jsonl", "--input", "rows.jsonl"]);
    assert!(code == 1 && said.contains("bad.jsonl") && said.contains("line 2"), "{code} {said}");
    let (code, _, said) = run(folder.path(), &["match", "--input", "rows.jsonl"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("rows.jsonl, line 2, field VendorDescription"), "{said}");
    let (code, _, said) = run(folder.path(), &["match", "--input", "absent.jsonl"]);
    assert!(code == 1 && said.contains("absent.jsonl"), "{code} {said}");
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let (code, plaintext, said) = run(
        folder.path(),
        &["token", "create", "--name", "Prometheus", "--scopes", "metrics:read", "--expires-in", "30d"],
    );
    assert_eq!(code, 0, "{said}");
    assert!(plaintext.starts_with("ccb_") && plaintext.lines().count() == 1, "{plaintext}");
    let (_, listed, _) = run(folder.path(), &["token", "list"]);
    assert!(listed.contains("Prometheus") && listed.contains("metrics:read"), "{listed}");
    let secret = plaintext.trim().rsplit_once('_').unwrap().0;
    assert!(!listed.contains(secret), "the secret is shown once");
    let id = listed.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    assert_eq!(run(folder.path(), &["token", "revoke", id]).0, 0);
    assert_eq!(run(folder.path(), &["token", "revoke", id]).0, 1, "it is no live token any more");
    let (code, _, said) = run(folder.path(), &["token", "create", "--name", "x", "--scopes", "everything"]);
    assert!(code == 2 && said.contains("scim:read"), "{said}");
    let (code, _, said) = run(folder.path(), &["token", "create", "--name", "x", "--account", "Acme"]);
    assert!(code == 1 && said.contains("none yet"), "{said}");
}

#[test]
fn the_configuration_is_shown_with_its_origins_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bridge.toml"), "[delivery]\nbulk_from = 9\n").unwrap();
    let (code, shown, said) =
        run(folder.path(), &["config", "show", "--config", "bridge.toml", "--set", "sync.interval=1h"]);
    assert_eq!(code, 0, "{said}");
    let row = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(row("delivery.bulk_from").contains("bridge.toml, line 2"), "{shown}");
    assert!(row("sync.interval").contains("\"1h\"") && row("sync.interval").contains("--set"), "{shown}");
    assert!(row("listen").contains("default"), "{shown}");
    assert_eq!(run(folder.path(), &["config", "check"]).0, 0);
    assert_eq!(run(folder.path(), &["config", "check", "--set", "delivery.bulk_form=1"]).0, 2);
}

#[test]
fn mistakes_in_an_accounts_settings_are_named_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let check = |settings: &str, words: &[&str]| {
        std::fs::write(folder.path().join("settings.json"), settings).unwrap();
        let (code, _, said) = run(folder.path(), &["config", "check", "--account-settings", "settings.json"]);
        assert_eq!(code, if words.is_empty() { 0 } else { 2 }, "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    };
    check("{}", &[]);
    check("{\"default_county\": \"DE\"}", &["settings.json", "default_county"]);
    check(
        "{\"attribute_mappings\": [{\"attribute\": \"title\", \"transformation\": \"rot13\"}]}",
        &["rot13"],
    );
    check(
        "{\"attribute_mappings\": [{\"attribute\": \"shoeSize\", \"default\": \"42\"}], \"allowed_roles\": [\"BOSS\"]}",
        &["shoeSize is no SCIM attribute", "BOSS is no role code"],
    );
    check("{\"scope\": \"department eq\"}", &["scope"]);
}

#[test]
fn a_company_is_connected_only_with_secrets_from_files_or_environment() {
    let folder = tempfile::tempdir().unwrap();
    let connect =
        ["account", "connect", "--name", "Acme", "--base-uri", "https://example.com", "--client-id", "c"];
    let (code, _, said) = run(folder.path(), &connect);
    assert!(code == 2 && said.contains("--client-secret-file"), "{said}");
    std::fs::write(folder.path().join("secret"), "s3cret-canary\n").unwrap();
    let with_secret = [&connect[..], &["--client-secret-file", "secret"]].concat();
    let (code, _, said) = run(folder.path(), &with_secret);
    assert!(code == 2 && said.contains("--company-uuid"), "{said}");
    let user = [&with_secret[..], &["--username", "ada", "--password-file", "secret"]].concat();
    let (code, _, said) = run(folder.path(), &user);
    assert!(code == 1 && said.contains("base URI"), "a foreign host gets no secret: {said}");
    assert!(!said.contains("s3cret-canary"));
    let (code, listed, _) = run(folder.path(), &["account", "list"]);
    assert_eq!((code, listed.lines().count()), (0, 1));
    assert_eq!(run(folder.path(), &["account", "show", "Acme"]).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_connected_listed_and_given_a_token_from_the_command_line() {
    let simulator =
        fixtures::simulator::Simulator::start(fixtures::simulator::Config::default()).await.unwrap();
    let info = simulator.info().clone();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), format!("{}\n", info.company_request_token)).unwrap();
    let connect = bridge(folder.path())
        .args(["account", "connect", "--set", "concur.allow_loopback_http=true", "--name", "Acme"])
        .args(["--base-uri", &info.origins.us2, "--client-id", &info.client_id])
        .args(["--company-uuid", &info.company_uuid, "--company-request-token-file", "token"])
        .env("SCIM_BRIDGE_CLIENT_SECRET", &info.client_secret)
        .output()
        .unwrap();
    let said = String::from_utf8(connect.stderr).unwrap();
    assert_eq!(connect.status.code(), Some(0), "{said}");
    let (code, shown, _) = run(folder.path(), &["account", "show", "Acme"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, shown["company_uuid"].as_str()), (0, Some(info.company_uuid.as_str())));
    assert_eq!(shown["authentication_type"], "company_level");
    let (_, listed, _) = run(folder.path(), &["account", "list"]);
    assert!(listed.contains("Acme") && listed.contains(&info.origins.us2), "{listed}");
    for text in [&said, &listed, &shown.to_string()] {
        assert!(!text.contains(&info.client_secret) && !text.contains(&info.company_request_token));
    }
    let (code, token, said) = run(folder.path(), &["token", "create", "--name", "Okta", "--account", "Acme"]);
    assert!(code == 0 && token.starts_with("ccb_") && said.contains("Acme"), "{said}");

    let good = r#"{"scope": "title eq \"Chef\"", "allowed_roles": ["EXP_PROCESSOR"]}"#;
    std::fs::write(folder.path().join("good.json"), good).unwrap();
    let (code, _, said) = run(folder.path(), &["account", "settings", "Acme", "--file", "good.json"]);
    assert!(code == 0 && said.contains("0 users looked at"), "{said}");
    let (code, out, _) = run(folder.path(), &["account", "settings", "Acme"]);
    let stored: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, stored["scope"].as_str()), (0, Some("title eq \"Chef\"")));
    let (code, out, _) = run(folder.path(), &["account", "scope-test", "Acme"]);
    assert_eq!((code, out.trim()), (0, "0 users, 0 of them out of scope"));
    let (code, _, said) = run(folder.path(), &["account", "scope-test", "Acme", "ada@example.com"]);
    assert!(code == 1 && said.contains("ada@example.com"), "{said}");
    let (code, _, said) = run(folder.path(), &["account", "scope-test", "Acme", "--scope", "title eq"]);
    assert!(code == 2 && said.contains("--scope"), "{said}");
    simulator.stop().await;
}

#[test]
fn match_eval_measures_labelled_lines() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "{\"id\":\"1\",\"VendorDescription\":\"GITHUB, INC.\",\"ExpenseTypeName\":\"Software\",\"label\":\"github\",\"class\":\"paid\"}\n\
                {\"id\":\"2\",\"VendorDescription\":\"City Taxi\",\"ExpenseTypeName\":\"Taxi\",\"label\":null,\"class\":\"unpaid\"}\n\
                {\"id\":\"3\",\"VendorDescription\":\"City Taxi\",\"label\":\"zoom\",\"class\":\"paid\"}\n";
    std::fs::write(folder.path().join("rows.jsonl"), rows).unwrap();
    let (code, out, said) =
        run(folder.path(), &["match", "eval", "rows.jsonl", "--svg", "plot.svg", "--errors"]);
    assert_eq!(code, 0, "{said}");
    assert!(out.contains("3 lines, 2 pay for an app, 1 for none") && out.contains("City Taxi"), "{out}");
    let plot = std::fs::read_to_string(folder.path().join("plot.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"), "{plot}");
    let (_, out, _) = run(folder.path(), &["match", "eval", "rows.jsonl", "--json", "-"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (report["lenient"]["recall"].as_f64(), report["lenient"]["fpr"].as_f64()),
        (Some(0.5), Some(0.0))
    );
    std::fs::write(folder.path().join("rows.jsonl"), "{\"id\":\"1\"}\n").unwrap();
    let (code, _, said) = run(folder.path(), &["match", "eval", "rows.jsonl"]);
    assert!(code == 2 && said.contains("rows.jsonl, line 1: no member `label`"), "{code} {said}");
}

#[test]
fn match_test_fails_where_a_case_is_decided_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "[[rules]]\nname = \"agency\"\naction = \"match\"\napp = \"figma\"\nwhen = { vendor_description = { contains_word = \"bright agency\" } }\n";
    let cases = "rules = \"rules.toml\"\n[[case]]\nname = \"agency\"\nvendor_description = \"BRIGHT AGENCY\"\nexpect = \"figma\"\nrule = \"agency\"\n";
    std::fs::write(folder.path().join("rules.toml"), rules).unwrap();
    std::fs::write(folder.path().join("cases.toml"), cases).unwrap();
    let (code, _, said) = run(folder.path(), &["match", "test", "cases.toml"]);
    assert!(code == 0 && said.contains("1 cases, 0 failed"), "{said}");
    std::fs::write(folder.path().join("cases.toml"), cases.replace("\"figma\"", "\"none\"")).unwrap();
    let (code, out, _) = run(folder.path(), &["match", "test", "cases.toml"]);
    assert!(code == 1 && out.contains("expected none, decided figma"), "{out}");
    std::fs::write(folder.path().join("rules.toml"), rules.replace("figma", "nobody")).unwrap();
    let (code, _, said) = run(folder.path(), &["match", "test", "cases.toml"]);
    assert!(
        code == 2 && said.contains("rules.toml, rule 1") && said.contains("not in the dictionary"),
        "{said}"
    );
    let (_, out, _) = run(folder.path(), &["match", "explain", "PAYPAL *FIGMA"]);
    assert!(out.starts_with("figma (certain") && out.contains("it would be no app if"), "{out}");
}

#[test]
fn dictionaries_are_checked_laid_over_one_another_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let add = [
        "dictionary",
        "add",
        "own.jsonl",
        "--id",
        "quillwork",
        "--name",
        "Quillwork",
        "--domain",
        "quillwork.io",
    ];
    let (code, _, said) = run(folder.path(), &add);
    assert_eq!(code, 0, "{said}");
    let (code, _, said) =
        run(folder.path(), &["dictionary", "build", "shipped", "own.jsonl", "--output", "all.jsonl"]);
    assert_eq!(code, 0, "{said}");
    let (_, out, _) = run(folder.path(), &["dictionary", "diff", "shipped", "all.jsonl"]);
    assert_eq!(out, "+ quillwork (Quillwork)\n");
    let (code, _, said) = run(folder.path(), &["dictionary", "lint"]);
    assert!(code == 0 && said.contains(" 0 errors"), "{said}");
    std::fs::write(folder.path().join("bad.jsonl"), "{\"id\":\"A B\",\"name\":\"Quillwork\"}\n").unwrap();
    let (code, out, _) = run(folder.path(), &["dictionary", "lint", "bad.jsonl"]);
    assert!(code == 1 && out.contains("error: A B: an id is made of small letters"), "{out}");
}

#[test]
fn a_token_is_replaced_while_the_old_one_still_works() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["token", "create", "--name", "Prometheus", "--scopes", "metrics:read"];
    let (code, first, said) = run(folder.path(), &create);
    let id = first[4..20].to_owned();
    assert!(code == 0 && said.contains(&format!("{id} is the client id")), "{said}");
    let (code, second, said) = run(folder.path(), &["token", "rotate", &id, "--overlap", "2h"]);
    assert_eq!(code, 0, "{said}");
    assert!(second.starts_with("ccb_") && second != first, "{second}");
    assert!(
        said.contains(&format!("takes over from {id}")) && said.contains(&format!("stays {id}")),
        "{said}"
    );
    let (_, list, _) = run(folder.path(), &["token", "list"]);
    assert_eq!(list.matches(&id).count(), 3, "the first one, and the client of both: {list}");
    let (code, _, said) = run(folder.path(), &["token", "rotate", &second[4..20]]);
    assert!(code == 1 && said.contains("two live tokens already"), "{code} {said}");
    let (code, _, said) = run(folder.path(), &["token", "rotate", "0000000000000000"]);
    assert!(code == 1 && said.contains("no live token"), "{code} {said}");
    let (code, _, said) = run(folder.path(), &["token", "rotate", "Prometheus"]);
    assert!(code == 2 && said.contains("16 hexadecimal digits"), "{code} {said}");
    let (code, _, said) = run(folder.path(), &["token", "rotate", &id, "--overlap", "soon"]);
    assert!(code == 2 && said.contains("--overlap"), "{code} {said}");
}

#[test]
fn a_server_that_cannot_be_checked_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "ccb_x\n").unwrap();
    std::fs::write(folder.path().join("two"), "ccb_x\nccb_y\n").unwrap();
    let check = |token: &str| {
        run(folder.path(), &["scim", "check", "--url", "http://127.0.0.1:1/scim/v2", "--token-file", token])
    };
    let (code, _, said) = check("token");
    assert!(code == 1 && said.to_lowercase().contains("refused"), "{code} {said}");
    let (code, _, said) = check("two");
    assert!(code == 2 && said.contains("one token on one line"), "{code} {said}");
    assert!(!said.contains("ccb_"), "{said}");
}

#[test]
fn an_account_need_not_be_named_while_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let questions: [&[&str]; 7] = [
        &["query", "apps"],
        &["brake", "status"],
        &["operations", "list"],
        &["requests"],
        &["scim", "habits"],
        &["recorder", "list"],
        &["reconcile"],
    ];
    for arguments in questions {
        let (code, _, said) = run(folder.path(), arguments);
        assert!(code == 1 && said.contains("no account yet"), "{arguments:?}: {code} {said}");
    }
    let rows = "Transaction Date,Vendor,Amount,Currency\n2026-03-01,GitHub,10.00,USD\n";
    for name in ["Acme", "Other"] {
        std::fs::write(folder.path().join("lines.csv"), rows).unwrap();
        let (code, _, said) =
            run(folder.path(), &["import", "run", "lines.csv", "--account", name, "--create-account"]);
        assert_eq!(code, 0, "{said}");
        for arguments in questions.iter().filter(|arguments| arguments[0] != "reconcile") {
            let (code, _, said) = run(folder.path(), arguments);
            let expected = if name == "Acme" { (0, "") } else { (2, "say which of Acme, Other") };
            assert!(code == expected.0 && said.contains(expected.1), "{arguments:?}: {code} {said}");
        }
    }
}

#[test]
fn conversations_are_asked_for_by_the_name_of_an_account() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["requests", "--account", "Acme"][..],
        &["scim", "habits", "--account", "Acme"],
        &["recorder", "start", "--account", "Acme"],
        &["recorder", "list", "--account", "Acme"],
        &["dry-run", "--account", "Acme", "GET", "/Users"],
    ] {
        let (code, _, said) = run(folder.path(), arguments);
        assert!(code == 1 && said.contains("no account \"Acme\""), "{arguments:?}: {code} {said}");
    }
    let (code, _, said) = run(folder.path(), &["recorder", "start", "--account", "Acme", "--for", "25h"]);
    assert!(code == 2 && said.contains("at most 24h"), "{code} {said}");
    let (code, _, said) = run(folder.path(), &["recorder", "show", "--account", "Acme", "7"]);
    assert!(code == 2 && said.contains("no id of a recording"), "{code} {said}");
}

#[test]
fn whoever_reads_the_first_lines_alone_hears_of_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "Transaction Date,Vendor,Amount,Currency\n".to_owned();
    for cents in 10..3_000 {
        writeln!(rows, "2026-03-01,GitHub,1{cents}.50,USD").unwrap();
    }
    std::fs::write(folder.path().join("lines.csv"), rows).unwrap();
    let import = ["import", "run", "lines.csv", "--account", "Acme", "--create-account"];
    assert_eq!(run(folder.path(), &import).0, 0);
    for format in ["csv", "jsonl", "table"] {
        let mut command = bridge(folder.path());
        command.args(["query", "lines", "--format", format]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        drop(running.stdout.take());
        let Output { status, stderr, .. } = running.wait_with_output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(status.success() && said.is_empty(), "{format}: {said}");
    }
}
