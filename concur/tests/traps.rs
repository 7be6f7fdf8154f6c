//! The page about traps names a test for each of them, and every test it names exists in this workspace.
#![expect(clippy::unwrap_used, reason = "helpers outside of #[test] functions may fail loudly too")]

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

const TRAPS: usize = 79;

fn house() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Number and last column of every row.
fn rows(page: &str) -> Vec<(usize, &str)> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = cells.map(|line| line.split(" | ").collect::<Vec<_>>());
    cells.filter_map(|cells| Some((cells.first()?.parse().ok()?, *cells.last()?))).collect()
}

fn named(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The names of all test functions: a line with `fn` that follows a line with a test attribute.
fn collect_tests(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_tests(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let mut marked = false;
            for line in source.lines().map(str::trim) {
                marked |= line.starts_with("#[test]") || (line.starts_with("#[") && line.contains("::test"));
                if let Some((_, rest)) = line.split_once("fn ").filter(|_| marked && !line.starts_with("//"))
                {
                    names.extend(rest.split_once('(').map(|(name, _)| name.to_owned()));
                    marked = false;
                }
            }
        }
    }
}

fn tests_of_the_house() -> HashSet<String> {
    let mut names = HashSet::new();
    for member in fs::read_dir(house()).unwrap() {
        let member = member.unwrap().path();
        if member.join("Cargo.toml").is_file() {
            for folder in ["src", "tests"].map(|name| member.join(name)) {
                if folder.is_dir() {
                    collect_tests(&folder, &mut names);
                }
            }
        }
    }
    names
}

#[test]
fn every_trap_is_noticed_by_a_test_that_exists_or_says_who_will_write_it() {
    let page = fs::read_to_string(house().join("docs/concur-traps.md")).unwrap();
    let rows = rows(&page);
    let numbers: Vec<usize> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=TRAPS).collect::<Vec<_>>());
    let known = tests_of_the_house();
    assert!(known.contains("every_trap_is_noticed_by_a_test_that_exists_or_says_who_will_write_it"));
    for (number, cell) in rows {
        for name in named(cell) {
            assert!(known.contains(name), "trap {number}: there is no test {name}");
        }
        let promised = cell.contains("not yet") && cell.contains('"');
        assert!(
            named(cell).count() > 0 || promised || cell.starts_with("no code: "),
            "trap {number}: {cell}"
        );
    }
}
