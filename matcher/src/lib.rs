//! Expense texts in, scored and explained matches to SaaS apps out.
