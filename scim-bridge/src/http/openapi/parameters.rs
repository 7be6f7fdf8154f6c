//! The parameters that addresses take, each described once.

use store::matches::{Band, Status};
use store::operations::State;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

/// A query parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub description: &'static str,
    pub kind: Kind,
}

/// What may stand in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A whole number from 1 on.
    Count,
    Whole,
    Boolean,
    Date,
    Statuses,
    Bands,
    /// Several of them, with commas between them.
    States,
}

impl Kind {
    pub(super) fn schema(self) -> Schema {
        let object = ObjectBuilder::new();
        let text = || ObjectBuilder::new().schema_type(Type::String);
        Schema::Object(match self {
            Kind::Text => text().build(),
            Kind::Count => object.schema_type(Type::Integer).minimum(Some(1_u32)).build(),
            Kind::Whole => object.schema_type(Type::Integer).build(),
            Kind::Boolean => object.schema_type(Type::Boolean).build(),
            Kind::Date => text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).build(),
            Kind::Statuses => text().enum_values(Some(Status::ALL.iter().map(|it| it.as_str()))).build(),
            Kind::Bands => text().enum_values(Some(Band::ALL.iter().map(|it| it.as_str()))).build(),
            Kind::States => {
                let known: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
                let description = format!("Any of {}, with commas between them.", known.join(", "));
                text().description(Some(description)).build()
            }
        })
    }
}

macro_rules! parameters {
    ($($constant:ident = $name:literal $kind:ident $description:literal;)+) => {
        $(pub(super) const $constant: Parameter =
            Parameter { name: $name, description: $description, kind: Kind::$kind };)+
    };
}

parameters! {
    CURSOR = "cursor" Text "Where the page before ended: its `next_cursor`.";
    LIMIT = "limit" Count "Rows on a page; cut to what the server allows.";
    APP = "app" Text "Only lines matched to this app, by its id in the dictionary.";
    STATUS = "status" Statuses "Only lines decided so.";
    BAND = "band" Bands "Only lines decided this surely.";
    OWNER = "owner" Text "Only lines of this owner's login.";
    REPORT = "report" Text "Only lines of this report.";
    FROM = "from" Date "Only purchases on this day or later.";
    EARLIER = "from" Date "The first day whose expenses shall be kept.";
    TO = "to" Date "Only purchases on this day or earlier.";
    AS_OF = "as_of" Text "As it was then: a time (RFC 3339), or a date, which means its end (UTC).";
    BY = "by" Text "Any of app, month, owner and department, with commas between them; app when absent.";
    EXPLAIN = "explain" Text "`change`: also the smallest change that would lead to another answer.";
    SUBSCRIPTION_STATE = "state" Text "Only subscriptions that are `active`, `overdue` or `stopped`.";
    FILE_NAME = "name" Text "How the file is called in lists and messages.";
    MAP = "map" Text "Which column holds a field: `FIELD=HEADING`, `FIELD=#3`, or `FIELD=` to leave it out. May be repeated.";
    DATE_ORDER = "date_order" Text "The order of the file's dates: YMD, DMY or MDY; found out where the column tells.";
    DECIMAL = "decimal" Text "The decimal mark of its amounts: point or comma; found out where the column tells.";
    CURRENCY = "currency" Text "The currency of rows that name none (ISO 4217).";
    DELIMITER = "delimiter" Text "The character between two fields; found out by default.";
    ENCODING = "encoding" Text "The encoding, such as windows-1252 or shift_jis; found out by default.";
    SHEET = "sheet" Text "The sheet of a workbook; the first by default.";
    NO_HEADINGS = "no_headings" Boolean "The file has no headings; columns are mapped by number.";
    AS_NEW = "as_new" Boolean "As if no file with these headings had come before; an import then forgets what was said about them.";
    WANTED = "for" Text "What the connection is for, and must work: expenses, users and management, with commas between them; found out by the scopes when absent.";
    STATE = "state" States "Only operations in these states.";
    KIND = "kind" Text "Only those of this kind.";
    USER = "user" Text "Only operations of the user with this SCIM id or userName.";
    OPERATIONS_CURSOR = "cursor" Whole "Where the page before ended: its `next_cursor`.";
    SUPPORT = "support" Count "So many lines decided by hand have to speak for a rule; 3 when absent, at least 2.";
    DISMISSED = "dismissed" Boolean "Also those that were dismissed.";
    REFUSED = "refused" Boolean "Only requests that were refused.";
}

/// The parameters that choose lines, without those of a page.
pub(super) const OF_LINES: &[Parameter] = &[APP, STATUS, BAND, OWNER, REPORT, FROM, TO, AS_OF];
/// The same with those of a page.
pub(super) const PAGE_OF_LINES: &[Parameter] =
    &[APP, STATUS, BAND, OWNER, REPORT, FROM, TO, AS_OF, CURSOR, LIMIT];
pub(super) const PAGE_OF_TOTALS: &[Parameter] =
    &[BY, APP, STATUS, BAND, OWNER, REPORT, FROM, TO, AS_OF, CURSOR, LIMIT];
pub(super) const PATTERNS: &[Parameter] = &[APP, OWNER, REPORT, FROM, TO, AS_OF, CURSOR, LIMIT];
pub(super) const SUBSCRIPTIONS: &[Parameter] =
    &[APP, OWNER, REPORT, FROM, TO, AS_OF, SUBSCRIPTION_STATE, CURSOR, LIMIT];
pub(super) const PAGE: &[Parameter] = &[CURSOR, LIMIT];
pub(super) const NEWEST: &[Parameter] = &[LIMIT];
pub(super) const ABOUT_A_FILE: &[Parameter] =
    &[FILE_NAME, MAP, DATE_ORDER, DECIMAL, CURRENCY, DELIMITER, ENCODING, SHEET, NO_HEADINGS, AS_NEW];
pub(super) const CHECKING: &[Parameter] = &[WANTED];
pub(super) const SINCE: &[Parameter] = &[EARLIER];
pub(super) const MATCHING: &[Parameter] = &[EXPLAIN];
pub(super) const OPERATIONS: &[Parameter] = &[STATE, KIND, USER, OPERATIONS_CURSOR, LIMIT];
pub(super) const DRIFT: &[Parameter] = &[KIND, CURSOR, LIMIT];
pub(super) const REQUESTS: &[Parameter] = &[REFUSED, OPERATIONS_CURSOR, LIMIT];
pub(super) const PROPOSALS: &[Parameter] = &[SUPPORT, DISMISSED];
pub(super) const NONE: &[Parameter] = &[];
