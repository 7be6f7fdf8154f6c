//! Configuration: default < file < environment < flag, with the origin of every value.
//!
//! An unknown key is an error that names the file, the key, its line and the nearest key that exists.
//! This module reads the environment only through what it is given; `commands/` hands it over.

pub(crate) mod duration;
mod layers;
mod model;

use std::path::PathBuf;
use std::time::Duration;

pub use self::layers::{Layers, Origin, Setting};
pub use self::model::{
    Concur, Config, Delivery, DeliveryMode, EventTrust, Events, Limits, Log, LogFormat, LogLevel, Proxies,
    RequestLog, SecretUrl, Sync, Webhooks,
};

/// A revocation is in force in every process within it: `token_known_for` may not be longer (reliability S3).
pub const TOKEN_KNOWN_FOR_MAX: Duration = Duration::from_secs(5);

/// Prefix of the environment variables that are settings.
pub const ENV_PREFIX: &str = "SCIM_BRIDGE_";

/// Variables with the prefix that are not settings: the file to read, and secrets of single commands.
pub const ENV_RESERVED: [&str; 5] = [
    "SCIM_BRIDGE_CONFIG",
    "SCIM_BRIDGE_TOKEN",
    "SCIM_BRIDGE_CLIENT_SECRET",
    "SCIM_BRIDGE_COMPANY_REQUEST_TOKEN",
    "SCIM_BRIDGE_PASSWORD",
];

/// Why the configuration cannot be used. Each message says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// What the parser expected.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{origin}: there is no setting \"{key}\"{}", did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// Where it stands.
        origin: Origin,
        /// As written.
        key: String,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A value of the wrong type or form.
    #[error("{origin}: {key}: {reason}")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// The setting.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two settings that contradict each other.
    #[error("{key}: {reason}")]
    Contradiction {
        /// The setting to change.
        key: &'static str,
        /// Which other one it contradicts, and how to repair it.
        reason: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |key| format!("; did you mean \"{key}\"?"))
}

impl Config {
    /// The longest that a SCIM write may wait for Concur: identity providers give up after 30 to 60 s.
    pub const CONFIRM_WITHIN_MAX: std::time::Duration = Duration::from_secs(25);

