//! `scim-bridge import`, as somebody without Web Services uses it: a file first, a connection perhaps later.

use std::path::Path;

use crate::process::bridge;

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = bridge(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const FILE: &str = "Date,Vendor,Amount,Currency,Employee\n\
    2026-01-03,ZOOM.US 888-799-9666,14.99,USD,ana@example.com\n\
    someday,GITHUB,4,USD,ana@example.com\n\
    2026-01-05,\"GITHUB, INC.\",21,USD,bo@example.com\n";

#[test]
fn a_file_is_checked_imported_matched_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), FILE).unwrap();
    let (code, columns, said) =
        run(folder.path(), &["import", "check", "a.csv", "--rejected", "rejected.csv"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        columns.contains("VendorDescription") && columns.contains("line 3: TransactionDate \"someday\""),
        "{columns}"
    );
    assert!(said.contains("3 rows: 2 accepted") && said.contains("1 rejected"), "{said}");
    let rejected = std::fs::read_to_string(folder.path().join("rejected.csv")).unwrap();
    assert!(rejected.contains("3,TransactionDate,") && rejected.contains("GITHUB,4,USD"), "{rejected}");
    assert!(!folder.path().join("scim-bridge-data").exists(), "a check needs no database");

    let (code, _, said) = run(folder.path(), &["import", "run", "a.csv", "--account", "Files"]);
    assert!(code == 1 && said.contains("there is no account \"Files\""), "{said}");
    let (code, id, said) =
        run(folder.path(), &["import", "run", "a.csv", "--account", "Files", "--create-account"]);
    assert!(
        code == 0 && said.contains("2 new lines") && said.contains("2 of them matched to an app"),
        "{said}"
    );
    let (code, removed, said) = run(folder.path(), &["import", "undo", id.trim(), "--account", "Files"]);
    assert_eq!((code, removed.trim()), (0, "2 lines removed"), "{said}");
    let (code, _, said) = run(folder.path(), &["import", "undo", id.trim(), "--account", "Files"]);
    assert!(code == 1 && said.contains("not undone"), "{said}");
}

#[test]
fn what_is_wrong_with_a_file_is_wrong_usage_and_names_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.csv"), "Date,Vendor,Amount,Currency\n01/02/2026,Zoom,5,USD\n")
        .unwrap();
    let (code, _, said) = run(folder.path(), &["import", "check", "b.csv"]);
    assert!(code == 2 && said.contains("DMY or MDY") && said.contains("--date-order"), "{said}");
    let (code, _, said) =
        run(folder.path(), &["import", "check", "b.csv", "--date-order", "DMY", "--map", "Colour=x"]);
    assert!(code == 2 && said.contains("no field \"Colour\""), "{said}");
    assert_eq!(run(folder.path(), &["import", "check", "b.csv", "--date-order", "DMY"]).0, 0);
    assert_eq!(run(folder.path(), &["import", "check", "absent.csv"]).0, 1);
}

#[test]
fn what_was_said_about_a_file_counts_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let ambiguous = "Date,Vendor,Amount\n01/02/2026,Zoom,5\n";
    std::fs::write(folder.path().join("b.csv"), ambiguous).unwrap();
    std::fs::write(folder.path().join("c.csv"), ambiguous.replace("Zoom", "Figma")).unwrap();
    let words = ["--date-order", "DMY", "--currency", "EUR"];
    let import = ["import", "run", "b.csv", "--account", "Files", "--create-account"];
    let (code, _, said) = run(folder.path(), &[&import[..], &words].concat());
    assert_eq!(code, 0, "{said}");
    let check = ["import", "check", "c.csv"];
    assert_eq!(run(folder.path(), &check).0, 2, "nobody's");
    let of_account = [&check[..], &["--account", "Files"]].concat();
    let (code, _, said) = run(folder.path(), &of_account);
    assert!(code == 0 && said.contains("as said for b.csv on 20"), "{said}");
    assert!(said.contains(": dates DMY, currency EUR (--as-new forgets it)"), "{said}");
    let (code, _, said) = run(folder.path(), &["import", "run", "c.csv", "--account", "Files"]);
    assert!(code == 0 && said.contains("as said for b.csv") && said.contains("1 new lines"), "{said}");
    assert_eq!(run(folder.path(), &[&of_account[..], &["--as-new"]].concat()).0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_imported_lines_can_be_connected_and_keeps_them() {
    let simulator =
        fixtures::simulator::Simulator::start(fixtures::simulator::Config::default()).await.unwrap();
    let info = simulator.info().clone();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), FILE).unwrap();
    std::fs::write(folder.path().join("token"), &info.company_request_token).unwrap();
    assert_eq!(run(folder.path(), &["import", "run", "a.csv", "--account", "Acme", "--create-account"]).0, 0);
    assert!(run(folder.path(), &["account", "list"]).1.contains("imports only"));
    let connect = bridge(folder.path())
        .args(["account", "connect", "--set", "concur.allow_loopback_http=true", "--name", "Acme"])
        .args(["--base-uri", &info.origins.us2, "--client-id", &info.client_id])
        .args(["--company-uuid", &info.company_uuid, "--company-request-token-file", "token"])
        .env("SCIM_BRIDGE_CLIENT_SECRET", &info.client_secret)
        .output()
        .unwrap();
    assert_eq!(connect.status.code(), Some(0), "{}", String::from_utf8_lossy(&connect.stderr));
    let (_, listed, _) = run(folder.path(), &["account", "list"]);
    assert!(
        listed.contains("company_level")
            && listed.contains(&info.company_uuid)
            && !listed.contains("imports only")
    );
    let (_, imports, _) = run(folder.path(), &["import", "list", "--account", "Acme"]);
    assert!(imports.contains("complete") && imports.contains("a.csv"), "{imports}");
    simulator.stop().await;
}
