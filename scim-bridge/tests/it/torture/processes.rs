//! The processes under torture: started, killed, told to stop, started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::bridge;
use crate::simulation::Random;

/// Longest time that a process may take to be ready.
const READY_WITHIN: Duration = Duration::from_mins(2);

/// Waits of seconds become fractions of one, so that much happens in a minute.
pub(super) const QUICK: &[&str] = &[
    "confirm_within=500ms",
    "concur.requests_per_second=1000",
    "concur.max_concurrent=8",
    "concur.request_timeout=5s",
    "concur.unavailable_pause=0s",
    "delivery.max_concurrent=8",
    "delivery.tick=200ms",
    "delivery.poll_first=500ms",
    "delivery.poll_max=2s",
    "delivery.retry_first=100ms",
    "delivery.retry_max=2s",
    "delivery.settle_first=100ms",
    "delivery.probe_first=300ms",
    "delivery.max_attempts=200",
    "delivery.lease=15s",
];

/// One address after the other, and the process that serves there.
pub(super) struct Replicas {
    folder: PathBuf,
    database_url: String,
    settings: &'static [&'static str],
    running: Vec<(u16, Child)>,
    http: reqwest::Client,
    pub(super) kills: u64,
    pub(super) terms: u64,
    pub(super) restarts: Vec<Duration>,
    pub(super) exits: Vec<Duration>,
}

impl Replicas {
    /// Starts so many processes on one database, with these settings beside those that every test needs.
    pub(super) async fn start(
        folder: &Path,
        database_url: &str,
        count: usize,
        settings: &'static [&'static str],
    ) -> Self {
        let mut replicas = Self {
            folder: folder.to_owned(),
            database_url: database_url.to_owned(),
            settings,
            running: Vec::new(),
            http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap(),
            kills: 0,
            terms: 0,
            restarts: Vec::new(),
            exits: Vec::new(),
        };
        for _ in 0..count {
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let child = replicas.spawn(port);
            replicas.running.push((port, child));
            replicas.until_ready(port).await;
        }
        replicas
    }

    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn addresses(&self) -> Vec<String> {
        self.running.iter().map(|(port, _)| format!("http://127.0.0.1:{port}")).collect()
    }

    fn spawn(&self, port: u16) -> Child {
        let key = self.folder.join("master.key");
        let mut command = bridge(&self.folder);
        command.env("SCIM_BRIDGE_DATABASE_URL", &self.database_url);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]);
        for setting in [
            format!("master_key_file={}", key.display()),
            format!("data_dir={}", self.folder.join(format!("data-{port}")).display()),
            "shutdown_delay=0s".to_owned(),
            "concur.allow_loopback_http=true".to_owned(),
            "sync.enabled=false".to_owned(),
            "limits.token_rate=0".to_owned(),
        ]
        .iter()
        .map(String::as_str)
        .chain(self.settings.iter().copied())
        {
            command.args(["--set", setting]);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    async fn until_ready(&self, port: u16) -> Duration {
        let began = Instant::now();
        while began.elapsed() < READY_WITHIN {
            let asked = self.http.get(format!("http://127.0.0.1:{port}/readyz")).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return began.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the process on port {port} is not ready after {READY_WITHIN:?}");
    }

    /// Ends one of them, mostly without a warning, and starts it again.
    pub(super) async fn strike(&mut self, random: &mut Random) {
        let at = usize::try_from(random.between(0, self.running.len() as u64 - 1)).unwrap();
        let gently = random.percent(10);
        let (port, child) = &mut self.running[at];
        let port = *port;
        let began = Instant::now();
        if gently {
            let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
            assert!(told.success());
            let code = child.wait().unwrap().code();
            assert_eq!(code, Some(0), "an orderly stop");
            self.terms += 1;
            self.exits.push(began.elapsed());
        } else {
            child.kill().unwrap();
            child.wait().unwrap();
            self.kills += 1;
        }
        self.running[at].1 = self.spawn(port);
        let ready = self.until_ready(port).await;
        if !gently {
            self.restarts.push(ready);
        }
    }

    /// Kills one and leaves it dead.
    pub(super) fn kill(&mut self, at: usize) {
        let (_, child) = &mut self.running[at];
        child.kill().unwrap();
        child.wait().unwrap();
        self.kills += 1;
    }

    /// Starts a dead one again; how long it took to be ready.
    pub(super) async fn revive(&mut self, at: usize) -> Duration {
        let port = self.running[at].0;
        self.running[at].1 = self.spawn(port);
        self.until_ready(port).await
    }

    /// Memory of a process in KiB, now and at most so far.
    pub(super) fn memory(&self, at: usize) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running[at].1.id())).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    pub(super) fn stop(mut self) {
        for (_, child) in &mut self.running {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        self.running.clear();
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