    /// Judges what single values cannot show.
    ///
    /// # Errors
    /// The first contradiction, naming the setting to change.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |key, reason: String| Err(Error::Contradiction { key, reason });
        let margin = Duration::from_secs(10);
        if self.delivery.lease < self.concur.request_timeout + margin {
            return wrong(
                "delivery.lease",
                format!(
                    "{} is shorter than concur.request_timeout ({}) and 10s: a paused worker could send what \
                     another one has taken over; raise the lease",
                    duration::format(self.delivery.lease),
                    duration::format(self.concur.request_timeout)
                ),
            );
        }
        if self.confirm_within > Self::CONFIRM_WITHIN_MAX {
            return wrong(
                "confirm_within",
                "at most 25s: identity providers give up after 30 to 60 s".into(),
            );
        }
        if !self
            .listen
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        {
            return wrong(
                "listen",
                format!("{:?} is not an address and a port, like \"127.0.0.1:8085\"", self.listen),
            );
        }
        if !self.public_url.is_empty() {
            match url::Url::parse(&self.public_url) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() => {}
                _ => {
                    return wrong(
                        "public_url",
                        format!("{:?} is not an address, like \"https://scim.example.com\"", self.public_url),
                    );
                }
            }
        }
        if let Some(address) = self.events.base().filter(|address| !self.may_receive_at(address)) {
            return wrong(
                "events.address",
                format!("{address:?} is no https address, like \"https://scim.example.com\""),
            );
        }
        if let Err(error) = self.concur.proxy() {
            return wrong("concur.proxy", error.to_string());
        }
        let (least, most) = (Duration::from_mins(1), Duration::from_hours(24));
        if !(least..=most).contains(&self.access_token_life) {
            return wrong(
                "access_token_life",
                "between 1m and 24h: clients fetch a new one when it ends".into(),
            );
        }
        if self.token_known_for > TOKEN_KNOWN_FOR_MAX {
            return wrong("token_known_for", "at most 5s: a revoked token is refused within it".into());
        }
        if self.limits.headers > Limits::HEADERS_MAX {
            return wrong("limits.headers", format!("at most {}: more are not read", Limits::HEADERS_MAX));
        }
        let answer_least = self.confirm_within + Duration::from_secs(5);
        if self.limits.answer_time < answer_least {
            return wrong(
                "limits.answer_time",
                format!(
                    "{} is shorter than confirm_within ({}) and 5s: a write that waits for Concur would be given up",
                    duration::format(self.limits.answer_time),
                    duration::format(self.confirm_within)
                ),
            );
        }
        if self.limits.backlog_leavers < self.limits.backlog {
            return wrong(
                "limits.backlog_leavers",
                format!("at least limits.backlog ({}): leavers go before all others", self.limits.backlog),
            );
        }
        self.refuse_zeros()
    }

    /// Limits of nothing at all.
    fn refuse_zeros(&self) -> Result<(), Error> {
        for (key, value) in [
            ("limits.scim_body_bytes", self.limits.scim_body_bytes),
            ("limits.group_body_bytes", self.limits.group_body_bytes),
            ("limits.header_bytes", self.limits.header_bytes),
            ("limits.headers", self.limits.headers),
            ("limits.connections", self.limits.connections),
            ("limits.connections_per_address", self.limits.connections_per_address),
            ("limits.backlog", self.limits.backlog),
            ("limits.bulk_body_bytes", self.limits.bulk_body_bytes),
            ("limits.bulk_operations", self.limits.bulk_operations),
            ("limits.import_bytes", self.limits.import_bytes),
            ("limits.patch_operations", self.limits.patch_operations),
            ("limits.api_page", self.limits.api_page),
            ("events.body_bytes", self.events.body_bytes),
            ("delivery.bulk_from", self.delivery.bulk_from),
            ("delivery.max_concurrent", self.delivery.max_concurrent),
            ("concur.max_concurrent", self.concur.max_concurrent),
            ("concur.requests_per_second", self.concur.requests_per_second as usize),
            ("concur.total_max_concurrent", self.concur.total_max_concurrent),
            ("concur.total_requests_per_second", self.concur.total_requests_per_second as usize),
        ] {
            if value == 0 {
                let reason = "0 would stop everything; use at least 1".into();
                return Err(Error::Contradiction { key, reason });
            }
        }
        Ok(())
    }

    /// Whether Concur could send events to this address: https, or http where the simulator may stand for Concur.
    fn may_receive_at(&self, address: &str) -> bool {
        url::Url::parse(address).is_ok_and(|url| {
            let loopback = self.concur.allow_loopback_http && url.scheme() == "http";
            (url.scheme() == "https" || loopback) && url.has_host() && url.query().is_none()
        })
    }

    /// The address callers use, without a slash at the end. `bound` is where we really listen.
    pub fn public_url(&self, bound: std::net::SocketAddr) -> String {
        if self.public_url.is_empty() {
            format!("http://{bound}")
        } else {
            self.public_url.trim_end_matches('/').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const DEFAULTS: &str = include_str!("../../config.default.toml");

    #[test]
    fn the_documented_defaults_are_the_defaults() {
        let documented: Config = toml::from_str(DEFAULTS).unwrap();
        assert_eq!(documented, Config::default());
        documented.validate().unwrap();
    }

    #[test]
    fn every_setting_is_documented() {
        let documented: toml::Table = DEFAULTS.parse().unwrap();
        let documented: Vec<String> = layers::leaves(&documented).into_iter().map(|(key, _)| key).collect();
        let known: Vec<String> = Layers::default().settings().iter().map(|s| s.key.clone()).collect();
        assert_eq!(documented, known);
    }

    #[test]
    fn contradictions_name_the_setting_to_change() {
        let check = |change: fn(&mut Config), key: &str| {
            let mut config = Config::default();
            change(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.starts_with(key), "{message}");
        };
        check(|c| c.delivery.lease = Duration::from_secs(79), "delivery.lease");
        check(|c| c.confirm_within = Duration::from_secs(26), "confirm_within");
        check(|c| c.access_token_life = Duration::from_secs(59), "access_token_life");
        check(|c| c.token_known_for = Duration::from_secs(6), "token_known_for");
        check(|c| c.listen = "8085".into(), "listen");
        check(|c| c.public_url = "scim.example.com".into(), "public_url");
        check(|c| c.delivery.bulk_from = 0, "delivery.bulk_from");
        check(|c| c.events.address = "http://scim.example.com".into(), "events.address");
        check(|c| c.events.address = "scim.example.com".into(), "events.address");
        check(|c| c.events.body_bytes = 0, "events.body_bytes");
        check(|c| c.concur.proxy = SecretUrl::new("proxy.example.com:3128"), "concur.proxy");
        check(|c| c.concur.total_max_concurrent = 0, "concur.total_max_concurrent");
        check(|c| c.limits.headers = 97, "limits.headers");
        check(|c| c.limits.answer_time = Duration::from_secs(12), "limits.answer_time");
        check(|c| c.limits.backlog_leavers = 99_999, "limits.backlog_leavers");
        check(|c| c.limits.patch_operations = 0, "limits.patch_operations");
    }

    #[test]
    fn the_public_address_never_ends_in_a_slash() {
        let bound = "127.0.0.1:9".parse().unwrap();
        assert_eq!(Config::default().public_url(bound), "http://127.0.0.1:9");
        let config = Config { public_url: "https://scim.example.com/".into(), ..Config::default() };
        assert_eq!(config.public_url(bound), "https://scim.example.com");
    }
}
