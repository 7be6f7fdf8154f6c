//! Typed client of the SAP Concur APIs; the only crate that calls Concur.
