//! Following Concur's pages into the store. Rows and the cursor that covers them commit in one transaction, so a
//! process that dies repeats a page and never skips one.

pub mod expenses;
mod retry;
pub mod users;
