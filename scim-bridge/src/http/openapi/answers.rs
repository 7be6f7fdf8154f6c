//! The forms of documents that handlers compose of several things.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, RefOr};

use super::shape::{Member, Shape, list_of, nullable, sometimes};

use Member::{Anything, Object, Text, Time, Whole};

/// An error (RFC 9457).
pub(super) fn problem() -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
    let object = ObjectBuilder::new()
        .description(Some("What went wrong (RFC 9457)."))
        .property("type", text())
        .property("title", text())
        .property("status", ObjectBuilder::new().schema_type(utoipa::openapi::Type::Integer))
        .property("detail", text().description(Some("What, where, and what to do.")))
        .property("request_id", text().description(Some("The id that the log has it under.")))
        .build();
    RefOr::T(Schema::Object(object))
}

pub(super) fn rules() -> Shape {
    let members = [
        ("revision", Whole),
        ("rules", Text),
        ("actor", nullable(Text)),
        ("note", nullable(Text)),
        ("set_at", nullable(Time)),
        ("lines_changed", sometimes(Whole)),
    ];
    Shape::object("Rules", "Rules of an account, as of a revision; revision 0 has none.", &members)
}

pub(super) fn revisions() -> Shape {
    let members =
        [("revision", Whole), ("actor", Text), ("note", Text), ("set_at", Time), ("lines_changed", Whole)];
    let revision = Shape::object("Revision", "A revision of the rules, without its text.", &members);
    Shape::object("Revisions", "The revisions, the last one first.", &[("revisions", list_of("Revision"))])
        .with(&revision)
}

pub(super) fn proposals() -> Shape {
    let members = [("proposals", list_of("RuleProposal"))];
    Shape::object("RuleProposals", "Rules that decisions by hand suggest.", &members)
        .with(&Shape::of::<sync::rules::Proposal>())
}

/// The decision about a line that was sent along.
fn matched() -> Shape {
    let members = [
        ("id", sometimes(Text)),
        ("app_id", nullable(Text)),
        ("score", Anything),
        ("band", Text),
        ("candidate", nullable(Text)),
        ("explanation", Object),
    ];
    Shape::object("Matched", "The decision about a line, with its reasons.", &members)
}

pub(super) fn matched_one_or_many() -> Shape {
    let members = [("dictionary", Text), ("lines", list_of("Matched"))];
    let many = Shape::object("MatchedLines", "The decisions about a batch.", &members);
    Shape::either("MatchAnswer", &matched(), &many)
}

pub(super) fn lines_to_match() -> Shape {
    let many = Shape::object("LinesToMatch", "At most 1,000 lines.", &[("lines", list_of("LineToMatch"))]);
    Shape::either("MatchQuestion", &Shape::of::<super::super::api::matching::Line>(), &many)
}

fn summary(name: &str, description: &str, more: &[(&str, Member)]) -> Shape {
    let mut members = vec![
        ("id", Whole),
        ("user", nullable(Text)),
        ("kind", Text),
        ("state", Text),
        ("attempt", Whole),
        ("accepted_at", Time),
        ("changed_at", Time),
        ("due_at", nullable(Time)),
        ("replayed_at", nullable(Time)),
        ("provision_id", nullable(Text)),
        ("error_code", nullable(Text)),
        ("error_message", nullable(Text)),
        ("correlation_id", nullable(Text)),
        ("reason", nullable(Text)),
    ];
    members.extend_from_slice(more);
    Shape::object(name, description, &members)
}

pub(super) fn operations() -> Shape {
    let members = [("operations", list_of("OperationSummary")), ("next_cursor", sometimes(Text))];
    Shape::object("Operations", "A page of the outbox, newest first.", &members).with(&summary(
        "OperationSummary",
        "A change on its way to Concur.",
        &[],
    ))
}

