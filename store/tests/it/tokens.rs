//! Our bearer tokens.

use secrecy::{ExposeSecret as _, SecretString};
use store::ids::AccountId;
use store::testing::TestStore;
use store::tokens::{
    NewToken, Rotation, Token, authenticate, by_secret, create, is_well_formed, issue_access, list, revoke,
    rotate, touch_last_used,
};

use crate::{add_account, at, on_each, read, write};

fn make(test: &TestStore, account: Option<AccountId>, expires_in: i64) -> (Token, SecretString) {
    let new = NewToken {
        account,
        name: "Okta".to_owned(),
        scopes: vec!["scim:read".to_owned(), "scim:write".to_owned()],
        expires_at: at(expires_in),
        now: at(0),
    };
    write(test, |c| create(c, &new, &mut rand::rng()))
}

#[test]
fn a_token_opens_until_it_expires_or_is_revoked() {
    on_each(|test, account| {
        let (token, plaintext) = make(test, Some(account), 100);
        let open = |now| read(test, |c| authenticate(c, &plaintext, at(now)));
        assert_eq!(open(1), Some(token.clone()));
        assert_eq!(token.account, Some(account));
        assert_eq!(open(100), None, "expired");
        write(test, |c| touch_last_used(c, &token.id, at(5)));
        assert_eq!(open(6).unwrap().last_used_at, Some(at(5)));
        assert!(write(test, |c| revoke(c, &token.id, at(7))));
        assert!(!write(test, |c| revoke(c, &token.id, at(8))));
        assert_eq!(open(9), None, "revoked");
    });
}

#[test]
fn a_token_with_any_other_secret_does_not_open() {
    on_each(|test, account| {
        let (_, plaintext) = make(test, Some(account), 100);
        let (_, other) = make(test, Some(account), 100);
        // The key id of one with the secret of the other, and a checksum that is right.
        let (text, other) = (plaintext.expose_secret(), other.expose_secret());
        let unsigned = format!("{}{}", &text[..20], &other[20..64]);
        let forged = format!("{unsigned}_{}", &blake3::hash(unsigned.as_bytes()).to_hex()[..8]);
        assert!(is_well_formed(&forged), "{forged}");
        assert_eq!(read(test, |c| authenticate(c, &forged.into(), at(1))), None);
    });
}

#[test]
fn a_typo_in_a_token_is_recognised_without_the_database() {
    let store = store::testing::sqlite();
    let (_, secret) = make(&store, None, 100);
    let text = secret.expose_secret();
    assert!(is_well_formed(text) && text.starts_with("ccb_"));
    for at in 0..text.len() {
        let mut typo = text.to_owned().into_bytes();
        typo[at] = if typo[at] == b'0' { b'1' } else { b'0' };
        let typo = String::from_utf8(typo).unwrap();
        assert!(!is_well_formed(&typo), "{typo}");
        assert!(!is_well_formed(&text[..at]));
    }
    assert!(!is_well_formed(&text.replace("ccb_", "ccbé")));
}

#[test]
fn tokens_are_listed_without_their_secrets_and_live_at_most_400_days() {
    on_each(|test, account| {
        let other = add_account(test, "Other");
        let day = 24 * 60 * 60;
        let (token, plaintext) = make(test, Some(account), 1000 * day);
        assert_eq!(token.expires_at, at(400 * day));
        make(test, Some(other), day);
        make(test, None, day);
        assert_eq!(read(test, |c| list(c, None)).len(), 3);
        let mine = read(test, |c| list(c, Some(account)));
        assert_eq!(mine, [token]);
        let secret = &plaintext.expose_secret()[21..64];
        assert!(!format!("{mine:?}").contains(secret));
    });
}

#[test]
fn an_access_token_carries_what_it_was_given_until_it_ends_or_its_client_does() {
    on_each(|test, account| {
        let (token, plaintext) = make(test, Some(account), 1000);
        let issue = |scopes: &[&str], expires_in| {
            let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
            read(test, |c| issue_access(c, &token, &scopes, at(expires_in)))
        };
        let open = |access: &SecretString, now| read(test, |c| authenticate(c, access, at(now)));
        let narrow = issue(&["scim:write", "admin"], 100);
        assert!(!narrow.expose_secret().contains(&plaintext.expose_secret()[21..64]));
        let opened = open(&narrow, 1).unwrap();
        assert_eq!(
            (opened.id, opened.scopes, opened.account),
            (token.id.clone(), vec!["scim:write".to_owned()], Some(account))
        );
        assert_eq!(open(&narrow, 100), None, "expired");
        let whole = issue(&["scim:read", "scim:write"], 5000);
        assert_eq!(open(&whole, 999).unwrap().scopes, token.scopes);
        assert_eq!(open(&whole, 1000), None, "the client has ended");
        assert_eq!(read(test, |c| by_secret(c, &whole, at(1))), None, "no secret of a client");
        for at_byte in 0..whole.expose_secret().len() {
            let mut text = whole.expose_secret().to_owned().into_bytes();
            text[at_byte] = if text[at_byte] == b'1' { b'2' } else { b'1' };
            let changed = SecretString::from(String::from_utf8(text).unwrap());
            assert_eq!(open(&changed, 1), None, "{at_byte}");
        }
        write(test, |c| revoke(c, &token.id, at(7)));
        assert_eq!(open(&whole, 8), None, "revoked");
    });
}

#[test]
fn a_client_has_two_live_tokens_at_most_and_the_old_one_ends_in_time() {
    on_each(|test, account| {
        let (token, old) = make(test, Some(account), 1000);
        let rotate = |id: &store::ids::TokenId, now: i64| {
            write(test, |c| rotate(c, id, at(5000), at(now + 50), at(now), &mut rand::rng()))
        };
        let Rotation::Made(made) = rotate(&token.id, 10) else { panic!("not made") };
        let (second, new, replaced) = (made.token, made.plaintext, made.replaced);
        assert_eq!(
            (&second.client, &second.scopes, second.account),
            (&token.id, &token.scopes, Some(account))
        );
        assert_eq!(replaced.expires_at, at(60));
        let open = |secret: &SecretString, now| read(test, |c| authenticate(c, secret, at(now))).is_some();
        assert!(open(&old, 59) && open(&new, 59) && !open(&old, 60) && open(&new, 60));
        assert!(matches!(rotate(&second.id, 11), Rotation::TwoAreLive));
        assert!(matches!(rotate(&token.id, 60), Rotation::NotLive));
        let Rotation::Made(third) = rotate(&second.id, 60) else { panic!("not made") };
        assert_eq!(third.token.client, token.id);
    });
}
