//! The network between the worker and the simulated Concur: each request is carried with a delay, or meets a fate.
//!
//! What a fate does to the request is the simulator's own fault of that kind, so that what Concur does late, twice or half
//! is its business and not invented here a second time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concur::{Transport, WireAnswer, WireError, WireRequest};
use fixtures::simulator::{FaultKind, Incoming, Outgoing, ProvisioningFault, Simulator};
use futures::future::BoxFuture;
use scim_bridge::translate::SPEND;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::random::Random;

/// How bad it is: so many of a hundred requests meet a fate, so many of a thousand kill the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weather {
    pub(super) trouble_percent: u64,
    pub(super) deaths_per_mille: u64,
    /// Nothing gets through at all.
    pub(super) outage: bool,
}

impl Weather {
    pub(super) const FAIR: Self = Self { trouble_percent: 0, deaths_per_mille: 0, outage: false };
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) at_ms: u128,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: String,
    pub(super) fate: String,
}

/// The network, and Concur behind it.
pub(super) struct Network {
    pub(super) concur: Simulator,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    random: Random,
    weather: Weather,
    sent: Vec<Sent>,
}

/// What happens to one request.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Arrives,
    /// Concur does this with it.
    Strike(FaultKind),
    /// No connection.
    Refused,
    /// It has its effect, and the sender hears of a failed gateway.
    BadGatewayAfter,
    /// The process dies before it is sent, or after it had its effect.
    DiesBefore,
    DiesAfter,
}

impl Network {
    pub(super) fn new(concur: Simulator, seed: u64) -> Arc<Self> {
        let state = State { random: Random::new(seed, 1), weather: Weather::FAIR, sent: Vec::new() };
        Arc::new(Self { concur, started: Instant::now(), state: Mutex::new(state) })
    }

    pub(super) fn set_weather(&self, weather: Weather) {
        self.state.lock().unwrap().weather = weather;
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.state.lock().unwrap().sent.clone()
    }

    /// Milliseconds since the beginning.
    pub(super) fn elapsed_ms(&self) -> u128 {
        self.started.elapsed().as_millis()
    }

    /// A way through it for a process that lives until this notifies.
    pub(super) fn line(self: &Arc<Self>) -> Arc<Line> {
        let alive = AtomicBool::new(true);
        Arc::new(Line { network: Arc::clone(self), alive, died: Notify::new() })
    }

    /// Concur's clock follows ours.
    pub(super) fn keep_time(&self) {
        let base: jiff::Timestamp = super::world::START.parse().unwrap();
        let elapsed = i64::try_from(self.elapsed_ms()).unwrap();
        let now = base + jiff::SignedDuration::from_millis(elapsed);
        if let Ok(ahead) = Duration::try_from(now.duration_since(self.concur.now())) {
            self.concur.advance(ahead);
        }
    }

    fn roll(&self, request: &WireRequest) -> (Fate, Duration, Duration) {
        let mut state = self.state.lock().unwrap();
        let State { random, weather, .. } = &mut *state;
        let (there, back) = (random.between(1, 300), random.between(1, 1_500));
        let fate = if weather.outage {
            random.pick(&[(1, Fate::Refused), (1, Fate::Strike(status(503, None)))]).clone()
        } else if random.next() % 1_000 < weather.deaths_per_mille {
            random.pick(&[(1, Fate::DiesBefore), (1, Fate::DiesAfter)]).clone()
        } else if random.percent(weather.trouble_percent) {
            trouble(random, request)
        } else {
            Fate::Arrives
        };
        let slow = random.percent(weather.trouble_percent / 4);
        let back = if slow { back * 40 } else { back };
        state.sent.push(Sent {
            at_ms: self.elapsed_ms(),
            method: request.method.to_string(),
            path: request.url.path().to_owned(),
            body: if request.url.path().starts_with("/oauth2") {
                String::new()
            } else {
                String::from_utf8_lossy(&request.body).into_owned()
            },
            fate: format!("{fate:?}"),
        });
        (fate, Duration::from_millis(there), Duration::from_millis(back))
    }

    fn deliver(&self, request: &WireRequest, strike: Option<&FaultKind>) -> Outgoing {
        self.keep_time();
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        let incoming = Incoming {
            port: request.url.port().unwrap_or(1),
            method: request.method.as_str(),
            path: request.url.path(),
            query: request.url.query().unwrap_or_default(),
            headers: &headers,
            body: &body,
        };
        self.concur.exchange(&incoming, strike)
    }
}

