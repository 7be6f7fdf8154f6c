//! Pages that are made from the code: the mapping and the list of metrics. `UPDATE_DOCUMENTS=1 cargo test -p scim-bridge documents` writes
//! them; without it a page that has fallen behind is a failure.

use std::fmt::Write as _;
use std::path::Path;

use scim_bridge::metrics::Metrics;
use scim_bridge::translate::mapping::{Limit, Need, TABLE};

fn page(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Compares the part between the markers with what the code says, or puts it there.
#[track_caller]
fn check(name: &str, expected: &str) {
    const BEGIN: &str = "<!-- made from the code: begin -->\n";
    const END: &str = "<!-- made from the code: end -->";
    let path = page(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has a part for the code");
    let (found, after) = rest.split_once(END).expect("the part for the code ends");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "{} has fallen behind: run with UPDATE_DOCUMENTS=1", path.display());
}

fn short(path: &str) -> String {
    path.replace("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:", "enterprise:")
        .replace("urn:ietf:params:scim:schemas:extension:spend:2.0:User:", "spend:")
        .replace("urn:ietf:params:scim:schemas:extension:concurbridge:2.0:User:", "bridge:")
}

#[test]
fn the_mapping_page_is_the_mapping_table() {
    let mut table = String::from("| SCIM | Concur | need | limit | note |\n|---|---|---|---|---|\n");
    for row in TABLE {
        let need = match row.need {
            Need::Required => "required",
            Need::RequiredForSpend => "required for spend",
            Need::Derived => "derived or defaulted",
            Need::Optional => "optional",
        };
        let limit = match row.limit {
            Limit::Any => String::new(),
            Limit::Chars(most) => format!("{most} characters"),
            Limit::Listed => "closed list".to_owned(),
        };
        let (scim, concur) = (short(row.scim), short(row.concur));
        writeln!(table, "| `{scim}` | `{concur}` | {need} | {limit} | {} |", row.note).unwrap();
    }
    check("mapping.md", &table);
}

#[test]
fn every_metric_stands_in_the_operating_page() {
    let mut table = String::from("| metric | kind | labels | counts |\n|---|---|---|---|\n");
    for metric in Metrics::catalogue() {
        let labels = metric.labels.join(", ");
        writeln!(table, "| `{}` | {} | {labels} | {} |", metric.name, metric.kind, metric.help).unwrap();
    }
    check("operating.md", &table);
}
