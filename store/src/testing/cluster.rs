//! A PostgreSQL cluster of our own: made by `initdb` in a temporary directory, reachable only through a Unix socket in
//! it, as a rule without durability (tests of durability kill processes, not machines).
//!
//! A supervising shell holds it. It waits for the end of its standard input, which comes when the test process ends in
//! whatever way, `kill -9` included; then it stops the server and removes the directory.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Whether the cluster syncs its commits to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Quick.
    None,
    /// True.
    Synced,
}

/// `$1`: where `initdb` and `pg_ctl` are. `$2`: settings. It runs inside the cluster's directory.
const SUPERVISE: &str = r#"
bin=$1; settings=$2; dir=$PWD
"$bin/initdb" -D "$dir/data" -U test --auth=trust --encoding=UTF8 --no-locale --no-sync >"$dir/log" 2>&1 &&
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 -o "-k '$dir' -c listen_addresses='' -c max_connections=300 \
    $settings -c shared_buffers=64MB" start </dev/null >/dev/null 2>&1 &&
echo ready
cat >/dev/null
"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
cd / && rm -rf "$dir"
"#;

/// Starts the cluster of this process; `None` if PostgreSQL is not installed. Returns the URL of a database in it.
#[cfg(unix)]
pub(super) fn start(durability: Durability) -> Option<String> {
    use std::os::unix::process::CommandExt as _;

    static SUPERVISORS: Mutex<Vec<Child>> = Mutex::new(Vec::new());
    let bin = find_binaries()?;
    let dir = std::env::temp_dir().join(format!("scim-bridge-pg-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir(&dir).expect("a directory for PostgreSQL");
    let mut command = Command::new("/bin/sh");
    let settings = match durability {
        Durability::None => "-c fsync=off -c synchronous_commit=off -c full_page_writes=off",
        Durability::Synced => "",
    };
    command.args(["-c", SUPERVISE, "sh"]).arg(bin).arg(settings).current_dir(&dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.process_group(0); // Ctrl-C ends the tests; the supervisor then cleans up
    if let Some((uid, gid)) = someone_else() {
        std::os::unix::fs::chown(&dir, Some(uid), Some(gid)).expect("giving the directory away");
        command.uid(uid).gid(gid);
    }
    let mut child = command.spawn().expect("starting PostgreSQL's supervisor");
    let mut ready = String::new();
    let stdout = child.stdout.take().expect("its output");
    // Closing its input first would end it; so it is kept until the process ends.
    BufReader::new(stdout).read_line(&mut ready).expect("reading its output");
    if ready.trim() != "ready" {
        let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
        panic!("PostgreSQL did not start:\n{log}");
    }
    SUPERVISORS.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    let host: String = url::form_urlencoded::byte_serialize(dir.to_string_lossy().as_bytes()).collect();
    Some(format!("postgres://test@{host}/postgres?sslmode=disable"))
}

#[cfg(not(unix))]
pub(super) fn start(_: Durability) -> Option<String> {
    None
}

/// On `PATH`, else where Debian puts them, the newest version first.
fn find_binaries() -> Option<PathBuf> {
    let complete = |dir: &Path| ["initdb", "pg_ctl", "postgres"].iter().all(|name| dir.join(name).exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(dir) = std::env::split_paths(&path).find(|dir| complete(dir)) {
        return Some(dir);
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, dir)| complete(dir))
        .collect();
    found.sort();
    found.pop().map(|(_, dir)| dir)
}

/// PostgreSQL refuses to run as root: then as `postgres` or `nobody`.
fn someone_else() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata("/proc/self").map_or(true, |me| me.uid() != 0) {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next() == Some(name);
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            found.then_some((uid, gid))
        })
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("a user postgres or nobody to run PostgreSQL as"))
}
