//! One wire form to the canonical line. Pure; each source has a file of its own.

pub mod v3;
