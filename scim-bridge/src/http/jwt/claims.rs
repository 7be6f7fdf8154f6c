//! What a JWT claims, RFC 7519 §4.1, and whether it is what is asked for.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::tokens::Trust;

/// How far the issuer's clock may be from ours (RFC 7519 §4.1.4: "usually no more than a few minutes").
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// The claims. A token without an end, an issuer or an audience is none of ours.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    #[serde(rename = "iss")]
    pub(super) issuer: String,
    #[serde(rename = "aud")]
    audience: Audience,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    /// All others.
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Claims {
    /// Whether it has begun and not ended, and was not issued in the future.
    #[expect(clippy::cast_precision_loss, reason = "seconds, whose fractions do not matter here")]
    pub(super) fn are_timely(&self, now: Timestamp) -> bool {
        let (now, leeway) = (now.as_second() as f64, LEEWAY.as_secs() as f64);
        let begun = |at: Option<f64>| at.is_none_or(|at| at <= now + leeway);
        now - leeway < self.exp && begun(self.nbf) && begun(self.iat)
    }

    /// Whether only who holds another key may present it (`cnf`, RFC 7800 §3.1), which a bearer does not prove.
    pub(super) fn is_bound(&self) -> bool {
        self.others.contains_key("cnf")
    }

    /// Whether they are what the operator asks for.
    pub(super) fn fit(&self, trust: &Trust) -> bool {
        let meant = match &self.audience {
            Audience::One(audience) => *audience == trust.audience,
            Audience::Many(audiences) => audiences.contains(&trust.audience),
        };
        self.issuer == trust.issuer
            && meant
            && trust
                .claims
                .iter()
                .all(|(name, wanted)| self.others.get(name).is_some_and(|value| holds(value, wanted)))
    }
}

/// A text, number or truth that reads like this, or a list of such that has it.
fn holds(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => text == wanted,
        Value::Number(number) => number.to_string().as_str() == wanted,
        Value::Bool(truth) => wanted == if *truth { "true" } else { "false" },
        Value::Array(values) => values.iter().any(|value| !value.is_array() && holds(value, wanted)),
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use store::tokens::Keys;

    fn claims(more: &Value) -> Claims {
        let mut claims = json!({"iss": "https://idp", "aud": "bridge", "exp": 1_000});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let timely = |more: Value, now: i64| claims(&more).are_timely(Timestamp::from_second(now).unwrap());
        assert!(timely(json!({}), 1_059));
        assert!(!timely(json!({}), 1_060));
        assert!(timely(json!({"exp": 1_000.9}), 1_060), "fractions are allowed (RFC 7519 §2)");
        assert!(timely(json!({"nbf": 500, "iat": 500}), 440));
        assert!(!timely(json!({"nbf": 500}), 439));
        assert!(!timely(json!({"iat": 500}), 439));
        assert!(!timely(json!({"exp": -1e300}), 0) && timely(json!({"exp": 1e300}), 0));
    }

    #[test]
    fn a_trust_asks_for_audience_and_claims() {
        let trust = |wanted: &[(&str, &str)]| Trust {
            issuer: "https://idp".to_owned(),
            audience: "bridge".to_owned(),
            claims: wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            keys: Keys::Given(json!({})),
        };
        let fits = |more: Value, wanted: &[(&str, &str)]| claims(&more).fit(&trust(wanted));
        assert!(fits(json!({}), &[]));
        assert!(fits(json!({"aud": ["other", "bridge"]}), &[]));
        assert!(!fits(json!({"aud": "bridge2"}), &[]) && !fits(json!({"aud": []}), &[]));
        assert!(!fits(json!({"iss": "https://idp/"}), &[]), "an issuer is compared whole");
        assert!(fits(json!({"sub": "okta", "roles": ["a", "scim"]}), &[("sub", "okta"), ("roles", "scim")]));
        assert!(fits(json!({"n": 7, "ok": true}), &[("n", "7"), ("ok", "true")]));
        assert!(!fits(json!({"sub": "okta"}), &[("sub", "okta"), ("roles", "scim")]), "all of them");
        assert!(!fits(json!({"sub": null, "x": {"y": "z"}}), &[("sub", "null")]));
        assert!(!fits(json!({"roles": [["scim"]]}), &[("roles", "scim")]));
        assert!(claims(&json!({"cnf": {"jkt": "x"}})).is_bound() && !claims(&json!({})).is_bound());
    }
}
