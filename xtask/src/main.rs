//! One door for each chore: cargo xtask <chore>.
fn main() {}
