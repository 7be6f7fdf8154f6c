//! Sealing of stored secrets (reliability S1): XChaCha20-Poly1305 with a random nonce, the key's id in the header,
//! and the place of the value as associated data, so that a record moved to another row, column or account does not
//! open. Also the keys derived from the master key. What it does not do: keep the master key anywhere.
//!
//! Record: version (1 byte) | key id (8) | nonce (24) | ciphertext and tag.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::Error;
use crate::ids::AccountId;

const VERSION: u8 = 1;
const KEY_ID_LEN: usize = 8;
const NONCE_LEN: usize = 24;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// The key that seals stored secrets, 256 bits. Losing it loses every stored secret; it never enters the database.
#[derive(Clone)]
pub struct MasterKey {
    /// The first one seals; all of them open.
    keys: Arc<Vec<Zeroizing<[u8; 32]>>>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

impl MasterKey {
    /// From the 32 bytes themselves.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { keys: Arc::new(vec![Zeroizing::new(bytes)]) }
    }

    /// From the text form, base64 of 32 bytes: what an environment variable or the key file holds.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
            refused("expected base64 of exactly 32 bytes; make one with `MasterKey::generate_file`")
        })?;
        Ok(Self::from_bytes(bytes))
    }

    /// From a file holding the text form. On Unix, refused when others than the owner may read it.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let place = path.display();
        let text = std::fs::read_to_string(path).map_err(|e| refused(&format!("reading {place}: {e}")))?;
        let text = Zeroizing::new(text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let meta = std::fs::metadata(path).map_err(|e| refused(&format!("reading {place}: {e}")))?;
            let mode = meta.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let why = format!("{place} has mode {mode:03o}, so others may read it; run chmod 600 on it");
                return Err(refused(&why));
            }
        }
        Self::from_text(&text)
    }

    /// Makes a new random key and writes it to a new file with mode 0600; refuses to replace an existing file.
    pub fn generate_file(path: &Path) -> Result<Self, Error> {
        use std::io::Write as _;
        let mut bytes = Zeroizing::new([0_u8; 32]);
        rand::rng().fill_bytes(bytes.as_mut_slice());
        let text = Zeroizing::new(STANDARD.encode(bytes.as_slice()) + "\n");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let place = path.display();
        let write = |mut file: std::fs::File| file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        options.open(path).and_then(write).map_err(|e| refused(&format!("writing {place}: {e}")))?;
        Ok(Self::from_bytes(*bytes))
    }

    /// During a rotation: this key seals, and records sealed with `previous` still open.
    #[must_use]
    pub fn with_previous(&self, previous: &MasterKey) -> Self {
        Self { keys: Arc::new(self.keys.iter().chain(previous.keys.iter()).cloned().collect()) }
    }

    /// A key for another purpose, of which the master key cannot be computed.
    pub(crate) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(purpose, self.current()))
    }

    fn current(&self) -> &[u8; 32] {
        &self.keys[0]
    }

    pub(crate) fn seal(&self, place: &Place<'_>, secret: &SecretString) -> Result<Vec<u8>, Error> {
        let mut nonce = [0_u8; NONCE_LEN];
        // A repeated nonce would reveal both plaintexts, so no caller may choose it.
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &place.associated_data() };
        let cipher = XChaCha20Poly1305::new(self.current().into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| place.refused())?;
        Ok([&[VERSION][..], &key_id(self.current()), &nonce, &sealed].concat())
    }

    pub(crate) fn open(&self, place: &Place<'_>, record: &[u8]) -> Result<SecretString, Error> {
        let (header, sealed) = record.split_at_checked(HEADER_LEN).ok_or_else(|| place.refused())?;
        let (id, nonce) = header[1..].split_at(KEY_ID_LEN);
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| place.refused())?;
        let key = self.keys.iter().find(|key| header[0] == VERSION && key_id(key) == id);
        let cipher = XChaCha20Poly1305::new(
            key.ok_or_else(|| place.refused())?.as_slice().try_into().map_err(|_| place.refused())?,
        );
        let payload = Payload { msg: sealed, aad: &place.associated_data() };
        let plain = cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| place.refused())?;
        let plain = Zeroizing::new(plain);
        let text = std::str::from_utf8(&plain).map_err(|_| place.refused())?;
        Ok(SecretString::from(text))
    }
}

fn refused(reason: &str) -> Error {
    Error::MasterKey { reason: reason.to_owned() }
}

/// Names a key without telling anything about it.
fn key_id(key: &[u8; 32]) -> [u8; KEY_ID_LEN] {
    let mut id = [0; KEY_ID_LEN];
    id.copy_from_slice(&blake3::derive_key("scim-bridge 2026 master key id", key)[..KEY_ID_LEN]);
    id
}

/// Where a sealed value stands; it opens nowhere else.
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
    pub(crate) column: &'static str,
    pub(crate) account: AccountId,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let account = self.account.to_string();
        let mut data = Vec::new();
        for part in [self.table, self.row, self.column, &account] {
            data.extend_from_slice(&(part.len() as u64).to_le_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }

    fn refused(&self) -> Error {
        Error::Seal { place: format!("{}.{}", self.table, self.column) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn place(row: &str, account: u128) -> Place<'_> {
        let account = AccountId::from_uuid(Uuid::from_u128(account));
        Place { table: "credentials", row, column: "sealed", account }
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_was_sealed() {
        let key = MasterKey::from_bytes([7; 32]);
        let record = key.seal(&place("a", 1), &"canary".into()).unwrap();
        assert_eq!(key.open(&place("a", 1), &record).unwrap().expose_secret(), "canary");
        assert!(key.open(&place("b", 1), &record).is_err(), "another row");
        assert!(key.open(&place("a", 2), &record).is_err(), "another account");
        assert!(!record.windows(6).any(|w| w == b"canary"));
    }

    #[test]
    fn no_bit_of_a_record_can_be_changed() {
        let key = MasterKey::from_bytes([7; 32]);
        let record = key.seal(&place("a", 1), &"canary".into()).unwrap();
        for at in 0..record.len() {
            let mut changed = record.clone();
            changed[at] ^= 1;
            assert!(key.open(&place("a", 1), &changed).is_err(), "byte {at}");
            assert!(key.open(&place("a", 1), &record[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn during_a_rotation_both_keys_open_and_the_new_one_seals() {
        let (old, new) = (MasterKey::from_bytes([1; 32]), MasterKey::from_bytes([2; 32]));
        let record = old.seal(&place("a", 1), &"canary".into()).unwrap();
        assert!(new.open(&place("a", 1), &record).is_err());
        let both = new.with_previous(&old);
        assert!(both.open(&place("a", 1), &record).is_ok());
        let record = both.seal(&place("a", 1), &"canary".into()).unwrap();
        assert!(new.open(&place("a", 1), &record).is_ok() && old.open(&place("a", 1), &record).is_err());
    }

    #[test]
    fn a_key_file_is_private_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let made = MasterKey::generate_file(&path).unwrap();
        assert_eq!(MasterKey::from_file(&path).unwrap().current(), made.current());
        assert!(MasterKey::generate_file(&path).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            let refused = MasterKey::from_file(&path).unwrap_err().to_string();
            assert!(refused.contains("mode 640"), "{refused}");
        }
    }

    #[test]
    fn the_master_key_does_not_print() {
        assert_eq!(format!("{:?}", MasterKey::from_bytes([7; 32])), "MasterKey([redacted])");
        assert!(MasterKey::from_text("dG9vIHNob3J0").is_err());
    }
}
