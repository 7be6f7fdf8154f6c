//! Token store.
