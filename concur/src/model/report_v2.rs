//! A report with its entries as Report Details v2 writes them, in XML. Deprecated; behind the switch
//! `ClientConfig::legacy_report_details`. It is the one answer that holds all four matching fields together, and one
//! that can hold card numbers and bank accounts: only the elements named here are read, every other element is skipped
//! with all that is in it, so that no such number is ever taken out of the answer's bytes.
//! Source: page "Get Report Details v2".

use super::wire::{parse_date_time, parse_decimal};
use crate::{EntryId, ReportId};
use jiff::civil::DateTime;
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use rust_decimal::Decimal;

/// Elements may be nested so deep; the documented depth is eight.
const DEPTH_MAX: usize = 32;

/// A report of Report Details v2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportV2 {
    /// Id; equals `ID` of v3.
    pub report_id: Option<ReportId>,
    /// Name given by the owner.
    pub name: Option<String>,
    /// What the whole report is for.
    pub purpose: Option<String>,
    /// Login id of the owner.
    pub user_login_id: Option<String>,
    /// ISO 4217 code of the report.
    pub currency_code: Option<String>,
    /// Sum of all entries.
    pub total: Option<Decimal>,
    /// Approval status code.
    pub approval_status_code: Option<String>,
    /// Payment status code.
    pub payment_status_code: Option<String>,
    /// The entries.
    pub entries: Vec<EntryV2>,
}

/// An entry of Report Details v2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryV2 {
    /// Encrypted id: `ID` of v3.
    pub entry_id: Option<EntryId>,
    /// Key of the expense type; v3's `ExpenseTypeCode`.
    pub expense_type_id: Option<String>,
    /// Name of the expense type.
    pub expense_type_name: Option<String>,
    /// Name of the spend category; there is no code.
    pub spend_category: Option<String>,
    /// What the money was spent for.
    pub business_purpose: Option<String>,
    /// The vendor as typed, or the card's merchant text.
    pub vendor_description: Option<String>,
    /// The vendor from the company's list.
    pub vendor_name: Option<String>,
    /// The day of the expense, at midnight.
    pub transaction_date: Option<DateTime>,
    /// A currency's display name, such as `US, Dollar`: not a code.
    pub transaction_currency_name: Option<String>,
    /// Paid to the vendor.
    pub transaction_amount: Option<Decimal>,
    /// In the report's currency.
    pub posted_amount: Option<Decimal>,
    /// Approved part; absent before approval.
    pub approved_amount: Option<Decimal>,
    /// Whether it is private.
    pub is_personal: Option<bool>,
    /// When it changed last.
    pub last_modified: Option<DateTime>,
    /// Its parts. An entry without itemizations has one of them too, equal to itself.
    pub itemizations: Vec<ItemizationV2>,
}

/// An itemization of Report Details v2. Its business purpose is the entry's and not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemizationV2 {
    /// Encrypted id.
    pub itemization_id: Option<String>,
    /// Key of the expense type.
    pub expense_type_id: Option<String>,
    /// Name of the expense type.
    pub expense_type_name: Option<String>,
    /// In the entry's transaction currency.
    pub transaction_amount: Option<Decimal>,
    /// In the report's currency.
    pub posted_amount: Option<Decimal>,
}

/// What is wrong with the XML, and in which element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct XmlFault {
    pub(crate) element: String,
    pub(crate) reason: &'static str,
}

impl ReportV2 {
    /// Reads the XML of an answer. Namespaces are not compared, since two pages show two of them.
    pub(crate) fn from_xml(xml: &str) -> Result<Self, XmlFault> {
        let mut walk = Walk { reader: Reader::from_str(xml), path: Vec::new() };
        let mut report = Self::default();
        let root = walk.root()?;
        if root != "ReportDetails" && root != "ReportDetailsResult" {
            return Err(walk.fault("expected the element ReportDetails"));
        }
        walk.children(|walk, name| match name {
            "ReportID" => walk.text().map(|text| report.report_id = text.map(ReportId::from)),
            "ReportName" => walk.text().map(|text| report.name = text),
            "Purpose" => walk.text().map(|text| report.purpose = text),
            "UserLoginID" => walk.text().map(|text| report.user_login_id = text),
            "CurrencyCode" => walk.text().map(|text| report.currency_code = text),
            "ReportTotal" => walk.decimal().map(|amount| report.total = amount),
            "ApprovalStatusCode" => walk.text().map(|text| report.approval_status_code = text),
            "PaymentStatusCode" => walk.text().map(|text| report.payment_status_code = text),
            "ExpenseEntriesList" => walk.children(|walk, name| match name {
                "ExpenseEntry" => entry(walk).map(|entry| report.entries.push(entry)),
                _ => walk.skip(),
            }),
            _ => walk.skip(),
        })?;
        Ok(report)
    }
}

