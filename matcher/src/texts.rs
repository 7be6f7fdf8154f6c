//! What goes into a decision: the texts of one expense line, as Concur keeps them.

/// Bytes of a text that are read. Concur's own limit is 64 characters (Entries v3); what comes from a file may be longer,
/// and its beginning names the vendor. Without a limit one row could hold up all others.
pub const TEXT_BYTES_MAX: usize = 512;

/// The texts of one expense line. Absent texts are empty; of longer ones only [`TEXT_BYTES_MAX`] bytes are read.
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

impl<'t> ExpenseTexts<'t> {
    /// The texts as far as they are read.
    pub(crate) fn cut(&self) -> ExpenseTexts<'t> {
        let cut = |text: &'t str| &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
        ExpenseTexts {
            vendor_description: cut(self.vendor_description),
            business_purpose: cut(self.business_purpose),
            expense_type_name: cut(self.expense_type_name),
            spend_category: cut(self.spend_category),
            ..*self
        }
    }
}