pub(super) fn operation() -> Shape {
    let attempt = [
        ("attempt", Whole),
        ("started_at", Time),
        ("ended_at", nullable(Time)),
        ("outcome", nullable(Text)),
        ("provision_id", nullable(Text)),
        ("error_code", nullable(Text)),
        ("error_message", nullable(Text)),
        ("correlation_id", nullable(Text)),
    ];
    let extension = [
        ("extension", Text),
        ("state", Text),
        ("code", nullable(Text)),
        ("message", nullable(Text)),
        ("read_at", nullable(Time)),
    ];
    let more = [("attempts", list_of("OperationAttempt")), ("extensions", list_of("OperationExtension"))];
    summary("Operation", "A change on its way to Concur, with all that became of it.", &more)
        .with(&Shape::object("OperationAttempt", "One attempt to bring it about.", &attempt))
        .with(&Shape::object("OperationExtension", "What became of a part of it.", &extension))
}

pub(super) fn disconnected() -> Shape {
    Shape::object("Disconnected", "What became of the connection at Concur's side.", &[("at_concur", Text)])
}

pub(super) fn history() -> Shape {
    let members = [("history", nullable(Member::Of("LongerHistory")))];
    Shape::object("LongerHistoryAnswer", "Expenses from before the year.", &members)
        .with(&Shape::of::<sync::pull::history::History>())
}

pub(super) fn drift() -> Shape {
    let one = [
        ("kind", Text),
        ("user", nullable(Text)),
        ("concur_user", Text),
        ("details", Anything),
        ("operation", nullable(Whole)),
        ("found_at", Time),
        ("seen_at", Time),
    ];
    let run = [
        ("run", Anything),
        ("state", Text),
        ("started_at", Time),
        ("finished_at", nullable(Time)),
        ("progress", Anything),
        ("error", nullable(Text)),
    ];
    let members = [
        ("counts", Object),
        ("full", nullable(Member::Of("ReconcileRun"))),
        ("incremental", nullable(Member::Of("ReconcileRun"))),
        ("drift", list_of("Difference")),
        ("next_cursor", sometimes(Text)),
    ];
    Shape::object("Drift", "Where SCIM and Concur differ.", &members)
        .with(&Shape::object("Difference", "A user who differs; attributes are named without values.", &one))
        .with(&Shape::object("ReconcileRun", "The last comparison.", &run))
}

pub(super) fn requests() -> Shape {
    let one = [
        ("at", Time),
        ("request_id", Text),
        ("method", Text),
        ("route", Text),
        ("target", nullable(Text)),
        ("status", Whole),
        ("scim_type", nullable(Text)),
        ("duration_ms", Whole),
        ("token", Text),
        ("provider", Text),
        ("shape", Anything),
        ("habits", Anything),
    ];
    let members = [("requests", list_of("LoggedRequest")), ("next_cursor", sometimes(Text))];
    Shape::object("Requests", "SCIM requests without values, newest first.", &members).with(&Shape::object(
        "LoggedRequest",
        "A SCIM request.",
        &one,
    ))
}

pub(super) fn habits() -> Shape {
    let one = [
        ("provider", Text),
        ("habit", Text),
        ("meaning", nullable(Text)),
        ("requests", Whole),
        ("first_at", Time),
        ("last_at", Time),
    ];
    Shape::object("Habits", "What was bent beyond the RFCs.", &[("habits", list_of("BentHabit"))])
        .with(&Shape::object("BentHabit", "A habit of a provider.", &one))
}

const RECORDING: [(&str, Member); 5] =
    [("id", Text), ("at", Time), ("method", Text), ("route", Text), ("status", Whole)];

pub(super) fn recordings() -> Shape {
    Shape::object(
        "Recordings",
        "Recorded conversations, newest first.",
        &[("recordings", list_of("Recorded"))],
    )
    .with(&Shape::object("Recorded", "A recorded conversation.", &RECORDING))
}

pub(super) fn recording() -> Shape {
    let more = [("request", Anything), ("answer", Anything)];
    let members: Vec<_> = RECORDING.into_iter().chain(more).collect();
    Shape::object(
        "Recording",
        "A recorded conversation: the form of what was said, without values.",
        &members,
    )
}

pub(super) fn replayed() -> Shape {
    let more = [("recorded", Object), ("replayed", Object)];
    let members: Vec<_> = RECORDING.into_iter().chain(more).collect();
    Shape::object("Replayed", "What was answered then, and what would be answered now.", &members)
}