fn entry(walk: &mut Walk<'_>) -> Result<EntryV2, XmlFault> {
    let mut entry = EntryV2::default();
    walk.children(|walk, name| match name {
        "ReportEntryID" => walk.text().map(|text| entry.entry_id = text.map(EntryId::from)),
        "ExpenseTypeID" => walk.text().map(|text| entry.expense_type_id = text),
        "ExpenseTypeName" => walk.text().map(|text| entry.expense_type_name = text),
        "SpendCategory" => walk.text().map(|text| entry.spend_category = text),
        "BusinessPurpose" => walk.text().map(|text| entry.business_purpose = text),
        "VendorDescription" => walk.text().map(|text| entry.vendor_description = text),
        "ReportEntryVendorName" => walk.text().map(|text| entry.vendor_name = text),
        "TransactionDate" => walk.date_time().map(|date| entry.transaction_date = date),
        "TransactionCurrencyName" => walk.text().map(|text| entry.transaction_currency_name = text),
        "TransactionAmount" => walk.decimal().map(|amount| entry.transaction_amount = amount),
        "PostedAmount" => walk.decimal().map(|amount| entry.posted_amount = amount),
        "ApprovedAmount" => walk.decimal().map(|amount| entry.approved_amount = amount),
        "IsPersonal" => walk.text().map(|text| entry.is_personal = text.map(|text| text == "Y")),
        // The table says one name and the sample the other.
        "LastModified" | "LastModifiedDate" => walk.date_time().map(|date| entry.last_modified = date),
        "ItemizationsList" => walk.children(|walk, name| match name {
            "Itemization" => itemization(walk).map(|part| entry.itemizations.push(part)),
            _ => walk.skip(),
        }),
        _ => walk.skip(),
    })?;
    Ok(entry)
}

fn itemization(walk: &mut Walk<'_>) -> Result<ItemizationV2, XmlFault> {
    let mut part = ItemizationV2::default();
    walk.children(|walk, name| match name {
        "ItemizationID" => walk.text().map(|text| part.itemization_id = text),
        "ExpenseTypeID" => walk.text().map(|text| part.expense_type_id = text),
        "ExpenseTypeName" => walk.text().map(|text| part.expense_type_name = text),
        "TransactionAmount" => walk.decimal().map(|amount| part.transaction_amount = amount),
        "PostedAmount" => walk.decimal().map(|amount| part.posted_amount = amount),
        _ => walk.skip(),
    })?;
    Ok(part)
}

/// Walks the elements in order. Each of `children`, `text` and `skip` reads the element that was opened last to its end.
struct Walk<'x> {
    reader: Reader<&'x [u8]>,
    path: Vec<String>,
}

impl<'x> Walk<'x> {
    fn root(&mut self) -> Result<String, XmlFault> {
        loop {
            match self.next()? {
                Event::Start(start) => return Ok(self.open(&start)),
                Event::DocType(_) => return Err(self.fault("a document type is not expected")),
                Event::Empty(_) | Event::Eof => return Err(self.fault("expected an element with content")),
                _ => {}
            }
        }
    }

    fn children(
        &mut self,
        mut child: impl FnMut(&mut Self, &str) -> Result<(), XmlFault>,
    ) -> Result<(), XmlFault> {
        loop {
            match self.next()? {
                Event::Start(start) => {
                    let name = self.open(&start);
                    if self.path.len() > DEPTH_MAX {
                        return Err(self.fault("the elements are nested too deep"));
                    }
                    child(self, &name)?;
                }
                Event::End(_) => return self.close(),
                Event::Eof => return Err(self.fault("the answer ends within this element")),
                // `<Custom1 />`, with and without `i:nil`: nothing.
                _ => {}
            }
        }
    }

