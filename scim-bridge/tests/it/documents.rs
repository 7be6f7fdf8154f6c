//! Pages that are made from the code: the mapping, the list of metrics, and the tables one connects a company by. `UPDATE_DOCUMENTS=1 cargo test -p scim-bridge documents` writes
//! them; without it a page that has fallen behind is a failure.

use std::fmt::Write as _;
use std::path::Path;

use concur::auth::{Remedy, TokenCause};
use scim_bridge::accounts::check::CHECKS;
use scim_bridge::accounts::scopes::{self, Functionality, ScopeRow};
use scim_bridge::metrics::Metrics;
use scim_bridge::translate::mapping::{Limit, Need, TABLE};
use scim_bridge::translate::roles::{CATALOGUE, Gives};

fn page(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Compares the part between the markers with what the code says, or puts it there.
#[track_caller]
pub(crate) fn check(name: &str, expected: &str) {
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
fn the_page_of_groups_has_the_catalogue() {
    let mut table = String::from("| group | code | gives | privileged |\n|---|---|---|---|\n");
    for entry in CATALOGUE {
        let gives = match entry.gives {
            Gives::Role => "role".to_owned(),
            Gives::Entitlement(product) => format!("entitlement {product}"),
        };
        let privileged = if entry.privileged { "yes" } else { "" };
        writeln!(table, "| {} | `{}` | {gives} | {privileged} |", entry.name, entry.code).unwrap();
    }
    check("groups.md", &table);
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

fn data_centers() -> String {
    let mut rows = String::from("### Data centres\n\n| data centre | for | base URI |\n|---|---|---|\n");
    for center in concur::DATA_CENTERS {
        writeln!(rows, "| {} | {} | `{}` |", center.name, center.place, center.base_uri).unwrap();
    }
    rows
}

fn scope_row(row: &ScopeRow, functionality: Functionality) -> String {
    let mut losses = functionality.helpful().iter();
    let need = match row.need {
        scopes::Need::Needed => "**needed**".to_owned(),
        scopes::Need::Helps => {
            let loss = losses.find(|(name, _)| *name == row.scope).map_or("", |(_, loss)| loss);
            format!("helps; without it {loss}")
        }
        scopes::Need::Unneeded => "not used by this program".to_owned(),
        scopes::Need::Gone => "cannot be given any more, and is not missed".to_owned(),
    };
    format!("| `{}` | {} | {need} |\n", row.scope, row.opens)
}

fn scope_sets() -> String {
    let mut text = String::new();
    for functionality in Functionality::ALL {
        let requested = functionality.requested();
        let (title, name) = (functionality.title(), functionality.name());
        writeln!(
            text,
            "\n### Scopes for {title} (`--for {name}`): {} as requested, {} needed\n",
            requested.len(),
            functionality.needed().len()
        )
        .unwrap();
        text.push_str("| scope | opens | here |\n|---|---|---|\n");
        let rows = scopes::table(&[functionality], &[], &[]);
        text.extend(rows.iter().map(|row| scope_row(row, functionality)));
    }
    text
}

fn token_errors() -> String {
    let mut rows = String::from(
        "\n### Error codes of the token endpoint\n\n| code | cause | next step | mended by |\n|---|---|---|---|\n",
    );
    for (code, cause) in TokenCause::documented() {
        let who = match cause.remedy() {
            Remedy::Operator => "the customer",
            Remedy::Configuration => "the application's registration, or our settings",
            Remedy::Bug => "us",
            Remedy::Retry | Remedy::Unknown => "waiting",
        };
        writeln!(rows, "| {code} | {} | {} | {who} |", cause.meaning(), cause.next_step()).unwrap();
    }
    rows
}

#[test]
fn the_connecting_page_has_the_tables_of_the_code() {
    let mut checks = String::from("\n### What `account check` looks at\n\n| check | looks at |\n|---|---|\n");
    for (name, what) in CHECKS {
        writeln!(checks, "| {name} | {what} |").unwrap();
    }
    check("connecting.md", &[data_centers(), scope_sets(), checks, token_errors()].concat());
}
