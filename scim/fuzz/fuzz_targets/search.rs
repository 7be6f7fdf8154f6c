//! `cargo +nightly fuzz run search`; what it checks is in `fuzz/src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| scim_fuzz::search(bytes));
