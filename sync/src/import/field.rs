//! What a column can hold: the fields of a line, the names that exports give them, and how the template shows them.
//!
//! Names are compared without case, spaces and punctuation ([`plain`]). Sources: headings of Concur's accounting extract
//! and of its reports, members of Expense v3, and the words that its localised pages use for the same things.

use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $example:literal, [$($heading:literal),* $(,)?];)+) => {
        /// A field of an expense line. The first four are what matching reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Field { $($(#[$doc])* $variant,)+ }

        impl Field {
            /// Every field, in the order of the template.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)+];

            /// Its name in the template, in `--map` and in messages.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)+ }
            }

            /// A value as the template shows it.
            pub const fn example(self) -> &'static str {
                match self { $(Field::$variant => $example,)+ }
            }

            /// Headings under which exports carry it, the most telling first.
            pub(super) const fn headings(self) -> &'static [&'static str] {
                match self { $(Field::$variant => &[$($heading),*],)+ }
            }
        }
    };
}

fields! {
    /// Who was paid, as typed or as the card feed says.
    VendorDescription = "VendorDescription", "ZOOM.US 888-799-9666", [
        "Vendor Description", "Report Entry Vendor Description", "Vendor", "Vendor Name", "Report Entry Vendor Name",
        "Merchant", "Merchant Name", "Supplier", "Payee", "Anbieter", "Händler", "Lieferant", "Fournisseur", "Marchand",
        "Proveedor", "Fornitore", "Leverancier", "取引先", "支払先", "業者",
    ];
    /// What it was bought for.
    BusinessPurpose = "BusinessPurpose", "Video calls with customers", [
        "Business Purpose", "Purpose", "Entry Purpose", "Geschäftszweck", "Zweck", "Objet", "Motif professionnel",
        "Propósito", "Finalidad", "Scopo", "用途", "目的", "業務目的",
    ];
    /// Concur's expense type, as people see it.
    ExpenseTypeName = "ExpenseTypeName", "Software", [
        "Expense Type Name", "Expense Type", "Report Entry Expense Type Name", "Ausgabenart", "Spesenart", "Kostenart",
        "Type de dépense", "Tipo de gasto", "Tipo di spesa", "経費タイプ", "経費の種類",
    ];
    /// Concur's spend category, as people see it.
    SpendCategory = "SpendCategory", "Computer Software", [
        "Spend Category", "Spend Category Name", "Report Entry Spend Category", "Category", "Ausgabenkategorie",
        "Kategorie", "Catégorie de dépense", "Catégorie", "Categoría", "カテゴリ",
    ];
    /// Day of the purchase.
    TransactionDate = "TransactionDate", "2026-01-31", [
        "Transaction Date", "Report Entry Transaction Date", "Expense Date", "Purchase Date", "Date", "Transaktionsdatum",
        "Buchungsdatum", "Datum", "Date de transaction", "Date de la transaction", "Fecha", "Fecha de transacción", "Data",
        "取引日", "日付",
    ];
    /// Amount in the currency of the report.
    PostedAmount = "PostedAmount", "14.99", [
        "Posted Amount", "Journal Amount", "Report Entry Posted Amount", "Approved Amount", "Report Entry Approved Amount",
        "Reimbursement Amount", "Amount", "Expense Amount", "Betrag", "Montant", "Importe", "Importo", "Bedrag", "金額",
    ];
    /// ISO 4217 code of that currency.
    PostedCurrency = "PostedCurrency", "EUR", [
        "Posted Currency", "Reimbursement Currency", "Reimbursement Currency Alpha Code", "Report Currency",
        "Currency", "Currency Code", "Währung", "Devise", "Moneda", "Valuta", "通貨",
    ];
    /// Amount that the vendor got.
    TransactionAmount = "TransactionAmount", "16.49", [
        "Transaction Amount", "Report Entry Transaction Amount", "Spend Amount", "Original Amount", "Transaktionsbetrag",
        "Montant de la transaction",
    ];
    /// ISO 4217 code of what the vendor got.
    TransactionCurrency = "TransactionCurrency", "USD", [
        "Transaction Currency", "Transaction Currency Code", "Report Entry Currency Alpha Code", "Spend Currency",
        "Original Currency", "Transaktionswährung",
    ];
    /// Who expensed it: login, else e-mail address, else employee number.
    OwnerLogin = "OwnerLogin", "ana.silva@example.com", [
        "Owner Login", "Owner Login ID", "Login ID", "User Name", "Email", "E-mail", "Email Address", "Employee Email",
        "Employee ID", "Employee", "Employee Name", "E-Mail-Adresse", "Mitarbeiter", "Employé", "Empleado", "従業員",
    ];
    /// Concur's id of the report.
    ReportId = "ReportID", "8F2A31", ["Report ID", "Report Key", "Report Number", "Berichts-ID", "ID de la note de frais"];
    /// Concur's id of the entry: rows with one are the same line whenever they come again.
    EntryId = "EntryID", "", ["Entry ID", "Report Entry ID", "Report Entry Key", "Expense ID", "Entry Key"];
    /// The comment or description of the line.
    Description = "Description", "Monthly licence", [
        "Description", "Report Entry Description", "Comment", "Memo", "Notes", "Beschreibung", "Bemerkung",
        "Descripción", "備考",
    ];
    /// Concur's stable code of the expense type.
    ExpenseTypeCode = "ExpenseTypeCode", "", ["Expense Type Code", "Report Entry Expense Type Code"];
    /// Concur's stable code of the spend category.
    SpendCategoryCode = "SpendCategoryCode", "", ["Spend Category Code", "Report Entry Spend Category Code"];
    /// Whether the employee pays for it; yes, true, 1, Y, X and their like.
    IsPersonal = "IsPersonal", "", [
        "Is Personal", "Personal", "Report Entry Is Personal Flag", "Personal Expense", "Privat", "Personnel",
    ];
}

