//! The form of a bearer token, and what is kept of it: nothing but an HMAC.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ids::TokenId;
use crate::{Error, MasterKey};

const PREFIX: &str = "ccb_";
/// Characters of 32 bytes in base64url without padding.
const SECRET_LEN: usize = 43;
const CHECKSUM_LEN: usize = 8;
const LEN: usize = PREFIX.len() + TokenId::LEN + 1 + SECRET_LEN + 1 + CHECKSUM_LEN;

/// A new id.
pub(super) fn new_id(rng: &mut impl rand::CryptoRng) -> String {
    let mut id = [0_u8; TokenId::LEN / 2];
    rng.fill_bytes(&mut id);
    format!("{:016x}", u64::from_be_bytes(id))
}

/// A new token with this id.
pub(super) fn new_plaintext(id: &str, rng: &mut impl rand::CryptoRng) -> String {
    let mut secret = Zeroizing::new([0_u8; 32]);
    rng.fill_bytes(secret.as_mut_slice());
    let mut plaintext = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret.as_slice()));
    let checksum = checksum(&plaintext);
    plaintext.push('_');
    plaintext.push_str(&checksum);
    plaintext
}

/// The first digits of a hash over all that precedes: a typo is recognised without a look-up.
fn checksum(unsigned: &str) -> String {
    let mut digits = blake3::hash(unsigned.as_bytes()).to_hex().to_string();
    digits.truncate(CHECKSUM_LEN);
    digits
}

/// What is stored of a token.
pub(super) fn stored(master_key: &MasterKey, plaintext: &str) -> Result<Vec<u8>, Error> {
    hmac(master_key, "scim-bridge 2026 bearer tokens", plaintext)
}

/// HMAC-SHA-256 under a key of its own for each purpose.
pub(super) fn hmac(master_key: &MasterKey, purpose: &str, text: &str) -> Result<Vec<u8>, Error> {
    let key = master_key.derive(purpose);
    let mac = Hmac::<Sha256>::new_from_slice(key.as_slice());
    let mac = mac.map_err(|e| Error::MasterKey { reason: e.to_string() })?;
    Ok(mac.chain_update(text.as_bytes()).finalize().into_bytes().to_vec())
}

/// The key id, if the text has the form and the checksum of our tokens.
pub(super) fn key_id(plaintext: &str) -> Option<TokenId> {
    if plaintext.len() != LEN || !plaintext.is_ascii() || !plaintext.starts_with(PREFIX) {
        return None;
    }
    let (unsigned, given) = plaintext.split_at(LEN - CHECKSUM_LEN - 1);
    let id = unsigned[PREFIX.len()..].get(..TokenId::LEN)?.parse().ok()?;
    (given.strip_prefix('_')? == checksum(unsigned)).then_some(id)
}
