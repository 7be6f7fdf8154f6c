//! The address that an account's events come to: it cannot be guessed, and it stands nowhere.
//!
//! Its key is computed from the master key, the account and a number, so that it need not be stored to be shown to Concur
//! again, and a new number makes the old address void. Whoever has it can make us read; see decision 0043.

use blake3::Hash;
use store::Store;
use store::ids::AccountId;

/// Where events are received, below the public address.
pub(super) const PATH: &str = "/events/concur";

/// What the derived key is for.
const PURPOSE: &str = "scim-bridge 2026 address of events";

/// The last part of the address of an account.
fn key(store: &Store, account: AccountId, address_no: i64) -> Hash {
    blake3::keyed_hash(&store.derive_key(PURPOSE), format!("{account} {address_no}").as_bytes())
}

/// The whole address, below the base address `public_url`, which ends in no slash.
pub(super) fn of(store: &Store, public_url: &str, account: AccountId, address_no: i64) -> String {
    format!("{public_url}{PATH}/{account}/{}", key(store, account, address_no).to_hex())
}

/// Whether `given` is the last part of that address. Takes the same time whatever it is.
pub(super) fn is_right(store: &Store, account: AccountId, address_no: i64, given: &str) -> bool {
    Hash::from_hex(given).is_ok_and(|given| given == key(store, account, address_no))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_address_belongs_to_one_account_one_number_and_one_master_key() {
        let (one, other) = (store::testing::sqlite(), store::testing::sqlite());
        let account = |n| AccountId::from_uuid(Uuid::from_u128(n));
        let address = of(&one.store, "https://scim.example.com", account(1), 7);
        let start = format!("https://scim.example.com/events/concur/{}/", account(1));
        let key = address.strip_prefix(&start).unwrap();
        assert_eq!(key.len(), 64);
        assert!(is_right(&one.store, account(1), 7, key));
        assert!(is_right(&other.store, account(1), 7, key), "replicas with one master key agree");
        assert!(!is_right(&one.store, account(1), 8, key) && !is_right(&one.store, account(2), 7, key));
        for wrong in ["", "x", &key[1..], &key.replace(&key[..1], "z"), &"0".repeat(64)] {
            assert!(!is_right(&one.store, account(1), 7, wrong), "{wrong}");
        }
    }
}
