//! The front: a [`Matcher`] over a dictionary, and what goes in and comes out of it.

use std::sync::Arc;

use serde::Serialize;

use crate::band::Band;
use crate::dictionary::Dictionary;
use crate::explain::Explanation;

/// The texts of one expense line. Absent texts are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpenseTexts<'t> {
    /// Concur's `VendorDescription`.
    pub vendor_description: &'t str,
    /// Concur's `BusinessPurpose`.
    pub business_purpose: &'t str,
    /// Concur's `ExpenseTypeName`.
    pub expense_type_name: &'t str,
    /// Concur's `SpendCategory`.
    pub spend_category: &'t str,
    /// Concur's `ExpenseTypeCode`; the same in every language.
    pub expense_type_code: Option<&'t str>,
    /// Concur's `SpendCategoryCode`; the same in every language.
    pub spend_category_code: Option<&'t str>,
}

/// What the matcher says about one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The app, or `None` when the matcher abstains.
    pub app_id: Option<Arc<str>>,
    /// Score of the candidate, 0 to 1; 0 without one.
    pub score: f64,
    /// The score's band; [`Band::None`] exactly when `app_id` is `None`.
    pub band: Band,
    /// The best app seen, also when the matcher abstains.
    pub candidate: Option<Arc<str>>,
    /// Why.
    pub explanation: Explanation,
}

/// Memory that a matcher reuses from line to line. One per thread.
#[derive(Debug, Default)]
pub struct Scratch {}

/// Decides lines against one dictionary. Cheap to share between threads behind an [`Arc`]; building it costs.
#[derive(Debug)]
pub struct Matcher {
    dictionary: Arc<Dictionary>,
}

impl Matcher {
    /// Builds the indexes over a dictionary.
    pub fn new(dictionary: Arc<Dictionary>) -> Matcher {
        Matcher { dictionary }
    }

    /// The dictionary behind the decisions.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Fresh working memory for [`Matcher::decide`].
    pub fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    /// Decides one line.
    pub fn decide(&self, _texts: &ExpenseTexts<'_>, _scratch: &mut Scratch) -> Decision {
        unimplemented!("the stages follow")
    }
}
