//! RSASSA-PSS with a salt of any length. The TLS library checks PSS with a salt as long as the digest alone, as TLS has it;
//! other signers take the longest salt that fits.
//! Source: RFC 8017, sections 8.1.2, 9.1.2 and B.2.1.

use num_bigint::BigUint;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// What an encoded message ends with.
const TRAILER: u8 = 0xbc;
/// What stands between padding and salt.
const SEPARATOR: u8 = 1;

/// Whether `signature` is one of `message` by the key with this modulus (big-endian, no leading zeros) and exponent.
pub(super) fn is_signed(modulus: &[u8], exponent: &[u8], message: &[u8], signature: &[u8]) -> bool {
    encoded(modulus, exponent, signature).is_some_and(|(encoded, bits)| is_of(&encoded, bits, message))
}

/// The encoded message that was signed, and how many bits it has: one less than the modulus.
fn encoded(modulus: &[u8], exponent: &[u8], signature: &[u8]) -> Option<(Vec<u8>, usize)> {
    if signature.len() != modulus.len() {
        return None;
    }
    let (modulus, signature) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(signature));
    if signature >= modulus {
        return None;
    }
    let bits = usize::try_from(modulus.bits()).ok()?.checked_sub(1)?;
    let number = signature.modpow(&BigUint::from_bytes_be(exponent), &modulus).to_bytes_be();
    let mut encoded = vec![0; bits.div_ceil(8).checked_sub(number.len())?];
    encoded.extend_from_slice(&number);
    Some((encoded, bits))
}

fn is_of(encoded: &[u8], bits: usize, message: &[u8]) -> bool {
    let Some((&TRAILER, rest)) = encoded.split_last() else { return false };
    let Some(data_len) = rest.len().checked_sub(SHA256_OUTPUT_LEN) else { return false };
    let (masked, hash) = rest.split_at(data_len);
    let mut data: Vec<u8> = masked.iter().zip(mask(hash, data_len)).map(|(byte, mask)| byte ^ mask).collect();
    // The bits that the modulus has no room for are zero before the mask, and mean nothing after it.
    let unused = encoded.len() * 8 - bits;
    let (Some(&first_masked), Some(first)) = (masked.first(), data.first_mut()) else { return false };
    let room = 0xff_u8.checked_shr(u32::try_from(unused).unwrap_or(u32::MAX)).unwrap_or(0);
    if first_masked & !room != 0 {
        return false;
    }
    *first &= room;
    let padding = data.iter().take_while(|byte| **byte == 0).count();
    let Some((&SEPARATOR, salt)) = data.get(padding..).and_then(<[u8]>::split_first) else { return false };
    let signed = [&[0; 8][..], digest(&SHA256, message).as_ref(), salt].concat();
    digest(&SHA256, &signed).as_ref() == hash
}

/// MGF1 over SHA-256.
fn mask(seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + SHA256_OUTPUT_LEN);
    let mut counter = 0_u32;
    while mask.len() < length {
        mask.extend_from_slice(digest(&SHA256, &[seed, &counter.to_be_bytes()].concat()).as_ref());
        counter += 1;
    }
    mask.truncate(length);
    mask
}
