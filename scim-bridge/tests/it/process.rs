//! The executable as an operating system sees it: start, signals, exit codes, what it says when it cannot start.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The executable with a clean environment.
pub(crate) fn bridge(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-bridge"));
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

/// A running `serve`. It is killed if the test ends before it does.
struct Serving {
    child: Child,
    address: String,
    said: BufReader<std::process::ChildStderr>,
}

impl Serving {
    /// Starts it and waits until it says where it listens.
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = bridge(folder);
        command.args(["serve", "--listen", "127.0.0.1:0", "--set", "shutdown_delay=0s"]).args(arguments);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let mut serving = Self { child, address: String::new(), said };
        let mut text = String::new();
        while serving.address.is_empty() {
            let mut line = String::new();
            assert!(serving.said.read_line(&mut line).unwrap() > 0, "it ended: {text}");
            text.push_str(&line);
            if let Some(rest) = line.split("serves on http://").nth(1) {
                serving.address = rest.split_whitespace().next().unwrap().to_owned();
            }
        }
        serving
    }

    fn terminate(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn healthcheck(folder: &Path, address: &str, ready: &[&str]) -> Option<i32> {
    bridge(folder).args(["healthcheck", "--address", address]).args(ready).output().unwrap().status.code()
}

#[test]
fn it_serves_until_it_is_told_to_stop_and_ends_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &[]);
    let address = serving.address.clone();
    assert_eq!(healthcheck(folder.path(), &address, &[]), Some(0));
    assert_eq!(healthcheck(folder.path(), &address, &["--ready"]), Some(0));
    serving.terminate();
    let started = std::time::Instant::now();
    assert_eq!(serving.wait().code(), Some(0));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    let mut said = String::new();
    serving.said.read_to_string(&mut said).unwrap();
    assert!(said.contains("stopped"), "{said}");
    assert_eq!(healthcheck(folder.path(), &address, &[]), Some(1));
    let key = std::fs::metadata(folder.path().join("scim-bridge-data/master.key")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
}

#[test]
fn a_stop_before_the_listener_closes_is_seen_by_readiness() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &["--set", "shutdown_delay=3s"]);
    let address = serving.address.clone();
    serving.terminate();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(2);
    while healthcheck(folder.path(), &address, &["--ready"]) == Some(0) {
        assert!(std::time::Instant::now() < deadline, "still ready");
    }
    assert_eq!(healthcheck(folder.path(), &address, &[]), Some(0), "alive, and still answering");
    assert_eq!(serving.wait().code(), Some(0));
}

#[test]
fn what_keeps_it_from_starting_is_said_with_the_setting_that_names_it() {
    let check = |prepare: &dyn Fn(&Path) -> Vec<String>, code: i32, words: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let arguments = prepare(folder.path());
        let output = bridge(folder.path()).arg("serve").args(&arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        for word in words {
            assert!(said.contains(word), "{word} is missing in: {said}");
        }
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = port.local_addr().unwrap().to_string();
    check(&|_| vec!["--listen".into(), taken.clone()], 1, &["cannot listen on", &taken, "setting listen"]);
    check(
        &|folder| {
            std::fs::write(folder.join("file"), "").unwrap();
            vec!["--data-dir".into(), "file/below".into()]
        },
        1,
        &["file/below", "setting data_dir"],
    );
    check(
        &|folder| {
            std::fs::create_dir(folder.join("scim-bridge-data")).unwrap();
            std::fs::write(folder.join("scim-bridge-data/scim-bridge.sqlite"), "").unwrap();
            Vec::new()
        },
        1,
        &["no master key", "setting master_key_file"],
    );
    check(
        &|folder| {
            std::fs::write(folder.join("bridge.toml"), "# settings\nconfirm_whithin = \"1s\"\n").unwrap();
            vec!["--config".into(), "bridge.toml".into()]
        },
        2,
        &["bridge.toml, line 2", "confirm_whithin", "did you mean \"confirm_within\"?"],
    );
    check(
        &|_| vec!["--set".into(), "delivery.lease=30s".into()],
        2,
        &["delivery.lease", "concur.request_timeout"],
    );
    check(&|_| vec!["--set".into(), "nonsense".into()], 2, &["KEY=VALUE"]);
    check(
        &|_| vec!["--set".into(), "database_url=postgres://u:p@h/d".into()],
        2,
        &["SCIM_BRIDGE_DATABASE_URL"],
    );
    check(&|_| vec!["--no-such-flag".into()], 2, &["--no-such-flag"]);
}

#[test]
fn two_processes_never_serve_from_one_embedded_database() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::start(folder.path(), &[]);
    let second = bridge(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("another scim-bridge serves") && said.contains("PostgreSQL"), "{said}");

    // Killed without a warning, it has let go all the same.
    drop(first);
    Serving::start(folder.path(), &[]);
}
