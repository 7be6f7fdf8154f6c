//! Cursors of RFC 9865: where a list goes on, as a text that tells the client nothing and that nobody can make up.
//!
//! A cursor is sealed, not merely signed: it travels in URLs, and the position in a list by `userName` is the name of
//! a person. It is bound to the query it came from and to its scope (whose resources, which end point), so that it
//! opens nothing else (§5.2), and it ends after a while.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ListQuery;
use crate::Error;

const NONCE_BYTES: usize = 24;
/// Characters of a cursor; a position is a name, an id and a time.
const MAX_CHARS: usize = 4 * 1024;

/// The secret behind the cursors of a server; all its replicas need the same one.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

impl CursorKey {
    /// From 32 secret bytes that are used for nothing else.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A cursor of this query: `position` is what the server needs to go on.
    pub fn seal(&self, query: &ListQuery, scope: &str, position: &Value, now: Timestamp) -> String {
        let plain = json!([now.as_second(), query.count, position]).to_string();
        let bound = binding(query, scope);
        // The nonce is made of what is sealed: equal positions give equal cursors, and no randomness is needed.
        let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key("scim cursor nonce", &self.0));
        let digest = hasher.update(&bound).update(plain.as_bytes()).finalize();
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&digest.as_bytes()[..NONCE_BYTES]);
        let payload = Payload { msg: plain.as_bytes(), aad: &bound };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// The position in a cursor that this query came with.
    ///
    /// # Errors
    /// `invalidCursor` for one that was not made here or belongs to another query; `expiredCursor` for one older than
    /// `timeout_seconds`; `invalidCount` if `count` is not that of the first request.
    pub fn open(
        &self,
        cursor: &str,
        query: &ListQuery,
        scope: &str,
        now: Timestamp,
        timeout_seconds: u64,
    ) -> Result<Value, Error> {
        let plain = self.decipher(cursor, &binding(query, scope)).ok_or_else(|| {
            Error::invalid_cursor("The cursor is not one of this query; begin again with an empty cursor.")
        })?;
        let [issued, count, position] = plain;
        let age = now.as_second().saturating_sub(issued.as_i64().unwrap_or(0));
        if u64::try_from(age).unwrap_or(0) > timeout_seconds {
            return Err(Error::expired_cursor(format!(
                "The cursor is older than {timeout_seconds} seconds; begin again with an empty cursor."
            )));
        }
        if count != query.count {
            return Err(Error::invalid_count("count must be that of the request which gave the cursor."));
        }
        Ok(position)
    }

    fn decipher(&self, cursor: &str, bound: &[u8]) -> Option<[Value; 3]> {
        if cursor.len() > MAX_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let plain = self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: bound }).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&blake3::derive_key("scim cursor", &self.0).into())
    }
}

/// What a cursor is good for: all of the query but the cursor itself and `count`, whose change has an error of its
/// own.
fn binding(query: &ListQuery, scope: &str) -> [u8; 32] {
    let filter = query.filter.as_ref().map(ToString::to_string).unwrap_or_default();
    let sort = query.sort.as_ref().map(|sort| format!("{} {:?}", sort.by, sort.order)).unwrap_or_default();
    let projection = query.projection.to_string();
    let mut hasher = blake3::Hasher::new();
    for part in [scope, &filter, &sort, &projection] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScimType;

    const HOUR: u64 = 3600;

    fn query(pairs: &[(&str, &str)]) -> ListQuery {
        ListQuery::parse(pairs.iter().copied()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_cursor_opens_for_its_own_query_scope_and_time_only() {
        let key = CursorKey::new([7; 32]);
        let first = query(&[("filter", "userName sw \"j\""), ("cursor", ""), ("count", "10")]);
        let position = json!(["j@example.com", 1]);
        let cursor = key.seal(&first, "company/Users", &position, at(0));
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        assert!(cursor.chars().all(unreserved) && !cursor.contains("example"), "{cursor}");
        let opened =
            |pairs: &[(&str, &str)], scope, now| key.open(&cursor, &query(pairs), scope, at(now), HOUR);
        let same = [("filter", "userName  SW \"j\""), ("cursor", cursor.as_str()), ("count", "10")];
        assert_eq!(opened(&same, "company/Users", 3600).unwrap(), position);
        let refused = |pairs: &[(&str, &str)], scope, now, expected: ScimType| {
            let error = opened(pairs, scope, now).unwrap_err();
            assert_eq!((error.status, error.scim_type), (400, Some(expected)));
        };
        refused(&same, "company/Users", 3601, ScimType::ExpiredCursor);
        refused(&same, "other/Users", 0, ScimType::InvalidCursor);
        refused(&[same[0], same[1], ("count", "11")], "company/Users", 0, ScimType::InvalidCount);
        for other in [("filter", "userName sw \"k\""), ("sortBy", "title"), ("attributes", "title")] {
            refused(&[other, same[1], same[2]], "company/Users", 0, ScimType::InvalidCursor);
        }
    }

    #[test]
    fn nothing_made_up_is_a_cursor() {
        let (key, other) = (CursorKey::new([7; 32]), CursorKey::new([8; 32]));
        let first = query(&[("cursor", "")]);
        let cursor = key.seal(&first, "", &json!(1), at(0));
        let mut forged: Vec<String> = (0..cursor.len())
            .map(|i| {
                let mut bytes = cursor.clone().into_bytes();
                bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
                String::from_utf8(bytes).unwrap()
            })
            .collect();
        forged.extend([
            "x".to_owned(),
            "\u{e9}".to_owned(),
            "A".repeat(40),
            "A".repeat(5000),
            format!("{cursor}A"),
        ]);
        forged.push(other.seal(&first, "", &json!(1), at(0)));
        for text in forged {
            let error = key.open(&text, &first, "", at(0), HOUR).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidCursor), "{text}");
        }
    }
}
