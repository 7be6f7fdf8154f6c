//! Which column of a CSV file holds what.

/// The columns of a CSV file that are read. Names are Concur's, in any case and with or without underscores; others are
/// ignored: exports carry many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    pub(super) id: Option<usize>,
    pub(super) vendor_description: Option<usize>,
    pub(super) business_purpose: Option<usize>,
    pub(super) expense_type_name: Option<usize>,
    pub(super) spend_category: Option<usize>,
    pub(super) expense_type_code: Option<usize>,
    pub(super) spend_category_code: Option<usize>,
    pub(super) amount: Option<usize>,
    pub(super) currency: Option<usize>,
    pub(super) owner: Option<usize>,
    pub(super) department: Option<usize>,
    pub(super) account: Option<usize>,
}

/// A header that names no column the matcher reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the first line names none of the columns VendorDescription, BusinessPurpose, ExpenseTypeName, SpendCategory; \
     rename the columns, for only these are read (beside id, ExpenseTypeCode, SpendCategoryCode, and for rules Amount, Currency, Owner, Department, Account)"
)]
pub struct MissingColumns;

impl Columns {
    /// Reads the header, the first row of a file. Without a column `id` a row's number is its id.
    ///
    /// # Errors
    /// None of the four texts has a column.
    pub fn of_header(header: &[u8]) -> Result<Columns, MissingColumns> {
        // Programs on Windows begin a file with a byte order mark.
        let header = header.strip_prefix("\u{feff}".as_bytes()).unwrap_or(header);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(header);
        let mut names = csv::ByteRecord::new();
        if !reader.read_byte_record(&mut names).unwrap_or(false) {
            return Err(MissingColumns);
        }
        let mut columns = Columns::default();
        for (at, name) in names.iter().enumerate() {
            let mut name = name.trim_ascii().to_ascii_lowercase();
            name.retain(|letter| *letter != b'_');
            let slot = match name.as_slice() {
                b"id" => &mut columns.id,
                b"vendordescription" => &mut columns.vendor_description,
                b"businesspurpose" => &mut columns.business_purpose,
                b"expensetypename" => &mut columns.expense_type_name,
                b"spendcategory" | b"spendcategoryname" => &mut columns.spend_category,
                b"expensetypecode" => &mut columns.expense_type_code,
                b"spendcategorycode" => &mut columns.spend_category_code,
                b"amount" | b"transactionamount" => &mut columns.amount,
                b"currency" | b"currencycode" | b"transactioncurrency" | b"transactioncurrencycode" => {
                    &mut columns.currency
                }
                b"owner" | b"ownername" | b"ownerlogin" => &mut columns.owner,
                b"department" => &mut columns.department,
                b"account" | b"accountcode" => &mut columns.account,
                _ => continue,
            };
            // Of two columns of one name the first is read.
            slot.get_or_insert(at);
        }
        let texts = [
            columns.vendor_description,
            columns.business_purpose,
            columns.expense_type_name,
            columns.spend_category,
        ];
        if texts.iter().any(Option::is_some) { Ok(columns) } else { Err(MissingColumns) }
    }
}
