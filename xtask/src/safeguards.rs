//! `cargo xtask safeguards`: takes the safeguards of delivery away, one by one, and expects a test to fail each time.
//!
//! A safeguard whose absence no test notices may be lost in any refactoring. Works on a copy of the last commit, under
//! `target/`, and shares what is compiled there already. Takes about half an hour.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::postgres;

/// Which ones.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only safeguards whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// A safeguard, how it is taken away, and the test that must notice.
struct Safeguard {
    name: &'static str,
    /// File, what stands there, and what stands there without the safeguard.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// What to run: a target of cargo, and the test.
    test: (&'static [&'static str], &'static str),
}

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        name: "one operation of a person in flight: the partial unique index",
        edits: &[
            (
                "store/migrations/sqlite/00000000000060_chains/up.sql",
                "CREATE UNIQUE INDEX operations_one_in_flight",
                "CREATE INDEX operations_one_in_flight",
            ),
            (
                "store/migrations/postgres/00000000000060_chains/up.sql",
                "CREATE UNIQUE INDEX operations_one_in_flight",
                "CREATE INDEX operations_one_in_flight",
            ),
        ],
        test: (&["--test", "it"], "operations::the_index_itself_refuses_a_second_operation_in_flight"),
    },
    Safeguard {
        name: "lease: a state is changed by the holder of the lease alone",
        edits: &[(
            "store/src/operations/transition.rs",
            ".and(operations::lease_epoch.eq(expect.lease_epoch));",
            ".and(operations::lease_epoch.le(i64::MAX));",
        )],
        test: (&["--test", "it"], "operations::a_stale_epoch_or_state_changes_nothing"),
    },
    Safeguard {
        name: "lease: no request outlives it",
        edits: &[(
            "scim-bridge/src/delivery/settings.rs",
            "left.saturating_sub(LEASE_MARGIN)",
            "left.saturating_add(LEASE_MARGIN)",
        )],
        test: (&["--lib"], "a_request_ends_ten_seconds_before_its_lease_or_does_not_begin"),
    },
    Safeguard {
        name: "look-up before anything is sent again",
        edits: &[(
            "scim-bridge/src/delivery/policy.rs",
            "Event::Lost | Event::Forgotten => unknown(),",
            "Event::Lost | Event::Forgotten => again(None),",
        )],
        test: (
            &["--test", "it"],
            "delivery_faults::a_lost_answer_is_settled_by_a_look_up_and_never_by_a_second_post",
        ),
    },
    Safeguard {
        name: "read-back: done means that Concur was read",
        edits: &[(
            "scim-bridge/src/delivery/verify.rs",
            "if missing.is_empty() {",
            "if missing.len() < usize::MAX {",
        )],
        test: (&["--test", "it"], "delivery_faults::done_means_that_concur_was_read_and_not_that_it_said_so"),
    },
    Safeguard {
        name: "order of a person's operations",
        edits: &[(
            "store/src/operations/transition.rs",
            "            _ => return None,\n",
            "            _ => {}\n",
        )],
        test: (&["--test", "it"], "chains::"),
    },
    Safeguard {
        name: "sync on commit, SQLite",
        edits: &[("store/src/pool.rs", "PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF")],
        test: (&["--test", "it"], "database::a_commit_is_durable_and_reading_does_not_wait_for_a_writer"),
    },
    Safeguard {
        name: "sync on commit, PostgreSQL",
        edits: &[(
            "store/src/flush.rs",
            "Some(conn) => flush_on(conn).map_err(|error| unknown(error.to_string())),",
            "Some(_) => Ok(()),",
        )],
        test: (&["--test", "it"], "group::a_lost_connection_at_the_end_of_a_write_is_an_unknown_outcome"),
    },
];

/// Runs them all and names those that no test misses.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies inside the workspace")?;
    if std::env::var_os("TEST_POSTGRES_URL").is_none() {
        postgres::find_or_install()?;
    }
    let copy = Copy::of(root)?;
    let mut unnoticed = Vec::new();
    let wanted = SAFEGUARDS.iter().filter(|safeguard| safeguard.name.contains(&options.only));
    for safeguard in wanted {
        if copy.notices(safeguard)? {
            println!("taken away: {}; noticed by {}", safeguard.name, safeguard.test.1);
        } else {
            println!("taken away: {}; NOT NOTICED by {}", safeguard.name, safeguard.test.1);
            unnoticed.push(safeguard.name);
        }
    }
    ensure!(unnoticed.is_empty(), "no test misses: {}", unnoticed.join("; "));
    Ok(())
}

/// The last commit in a folder of its own, removed in the end.
struct Copy {
    root: PathBuf,
    folder: PathBuf,
}

impl Copy {
    fn of(root: &Path) -> anyhow::Result<Self> {
        let folder = root.join("target/safeguards");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).context("the copy of an earlier run could not be removed")?;
        }
        git(root, &["worktree", "prune"])?;
        let path = folder.to_str().context("the path of the checkout is no UTF-8")?;
        git(root, &["worktree", "add", "--quiet", "--detach", path, "HEAD"])?;
        Ok(Self { root: root.to_owned(), folder })
    }

    /// Takes a safeguard away and runs its test; puts it back.
    fn notices(&self, safeguard: &Safeguard) -> anyhow::Result<bool> {
        for (file, present, absent) in safeguard.edits {
            let path = self.folder.join(file);
            let text = std::fs::read_to_string(&path).with_context(|| format!("{file} could not be read"))?;
            ensure!(
                text.matches(present).count() == 1,
                "{file} does not hold {present:?} once: say in xtask/src/safeguards.rs how {:?} is taken away now",
                safeguard.name
            );
            std::fs::write(&path, text.replace(present, absent))?;
        }
        let (target, test) = safeguard.test;
        if !self.cargo(target, &["--no-run"])? {
            bail!("without the safeguard {:?} it does not compile, which proves nothing", safeguard.name);
        }
        let passed = self.cargo(target, &[test])?;
        git(&self.folder, &["checkout", "--quiet", "."])?;
        Ok(!passed)
    }

    fn cargo(&self, target: &[&str], rest: &[&str]) -> anyhow::Result<bool> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.folder).args(["test", "--workspace", "--quiet"]).args(target).args(rest);
        cargo.env("CARGO_TARGET_DIR", self.root.join("target")).env("REQUIRE_ALL", "1");
        cargo.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(cargo.status().context("cargo could not be started")?.success())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Some(path) = self.folder.to_str() {
            drop(git(&self.root, &["worktree", "remove", "--force", path]));
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("git").current_dir(folder).args(arguments).status();
    ensure!(status.context("git could not be started")?.success(), "git {} failed", arguments.join(" "));
    Ok(())
}
