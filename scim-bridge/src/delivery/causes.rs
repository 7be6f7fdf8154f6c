//! What Concur's refusals mean and what to do: cause · field · fix, as data (B21).
//!
//! SAP documents few texts, so the ones that are known are told apart by words in them, uniqueness by the attribute.
//! What is not known is passed on as Concur said it. Source: Concur page *User Provisioning v4* (errors), SAP support
//! cases quoted in public.

/// One kind of refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// Words of Concur's message, all of them in it, in any letter case.
    words: &'static [&'static str],
    /// What is wrong.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

const fn cause(words: &'static [&'static str], cause: &'static str, fix: &'static str) -> Cause {
    Cause { words, cause, fix }
}

/// The kinds, the first that fits is meant.
#[rustfmt::skip]
pub const CAUSES: &[Cause] = &[
    cause(&["userName", "in use elsewhere"], "the login id is taken by a user of another SAP Concur company", "choose another userName, or have the other company rename theirs: login ids are unique over all of SAP Concur"),
    cause(&["userName", "another externalId"], "the login id belongs to a Concur user that another provider manages", "choose another userName, or clear that user's externalId in Concur"),
    cause(&["belongs to another resource"], "another user of this account is that Concur user already", "delete or rename the other user first"),
    cause(&["userName", "already"], "the login id is taken", "choose another userName, or rename the user who has it"),
    cause(&["employeeNumber", "already"], "the employee number belongs to another user of the company", "correct the number at the provider, or change where it comes from (employee_number)"),
    cause(&["externalId", "already"], "the externalId belongs to another user of the company", "unlink the other user, or switch forward_external_id off"),
    cause(&["uniqueness"], "the value belongs to another user", "correct it at the provider"),
    cause(&["Size"], "the value is too long or too short for Concur", "shorten it at the provider; docs/mapping.md has the limits"),
    cause(&["could not be resolved to a valid hierarchy"], "the group of a role is no item of the company's hierarchy", "give the codes of list items, joined by hyphens, or none for the global group"),
    cause(&["required for provisioning a Spend User"], "roles and approvers need a spend profile first", "switch spend on for the account and give country, currency and locale"),
    cause(&["exclude each other"], "two roles cannot be held together", "take the user out of one of the two groups; docs/groups.md has the sets"),
    cause(&["roleName"], "Concur does not know the role, or it follows an entitlement", "take the role out of the group mapping; entitlements are given by groups of their own"),
    cause(&["ledgerCode"], "the company has no such ledger", "set ledger_code to one that Concur's configuration shows"),
    cause(&["locale"], "the locale is not configured in the company", "list the company's locales in locales, or set locale_by_country"),
    cause(&["reimbursementCurrency"], "the company does not reimburse in this currency", "set currency_by_country to one that it does"),
    cause(&["timezone"], "the time zone is not on Concur's list", "correct it at the provider, or leave it out by a mapping"),
    cause(&["preferredLanguage"], "the language is not on Concur's list", "correct it at the provider, or leave it out by a mapping"),
    cause(&["customData"], "a custom field wants another value", "send the code of a list item, not its text"),
    cause(&["manager"], "Concur does not know the manager", "provision the manager first"),
    cause(&["Required attribute", "missing"], "Concur requires the attribute", "map it at the provider, or give the account a default"),
    cause(&["mutability"], "the attribute cannot be changed in Concur", "stop mapping it"),
    cause(&["unparsable"], "Concur could not read the request", "report it with the correlation id; it is a mistake of this bridge or of Concur"),
    cause(&["invalidSyntax"], "Concur could not read the request", "report it with the correlation id; it is a mistake of this bridge or of Concur"),
    cause(&["invalidFilter"], "Concur does not take the search", "report it with the correlation id; it is a mistake of this bridge or of Concur"),
    cause(&["tooMany"], "Concur found too much", "report it with the correlation id; it is a mistake of this bridge or of Concur"),
    cause(&["INVALID_VALUE"], "Concur does not take the value", "correct it at the provider; docs/mapping.md says what Concur can hold"),
    cause(&["invalidValue"], "Concur does not take the value", "correct it at the provider; docs/mapping.md says what Concur can hold"),
    cause(&["Invalid '"], "Concur does not take the value", "correct it at the provider; docs/mapping.md says what Concur can hold"),
];

/// The kind of a refusal that Concur's words stand for.
pub fn cause_of(message: &str) -> Option<&'static Cause> {
    let message = message.to_lowercase();
    CAUSES.iter().find(|kind| kind.words.iter().all(|word| message.contains(&word.to_lowercase())))
}

/// The attribute that Concur's words name in quotes, or after "at", without its schema.
fn field_of(message: &str) -> Option<&str> {
    let quoted = message.split('\'').nth(1);
    let named =
        || message.split(", at ").nth(1).map(|rest| rest.split([' ', ';', ',']).next().unwrap_or(rest));
    let in_brackets = || message.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let path = quoted.or_else(named).or_else(|| in_brackets().filter(|it| it.starts_with("urn:")))?;
    let name = path.rsplit(':').next().unwrap_or(path);
    (!name.is_empty()).then_some(name)
}

/// Cause · field · fix · Concur's own words, as far as they are known.
pub fn explained(message: &str) -> String {
    let Some(kind) = cause_of(message) else { return format!("SAP Concur refused: {message}") };
    let field = field_of(message).map(|field| format!(" · field: {field}")).unwrap_or_default();
    format!("SAP Concur refused: {}{field} · fix: {} · Concur says: {message}", kind.cause, kind.fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_reached_by_its_own_words() {
        for kind in CAUSES {
            let message = kind.words.join(" ");
            assert_eq!(cause_of(&message), Some(kind), "{message}");
        }
    }

    #[test]
    fn known_texts_get_a_cause_a_field_and_a_fix() {
        let check = |message: &str, cause: &str, field: Option<&str>| {
            let text = explained(message);
            assert!(text.contains(cause) && text.contains("fix: ") && text.ends_with(message), "{text}");
            assert_eq!(field_of(message), field, "{message}");
        };
        check("'userName' is already in use (uniqueness)", "the login id is taken", Some("userName"));
        check(
            "'userName' is already in use (uniqueness): nobody in this company has it, so it is in use elsewhere in SAP Concur",
            "another SAP Concur company",
            Some("userName"),
        );
        check(
            "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber' is already in use",
            "employee number belongs",
            Some("employeeNumber"),
        );
        check("Invalid 'name.givenName' Size (INVALID_VALUE)", "too long", Some("name.givenName"));
        check("Group provided could not be resolved to a valid hierarchy", "hierarchy", None);
        check("Extension is required for provisioning a Spend User", "spend profile", None);
        check(
            "Request is unparsable, syntactically incorrect, or violates schema. (BAD_REQUEST)",
            "could not read",
            None,
        );
        check(
            "Invalid 'urn:ietf:params:scim:schemas:extension:spend:2.0:User:ledgerCode' value",
            "ledger",
            Some("ledgerCode"),
        );
        check("too long, at title (INVALID_VALUE)", "does not take", Some("title"));
    }

    #[test]
    fn what_is_not_known_is_passed_on() {
        assert_eq!(explained("the sky fell"), "SAP Concur refused: the sky fell");
    }
}
