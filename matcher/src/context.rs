//! What the other fields say about a line: the heading it is booked under, and what the purpose talks about.
//!
//! Only rules that hold for any customer: Concur's own category codes, the ordinary meaning of headings and words.
//! No phrase of any customer, no frequencies. It names no app; `score` turns it into evidence.

use crate::vocabulary::Classes;

/// What kind of thing is booked under the heading (expense type and spend category).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Heading {
    /// Travel, meals, entertainment: no software.
    Travel,
    /// Gifts, postage, insurance: seldom software.
    Goods,
    /// Software by name.
    Software,
    /// Subscriptions, advertising, training, telecommunication: often an online service.
    Services,
    /// Miscellaneous, office supplies, unknown: says nothing.
    #[default]
    Neutral,
}

/// What the texts around a mention say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Context {
    pub(crate) heading: Heading,
    /// The purpose names an acquisition of software: licence, subscription, renewal.
    pub(crate) acquires: bool,
    /// The purpose names an occasion: a taxi, a dinner, a visit.
    pub(crate) occasion: bool,
    /// The purpose names a device.
    pub(crate) hardware: bool,
}

impl Context {
    /// Reads the purpose and the two headings.
    pub(crate) fn read(
        purpose: Classes,
        expense_type: Classes,
        category: Classes,
        category_code: Option<&str>,
    ) -> Context {
        let says = |class: Classes| purpose.any(class);
        Context {
            heading: heading(expense_type, category, category_code),
            acquires: says(Classes::ACQUIRE),
            occasion: says(Classes::OCCASION),
            hardware: says(Classes::HARDWARE),
        }
    }
}

fn heading(expense_type: Classes, category: Classes, code: Option<&str>) -> Heading {
    let by_type = of_words(expense_type);
    let by_category = code.and_then(of_code).unwrap_or_else(|| of_words(category));
    // The category is Concur's and the same for everybody; the type is the customer's. The more telling one wins.
    let rank = |heading: Heading| match heading {
        Heading::Travel => 4,
        Heading::Goods => 3,
        Heading::Software => 2,
        Heading::Services => 1,
        Heading::Neutral => 0,
    };
    if rank(by_category) >= rank(by_type) { by_category } else { by_type }
}

fn of_words(heading: Classes) -> Heading {
    let says = |class: Classes| heading.any(class);
    if says(Classes::HEADING_SOFTWARE) {
        Heading::Software
    } else if says(Classes::HEADING_TRAVEL) {
        Heading::Travel
    } else if says(Classes::HEADING_GOODS) {
        Heading::Goods
    } else if says(Classes::HEADING_SERVICES) {
        Heading::Services
    } else {
        Heading::Neutral
    }
}

/// Concur's spend category codes, as far as they have been seen; `None` for any other, so that its name is read.
fn of_code(code: &str) -> Option<Heading> {
    Some(match code {
        "AIRFR" | "AIRFE" | "LODGX" | "LODGA" | "MEALS" | "MEALA" | "ENTER" | "GRTRN" | "CARRT" | "CARXX"
        | "GASXX" | "PRKNG" | "RAILX" => Heading::Travel,
        "GIFTS" | "SHIPG" | "DONAT" | "UTLTS" | "INSUR" | "ABFEE" | "FINAN" => Heading::Goods,
        "COMPU" => Heading::Software,
        "SUBSC" | "TELEC" | "ADVTG" | "TRAIN" | "FEESD" | "PROFS" => Heading::Services,
        "OTHER" | "OFFIC" => Heading::Neutral,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Reading;

    #[test]
    fn a_heading_is_read_from_code_or_words() {
        let mark = |text: &str| Reading::of_words(text).says;
        let check = |expense_type: &str, category: &str, code: Option<&str>, expected: Heading| {
            assert_eq!(
                heading(mark(expense_type), mark(category), code),
                expected,
                "{expense_type} / {category}"
            );
        };
        check("Dinner", "Meal", None, Heading::Travel);
        check("Abendessen", "", Some("MEALS"), Heading::Travel);
        check("Office Supplies/Software", "Office Supplies", None, Heading::Software);
        check("Whatever", "", Some("COMPU"), Heading::Software);
        check("Online Fees", "Telecom/Internet", None, Heading::Services);
        check("Gifts - Staff", "", None, Heading::Goods);
        check("Miscellaneous", "Other", Some("OTHER"), Heading::Neutral);
        check("", "Airfare", Some("ZZZZZ"), Heading::Travel);
        check("", "", None, Heading::Neutral);
    }
}
