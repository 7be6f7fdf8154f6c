//! Public keys as people copy them from a page: PEM around a `SubjectPublicKeyInfo`. Just as much of DER as that takes.
//! Source: RFC 7468, section 13; RFC 5280, section 4.1; RFC 8017, A.1.1.

use super::{NotAKey, SigningKey, decode};

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// rsaEncryption, 1.2.840.113549.1.1.1, as it stands in DER.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// Every key of the text.
pub(super) fn keys(text: &str) -> Result<Vec<SigningKey>, NotAKey> {
    let blocks: Vec<&str> =
        text.split(BEGIN).skip(1).map(|rest| rest.split(END).next().unwrap_or_default()).collect();
    if blocks.is_empty() {
        return Err(NotAKey::NoPem);
    }
    blocks.into_iter().map(key).collect()
}

fn key(block: &str) -> Result<SigningKey, NotAKey> {
    let text: String = block.split_whitespace().collect();
    let der = decode(&text).ok_or(NotAKey::NoPem)?;
    let (modulus, exponent) = numbers(&der).ok_or(NotAKey::NotRsa)?;
    SigningKey::new(modulus, exponent)
}

fn numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, []) = value(SEQUENCE, der)? else { return None };
    let (algorithm, key) = value(SEQUENCE, info)?;
    let (name, _null) = value(OBJECT_IDENTIFIER, algorithm)?;
    if name != RSA_ENCRYPTION {
        return None;
    }
    // The first byte says how many bits at the end do not count: none.
    let ([0, key @ ..], []) = value(BIT_STRING, key)? else { return None };
    let (numbers, []) = value(SEQUENCE, key)? else { return None };
    let (modulus, rest) = value(INTEGER, numbers)?;
    let (exponent, []) = value(INTEGER, rest)? else { return None };
    Some((modulus, exponent))
}

/// The content of the first value, which must be of this kind, and what follows it.
fn value(kind: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 3 {
            return None;
        }
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (found == kind).then_some((content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("testdata/simulator.pem");

    #[test]
    fn keys_are_found_in_whatever_text_stands_around_them() {
        let text =
            format!("Our public key:\n{KEY}\nand the one before:\n{}\nEnd.", KEY.replace('\n', "\r\n"));
        let found = keys(&text).unwrap();
        assert_eq!((found.len(), found[0].modulus.len(), &found[0].exponent[..]), (2, 256, &[1, 0, 1][..]));
        assert_eq!(found[0], found[1]);
    }

    #[test]
    fn what_is_no_rsa_key_is_refused_wherever_it_is_cut() {
        assert_eq!(keys("nothing"), Err(NotAKey::NoPem));
        assert_eq!(keys(&format!("{BEGIN}\n!!\n{END}")), Err(NotAKey::NoPem));
        let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
        let der = decode(&body).unwrap();
        assert!(numbers(&der).is_some());
        for length in 0..der.len() {
            assert_eq!(numbers(&der[..length]), None, "{length} bytes");
        }
        // A P-256 key.
        let elliptic = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n\
                        q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==";
        assert_eq!(keys(&format!("{BEGIN}\n{elliptic}\n{END}")), Err(NotAKey::NotRsa));
    }
}
