//! Claims about speed, each with the answer it must also produce.
//!
//! The benches live in `benches/`, one file per room; this library makes what they work on. Every bench asserts what its
//! subject answers before it measures how fast: a matcher that skips work wins any table of speed. Every bench has a
//! peer in the same run, because on a shared machine only ratios mean anything.
//!
//! `cargo bench -p benches --bench matcher`; the matcher beside its peers: `cargo xtask bench match`

pub mod workload;