    /// The element's own text; an element inside of it is skipped.
    fn text(&mut self) -> Result<Option<String>, XmlFault> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(reference) => text.push(self.character(&reference)?),
                Event::Start(start) => {
                    self.open(&start);
                    self.skip()?;
                }
                Event::End(_) => break,
                Event::Eof => return Err(self.fault("the answer ends within this element")),
                _ => {}
            }
        }
        self.close()?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    fn decimal(&mut self) -> Result<Option<Decimal>, XmlFault> {
        let fault = self.fault("expected a decimal number of at most 28 digits");
        self.text()?.map(|text| parse_decimal(&text).ok_or(fault)).transpose()
    }

    /// A date and time; the year 1 is how v2 writes "never".
    fn date_time(&mut self) -> Result<Option<DateTime>, XmlFault> {
        let fault = self.fault("expected a date and time such as 2026-01-31T12:00:00");
        let written = self.text()?.map(|text| parse_date_time(&text).ok_or(fault)).transpose()?;
        Ok(written.filter(|date| date.year() > 1))
    }

    /// Passes over the element and all that is in it.
    fn skip(&mut self) -> Result<(), XmlFault> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return self.close(),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(self.fault("the answer ends within this element")),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Event<'x>, XmlFault> {
        self.reader.read_event().map_err(|_| self.fault("the XML is not well-formed"))
    }

    fn open(&mut self, start: &BytesStart<'_>) -> String {
        let name = start.local_name().as_ref().to_owned();
        self.path.push(name.clone());
        name
    }

    fn close(&mut self) -> Result<(), XmlFault> {
        self.path.pop().map(drop).ok_or_else(|| self.fault("an element ends that did not begin"))
    }

    /// `&amp;` and its four kin, `&#38;` and `&#x26;`; no other entity is known, so none can be expanded.
    fn character(&self, reference: &BytesRef<'_>) -> Result<char, XmlFault> {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return Ok(character);
        }
        match reference.as_ref() {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            _ => Err(self.fault("an unknown entity is not expanded")),
        }
    }

    fn fault(&self, reason: &'static str) -> XmlFault {
        let element = if self.path.is_empty() { ".".to_owned() } else { self.path.join("/") };
        XmlFault { element, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"<?xml version="1.0"?><ReportDetails xmlns="http://us.api/2012/07" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">"#;

    #[test]
    fn the_four_matching_fields_are_read_and_nothing_is_nothing_in_all_its_forms() {
        let xml = format!(
            "{HEAD}<ReportID>R1</ReportID><ReportName>Tools &amp; more &#x263A;</ReportName><ReportTotal>0E-8</ReportTotal>\
             <PaidDate i:nil=\"true\" /><Purpose/><ExpenseEntriesList><ExpenseEntry><ReportEntryID>nE$p</ReportEntryID>\
             <ExpenseTypeName>Software</ExpenseTypeName><SpendCategory>Computer</SpendCategory>\
             <BusinessPurpose>Design</BusinessPurpose><VendorDescription><![CDATA[FIGMA]]></VendorDescription>\
             <TransactionDate>2026-01-10T00:00:00</TransactionDate><LastModified>0001-01-01T00:00:00</LastModified>\
             <TransactionAmount>45.00000000</TransactionAmount><ApprovedAmount /><IsPersonal>N</IsPersonal>\
             <ItemizationsList><Itemization><ItemizationID>i</ItemizationID><PostedAmount>45</PostedAmount>\
             </Itemization></ItemizationsList></ExpenseEntry></ExpenseEntriesList></ReportDetails>"
        );
        let report = ReportV2::from_xml(&xml).unwrap();
        assert_eq!(report.name.as_deref(), Some("Tools & more ☺"));
        assert_eq!((report.total, report.purpose), (Some(Decimal::ZERO), None));
        let [entry] = &report.entries[..] else { panic!("{:?}", report.entries) };
        let four = [
            &entry.vendor_description,
            &entry.business_purpose,
            &entry.expense_type_name,
            &entry.spend_category,
        ];
        assert_eq!(four.map(Option::as_deref), ["FIGMA", "Design", "Software", "Computer"].map(Some));
        assert_eq!(entry.transaction_amount, Some(Decimal::from(45)));
        assert_eq!(
            (entry.approved_amount, entry.last_modified, entry.is_personal),
            (None, None, Some(false))
        );
        assert_eq!(entry.itemizations[0].posted_amount, Some(Decimal::from(45)));
    }

    #[test]
    fn card_and_bank_blocks_never_leave_the_answer() {
        let xml = format!(
            "{HEAD}<EmployeeBankAccount><AccountNumber>canary-1</AccountNumber></EmployeeBankAccount>\
             <ExpenseEntriesList><ExpenseEntry><CardTransaction><AccountNumber>canary-2</AccountNumber>\
             <VendorDescription>canary-3</VendorDescription></CardTransaction>\
             <VendorDescription>FIGMA<Card>canary-4</Card></VendorDescription></ExpenseEntry></ExpenseEntriesList>\
             </ReportDetails>"
        );
        let report = ReportV2::from_xml(&xml).unwrap();
        assert_eq!(report.entries[0].vendor_description.as_deref(), Some("FIGMA"));
        assert!(!format!("{report:?}").contains("canary"));
    }

    #[test]
    fn xml_that_is_not_a_whole_report_is_refused_with_its_element_and_no_value() {
        #[track_caller]
        fn check(xml: &str, element: &str, reason: &str) {
            let fault = ReportV2::from_xml(xml).unwrap_err();
            assert_eq!(fault.element, element, "{xml}");
            assert!(fault.reason.contains(reason), "{xml}: {fault:?}");
        }
        check("", ".", "expected an element");
        check("Service Unavailable", ".", "expected an element");
        check("<html><body>502</body></html>", "html", "ReportDetails");
        check(
            "<ReportDetails><ReportTotal>Ada</ReportTotal></ReportDetails>",
            "ReportDetails/ReportTotal",
            "decimal",
        );
        check("<ReportDetails><ReportName>Too", "ReportDetails/ReportName", "ends within");
        check("<ReportDetails><Card><x>", "ReportDetails/Card", "ends within");
        check(
            "<ReportDetails><ReportID>R</Purpose></ReportDetails>",
            "ReportDetails/ReportID",
            "well-formed",
        );
        let bomb =
            "<!DOCTYPE a [<!ENTITY b \"c\">]><ReportDetails><ReportName>&b;</ReportName></ReportDetails>";
        check(bomb, ".", "document type");
        check(
            "<ReportDetails><ReportName>&b;</ReportName></ReportDetails>",
            "ReportDetails/ReportName",
            "entity",
        );
    }
}
