//! `cargo +nightly fuzz run dictionary`; what it checks is in `matcher/src/fuzzing.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matcher::fuzzing::dictionary(bytes));
