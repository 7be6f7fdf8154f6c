//! The one place of the bridge whose randomness decides anything: how long a retry waits.
//!
//! Everything else is given a [`Chance`], so that a simulated run can be repeated to the letter.

use std::fmt;
use std::sync::Arc;

/// Where random numbers come from. Cloning shares the source.
#[derive(Clone)]
pub struct Chance(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Chance {
    /// The machine's.
    pub fn system() -> Self {
        Self::from_fn(rand::random::<f64>)
    }

    /// Any other source of numbers from 0 to 1, for example a seeded one.
    pub fn from_fn(source: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Uniform over 0 to 1.
    pub fn uniform(&self) -> f64 {
        (self.0)()
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}