impl Field {
    /// The field of a name, as `--map` takes it.
    pub fn named(name: &str) -> Option<Self> {
        let wanted = plain(name);
        Self::ALL.iter().copied().find(|field| plain(field.name()) == wanted)
    }

    /// How well a heading names this field: 0 for its own name, rising with the place in its list; `None` for not at all.
    pub(super) fn fits(self, heading: &str) -> Option<usize> {
        let heading = plain(heading);
        if plain(self.name()) == heading {
            return Some(0);
        }
        self.headings().iter().position(|known| plain(known) == heading).map(|place| place + 1)
    }
}

/// A heading without case, spaces and punctuation.
pub(super) fn plain(heading: &str) -> String {
    heading.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_heading_is_read_whatever_its_spelling_and_language() {
        #[track_caller]
        fn check(heading: &str, expected: Option<Field>) {
            let best = Field::ALL.iter().filter_map(|field| Some((field.fits(heading)?, *field))).min();
            assert_eq!(best.map(|(_, field)| field), expected, "{heading}");
        }
        check("VendorDescription", Some(Field::VendorDescription));
        check(" vendor_description ", Some(Field::VendorDescription));
        check("Report Entry Transaction Date", Some(Field::TransactionDate));
        check("Währung", Some(Field::PostedCurrency));
        check("取引日", Some(Field::TransactionDate));
        check("Favourite colour", None);
    }

    #[test]
    fn no_heading_stands_for_two_fields() {
        let mut owners: BTreeMap<String, Field> = BTreeMap::new();
        for field in Field::ALL {
            for heading in field.headings().iter().chain([&field.name()]) {
                let before = owners.insert(plain(heading), *field);
                assert!(before.is_none_or(|before| before == *field), "{heading}: {before:?} and {field:?}");
            }
        }
    }

    #[test]
    fn every_name_leads_back_to_its_field() {
        for field in Field::ALL {
            assert_eq!(Field::named(&field.name().to_uppercase()), Some(*field));
        }
    }
}