pub(super) fn rehearsed() -> Shape {
    let members =
        [("status", Whole), ("answer", Anything), ("habits", Anything), ("concur_requests", Anything)];
    Shape::object(
        "Rehearsed",
        "What would be answered, and the requests to Concur that it would make.",
        &members,
    )
}

pub(super) fn runs() -> Shape {
    let one = [
        ("id", Anything),
        ("kind", Text),
        ("state", Text),
        ("started_at", Time),
        ("updated_at", Time),
        ("finished_at", nullable(Time)),
        ("progress", Anything),
        ("error", nullable(Text)),
    ];
    Shape::object("Runs", "The newest syncs.", &[("runs", list_of("Run"))]).with(&Shape::object(
        "Run",
        "A sync: what it read, how it ended.",
        &one,
    ))
}

pub(super) fn import() -> Shape {
    let members = [
        ("id", Text),
        ("name", Text),
        ("layout", Text),
        ("state", Text),
        ("inserted", Whole),
        ("changed", Whole),
        ("unchanged", Whole),
        ("rejected", Whole),
        ("started_at", Time),
        ("finished_at", nullable(Time)),
    ];
    Shape::object(
        "Import",
        "A file that was handed in: `running`, `complete`, `failed` or `undone`, and what became of its rows so far. One that \
         was cut off with its process is `failed` after five silent minutes: send the file again.",
        &members,
    )
}

pub(super) fn imports() -> Shape {
    Shape::object("Imports", "The newest imports.", &[("imports", list_of("Import"))]).with(&import())
}

pub(super) fn import_check() -> Shape {
    let column = [("heading", Text), ("field", nullable(Text)), ("samples", Member::List(Box::new(Text)))];
    let rejection = [("line", Whole), ("field", Text), ("value", Text), ("reason", Text)];
    let sum = [("currency", Text), ("posted", Text), ("lines", Whole)];
    let members = [
        ("written", Object),
        ("layout", Text),
        ("heading_line", Whole),
        ("columns", list_of("ImportColumn")),
        ("rows", Whole),
        ("date_order", Text),
        ("decimal_mark", Text),
        ("remembered", sometimes(Member::Of("RememberedFile"))),
        ("accepted", Whole),
        ("rejected", Whole),
        ("rejections", list_of("RejectedRow")),
        ("repeats", Whole),
        ("dates", nullable(Member::List(Box::new(Text)))),
        ("sums", list_of("CurrencySum")),
    ];
    Shape::object(
        "ImportCheck",
        "How a file is read: how it is written, which column fills which field, and what became of its rows. Of the rejected \
         ones the first hundred are shown.",
        &members,
    )
    .with(&remembered_file())
    .with(&Shape::object("ImportColumn", "A column, and the field that it fills.", &column))
    .with(&Shape::object("RejectedRow", "A row that is no line, and why.", &rejection))
    .with(&Shape::object("CurrencySum", "The posted amounts in one currency.", &sum))
}

fn remembered_file() -> Shape {
    let said = [
        ("map", sometimes(Member::List(Box::new(Text)))),
        ("date_order", sometimes(Text)),
        ("decimal", sometimes(Text)),
        ("currency", sometimes(Text)),
    ];
    let members = [("file", Text), ("at", Time), ("said", Member::Of("SaidOfFile"))];
    Shape::object(
        "RememberedFile",
        "What was said about the account's last file with these headings, and counts for this one where nothing else is said.",
        &members,
    )
    .with(&Shape::object("SaidOfFile", "In the words of the parameters.", &said))
}

pub(super) fn import_begun() -> Shape {
    let members = [("import", Member::Of("Import")), ("check", Member::Of("ImportCheck"))];
    Shape::object("ImportBegun", "An import that goes on, and how its file was judged.", &members)
        .with(&import())
        .with(&import_check())
}

pub(super) fn import_duplicates() -> Shape {
    let pair = [("imported", Text), ("other", Text)];
    let members = [("possible_duplicates", list_of("ImportDuplicate"))];
    Shape::object("ImportDuplicates", "Lines that may be one purchase, from the newest day on.", &members)
        .with(&Shape::object("ImportDuplicate", "A line of the import, and the other one.", &pair))
}