fn status(code: u16, retry_after: Option<&str>) -> FaultKind {
    FaultKind::Status { code, retry_after: retry_after.map(str::to_owned), body: None }
}

/// What may go wrong with a request of its kind.
fn trouble(random: &mut Random, request: &WireRequest) -> Fate {
    let path = request.url.path();
    let writes = path.starts_with("/profile/v4/") && request.method != "GET";
    let mut fates = vec![
        (3, Fate::Refused),
        (2, Fate::Strike(status(503, None))),
        (1, Fate::Strike(status(500, None))),
        (1, Fate::Strike(status(429, Some("0")))),
        (1, Fate::Strike(status(429, Some("20")))),
        (3, Fate::Strike(FaultKind::CloseBefore)),
        (4, Fate::Strike(FaultKind::CloseAfter)),
        (1, Fate::Strike(FaultKind::Truncate)),
        (1, Fate::Strike(FaultKind::Html)),
        (1, Fate::Strike(FaultKind::Empty)),
        (2, Fate::BadGatewayAfter),
    ];
    if writes {
        let most = *random.pick(&[(4, 120), (1, 7_200)]);
        let seconds = random.between(1, most);
        fates.push((6, Fate::Strike(FaultKind::ApplyLate { seconds })));
        let delay_seconds = Some(*random.pick(&[(4, 30), (2, 400), (1, 5_000)]));
        let slow = ProvisioningFault { delay_seconds, ..ProvisioningFault::default() };
        fates.push((3, Fate::Strike(FaultKind::Provisioning(slow))));
        let never = ProvisioningFault { never: true, ..ProvisioningFault::default() };
        fates.push((1, Fate::Strike(FaultKind::Provisioning(never))));
        // The spend profile is not written, and nobody says so.
        let lie = ProvisioningFault {
            extension: Some(SPEND.to_owned()),
            result: Some((*random.pick(&[(1, "success"), (1, "no-op")])).to_owned()),
            ..ProvisioningFault::default()
        };
        fates.push((3, Fate::Strike(FaultKind::Provisioning(lie))));
    }
    if path.ends_with("/status") {
        fates.push((4, Fate::Strike(FaultKind::StaleStatus)));
        fates.push((4, Fate::Strike(FaultKind::DoubledStatus)));
    }
    random.pick(&fates).clone()
}

/// The network as one process sees it; it ends with the process.
pub(super) struct Line {
    network: Arc<Network>,
    alive: AtomicBool,
    pub(super) died: Notify,
}

impl Line {
    /// The process is gone: nothing of it is sent or heard any more.
    pub(super) fn cut(&self) {
        self.alive.store(false, Ordering::Relaxed);
    }

    async fn die(&self) -> ! {
        self.cut();
        self.died.notify_one();
        std::future::pending().await
    }

    async fn carry_on(&self, request: WireRequest) -> Result<WireAnswer, WireError> {
        if !self.alive.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let (fate, there, back) = self.network.roll(&request);
        if fate == Fate::DiesBefore {
            self.die().await;
        }
        if fate == Fate::Refused {
            sleep(back).await;
            return Err(WireError::NotConnected);
        }
        sleep(there).await;
        let strike = if let Fate::Strike(kind) = &fate { Some(kind) } else { None };
        let outgoing = self.network.deliver(&request, strike);
        if fate == Fate::DiesAfter {
            self.die().await;
        }
        sleep(back).await;
        match (outgoing, fate) {
            (_, Fate::BadGatewayAfter) => Ok(WireAnswer {
                status: 502,
                body: b"<html>bad gateway</html>".to_vec(),
                ..WireAnswer::default()
            }),
            (Outgoing::Nothing, _) => Err(WireError::Broken),
            (Outgoing::Answer { status, headers, body }, _) => {
                let mut answer = WireAnswer { status, body, ..WireAnswer::default() };
                for (name, value) in headers {
                    let name = name.to_ascii_lowercase();
                    answer.headers.insert(
                        reqwest::header::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                        value.parse().unwrap(),
                    );
                }
                Ok(answer)
            }
        }
    }
}

impl Transport for Line {
    fn carry(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, WireError>> {
        Box::pin(self.carry_on(request))
    }
}
