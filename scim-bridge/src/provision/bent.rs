//! What was bent for one request, collected on its way through the use cases.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use scim::habits::{self, Habit};

/// The habits that one request had. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Bent(Arc<Mutex<BTreeSet<Habit>>>);

impl Bent {
    /// Runs `f` and notes what it bends.
    pub fn watch<T>(&self, f: impl FnOnce() -> T) -> T {
        let (value, bent) = habits::watch(f);
        if !bent.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bent);
        }
        value
    }

    /// What was noted so far.
    pub fn habits(&self) -> BTreeSet<Habit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
