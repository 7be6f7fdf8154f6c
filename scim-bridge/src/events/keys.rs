//! Concur's public keys: fetched from the account's data centre, kept, and fetched again when a signature does not fit.
//!
//! A key that Concur has withdrawn is forgotten within a day, a new one is found with the first event that it signed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concur::signature::{Scheme, Signature, SigningKey};
use concur::{Http, Origin};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex as Turn;

use crate::logging;

/// Keys are fetched anew when they are older.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Between two fetches because of signatures that do not fit: whoever sends nonsense shall not make us ask.
const ASKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Concur waits a minute for its answer.
const FETCHED_WITHIN: Duration = Duration::from_secs(10);

/// What is known about a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// It is Concur's.
    Signed(Scheme),
    /// It fits none of the keys.
    Foreign,
    /// There are no keys to compare it with, since they cannot be fetched.
    NoKeys,
}

/// The keys of this process, by data centre. Cheap to clone; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// From the configured file; they hold for every data centre.
    configured: Arc<[SigningKey]>,
    fetched: Arc<Mutex<HashMap<Origin, Arc<Turn<Fetched>>>>>,
}

/// What was fetched from one data centre.
#[derive(Clone, Debug, Default)]
struct Fetched {
    keys: Vec<SigningKey>,
    /// When they were fetched.
    at: Option<Timestamp>,
    /// When that was last tried.
    tried_at: Option<Timestamp>,
}

impl Keys {
    /// None fetched yet.
    pub(crate) fn new(configured: Vec<SigningKey>) -> Self {
        Self { configured: configured.into(), fetched: Arc::default() }
    }

    /// Whether `signature` over `body` is Concur's.
    pub(super) async fn judge(
        &self,
        http: &Http,
        origin: &Origin,
        body: &[u8],
        signature: &Signature,
        now: Timestamp,
    ) -> Judged {
        if let Some(scheme) = fits(&self.configured, body, signature) {
            return Judged::Signed(scheme);
        }
        let held = Arc::clone(
            self.fetched.lock().unwrap_or_else(PoisonError::into_inner).entry(origin.clone()).or_default(),
        );
        // Whoever comes while keys are being fetched needs just these, and waits no longer than the fetch may last.
        let mut held = held.lock().await;
        if let Some(scheme) = held.fits(body, signature, now) {
            return Judged::Signed(scheme);
        }
        if held.tried_at.is_none_or(|at| !within(at, ASKED_AGAIN_AFTER, now)) {
            held.fetch(http, origin, now).await;
            if let Some(scheme) = held.fits(body, signature, now) {
                return Judged::Signed(scheme);
            }
        }
        if held.usable(now) || !self.configured.is_empty() { Judged::Foreign } else { Judged::NoKeys }
    }
}

impl Fetched {
    fn usable(&self, now: Timestamp) -> bool {
        self.at.is_some_and(|at| within(at, KEPT_FOR, now)) && !self.keys.is_empty()
    }

    fn fits(&self, body: &[u8], signature: &Signature, now: Timestamp) -> Option<Scheme> {
        if self.usable(now) { fits(&self.keys, body, signature) } else { None }
    }

    async fn fetch(&mut self, http: &Http, origin: &Origin, now: Timestamp) {
        self.tried_at = Some(now);
        match tokio::time::timeout(FETCHED_WITHIN, concur::api::signing_keys(http, origin, now)).await {
            Ok(Ok(keys)) => {
                tracing::info!(count = keys.len(), "Concur's public keys were fetched");
                (self.keys, self.at) = (keys, Some(now));
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %logging::chain(&error), "Concur's public keys cannot be fetched");
            }
            Err(_) => tracing::warn!("Concur's public keys were not fetched in time"),
        }
    }
}

fn fits(keys: &[SigningKey], body: &[u8], signature: &Signature) -> Option<Scheme> {
    keys.iter().find_map(|key| key.verify(body, signature))
}

fn within(since: Timestamp, time: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(since) < time
}

#[cfg(test)]
mod tests {
    use concur::{HostPolicy, HttpConfig};
    use fixtures::simulator::{Config, Fault, FaultKind, Simulator};
    use ring::rand::SystemRandom;
    use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};

    use super::*;

    const BODY: &[u8] = b"an event";

    /// What the simulator's key makes of a body.
    fn signed(body: &[u8]) -> Signature {
        let der = include_bytes!("../../../fixtures/data/simulator/token_key.der");
        let key = RsaKeyPair::from_pkcs8(der).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).unwrap();
        let header = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, signature);
        Signature::from_header(&header).unwrap()
    }

    struct Stage {
        simulator: Simulator,
        http: Http,
        origin: Origin,
    }

    impl Stage {
        async fn start() -> Self {
            let simulator = Simulator::start(Config::default()).await.unwrap();
            let http = Http::new(&HttpConfig::default(), HostPolicy::development()).unwrap();
            let origin = http.host_policy().origin(&simulator.info().origins.us2).unwrap();
            Self { simulator, http, origin }
        }

        async fn judge(&self, keys: &Keys, body: &[u8], minute: i64) -> Judged {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
            keys.judge(&self.http, &self.origin, body, &signed(BODY), now).await
        }

        fn asked(&self) -> usize {
            let is_it = |path: &str| path.ends_with("/oauth2/v0/jwks");
            self.simulator.requests().iter().filter(|request| is_it(&request.path)).count()
        }
    }

    #[tokio::test]
    async fn keys_are_fetched_once_and_again_after_a_day_or_for_a_signature_that_does_not_fit() {
        let (stage, keys) = (Stage::start().await, Keys::default());
        let fits = Judged::Signed(Scheme::Pkcs1);
        for (body, minute, judged, asked) in [
            (BODY, 0, fits, 1),
            (BODY, 60, fits, 1),
            (&b"another"[..], 61, Judged::Foreign, 2),
            (b"another", 61, Judged::Foreign, 2),
            (BODY, 61, fits, 2),
            (b"another", 62, Judged::Foreign, 3),
            (BODY, 62 + 24 * 60 - 1, fits, 3),
            (BODY, 62 + 24 * 60, fits, 4),
        ] {
            assert_eq!(stage.judge(&keys, body, minute).await, judged, "minute {minute}");
            assert_eq!(stage.asked(), asked, "minute {minute}");
        }
    }

    #[tokio::test]
    async fn without_keys_nothing_is_judged_until_they_can_be_fetched() {
        let (stage, keys) = (Stage::start().await, Keys::default());
        stage.simulator.inject(Fault {
            method: None,
            path_prefix: "/oauth2/v0/jwks".to_owned(),
            count: 1,
            skip: 0,
            every: 1,
            kind: FaultKind::Status { code: 503, retry_after: None, body: None },
        });
        assert_eq!(stage.judge(&keys, BODY, 0).await, Judged::NoKeys);
        stage.simulator.clear_faults();
        assert_eq!(stage.judge(&keys, BODY, 0).await, Judged::NoKeys, "asked a moment ago");
        assert_eq!(stage.judge(&keys, BODY, 1).await, Judged::Signed(Scheme::Pkcs1));
        // A key of the configuration needs nobody.
        let pem = include_str!("../../../concur/src/signature/testdata/simulator.pem");
        let keys = Keys::new(SigningKey::from_pem(pem).unwrap());
        let asked = stage.asked();
        assert_eq!(stage.judge(&keys, BODY, 0).await, Judged::Signed(Scheme::Pkcs1));
        assert_eq!(stage.asked(), asked);
    }
}
