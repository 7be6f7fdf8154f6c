//! What each address is for, takes and gives, one row each.

use sync::{query, rules};

use super::super::api;
use super::answers;
use super::parameters::{self as p, Parameter};
use super::shape::Shape;
use crate::accounts;
use crate::brake;
use crate::events;
use crate::webhooks;

/// A row.
pub(super) struct Described {
    pub method: &'static str,
    pub path: &'static str,
    /// The group that it stands in.
    pub tag: &'static str,
    pub summary: &'static str,
    pub parameters: &'static [Parameter],
    pub body: Option<Body>,
    pub answer: Shape,
}

/// What is sent along.
pub(super) enum Body {
    /// A JSON document.
    Json(Box<Shape>),
    /// A file as it is.
    File,
}

impl From<Shape> for Body {
    fn from(shape: Shape) -> Self {
        Body::Json(Box::new(shape))
    }
}

impl Described {
    /// The status of success.
    pub(super) fn status(&self) -> &'static str {
        match (self.method, self.path) {
            ("POST", "/api/v1/accounts") => "201",
            // It goes on after its answer.
            ("POST", "/api/v1/imports") => "202",
            _ => "200",
        }
    }

    /// The forms that it takes and gives.
    pub(super) fn shapes(&self) -> impl Iterator<Item = &Shape> {
        let body = self.body.as_ref().and_then(|body| match body {
            Body::Json(shape) => Some(&**shape),
            Body::File => None,
        });
        body.into_iter().chain([&self.answer])
    }
}

macro_rules! described {
    ($tag:literal; $($method:ident $path:literal $summary:literal ($parameters:expr) $([$body:expr])? => $answer:expr;)+) => {
        vec![$(Described {
            method: stringify!($method),
            path: $path,
            tag: $tag,
            summary: $summary,
            parameters: $parameters,
            body: None$(.or(Some(Body::from($body))))?,
            answer: $answer,
        }),+]
    };
}

/// Every row.
pub(super) fn all() -> Vec<Described> {
    let mut rows = lines();
    rows.extend(files());
    rows.extend(rules());
    rows.extend(account());
    rows.extend(outbox());
    rows.extend(identity());
    rows.extend(told());
    rows
}

fn lines() -> Vec<Described> {
    described! { "Expense lines";
        GET "/api/v1/lines" "Expense lines with their apps, newest first." (p::PAGE_OF_LINES) => Shape::of::<query::LinePage>();
        GET "/api/v1/lines/{id}/explanation" "Why a line belongs to its app, or to none." (p::NONE) => Shape::of::<query::LineExplanation>();
        GET "/api/v1/lines/{id}/history" "How a line was decided over time." (p::NONE) => Shape::of::<query::History>();
        PUT "/api/v1/lines/{id}/match" "Decides a line by hand: it stays so until it is released." (p::NONE) [Shape::of::<api::hand::Wanted>()] => Shape::of::<query::LineExplanation>();
        DELETE "/api/v1/lines/{id}/match" "Takes a decision by hand back: rules and dictionary decide again." (p::NONE) => Shape::of::<query::LineExplanation>();
        GET "/api/v1/changes" "Lines that came, changed, were decided otherwise or went since a cursor, each once, as they are now." (p::PAGE) => Shape::of::<query::Changes>();
        GET "/api/v1/apps" "What each app costs, by currency; the app with the most lines first." (p::PAGE_OF_LINES) => Shape::of::<query::AppTotals>();
        GET "/api/v1/totals" "What was spent, told apart by any of app, month, owner and department; always by currency." (p::PAGE_OF_TOTALS) => Shape::of::<query::Totals>();
        GET "/api/v1/leavers" "People who expense apps and are not active members of the directory, those who still do first." (p::OF_LINES) => Shape::of::<query::Leavers>();
        GET "/api/v1/subscriptions" "What is paid again and again, what a year of it costs, and whether it goes on; the dearest that does first." (p::SUBSCRIPTIONS) => Shape::of::<query::Subscriptions>();
        GET "/api/v1/duplicates" "Lines of different sources that may be one purchase, the strongest hints first." (p::PATTERNS) => Shape::of::<query::PossibleDuplicates>();
        GET "/api/v1/sync/runs" "What the newest syncs read, how they ended, and what they could not read." (p::NEWEST) => answers::runs();
        GET "/api/v1/sync/history" "How the reading of expenses from before the year stands; null where it was never asked for." (p::NONE) => answers::history();
        PUT "/api/v1/sync/history" "Asks for expenses since an earlier day, or pauses, resumes or stops their reading." (p::NONE) [Shape::of::<api::history::Wanted>()] => answers::history();
        GET "/api/v1/sync/history/estimate" "What it would cost. Nothing is asked for." (p::SINCE) => Shape::of::<sync::pull::history::Estimate>();
        POST "/api/v1/match" "Decides lines of your own on the spot, one or many; nothing is stored." (p::MATCHING) [answers::lines_to_match()] => answers::matched_one_or_many();
    }
}

fn files() -> Vec<Described> {
    described! { "Imports";
        POST "/api/v1/imports" "Imports a file of expense lines (CSV, TSV or XLSX, as the body): judged at once, then stored in the background." (p::ABOUT_A_FILE) [Body::File] => answers::import_begun();
        POST "/api/v1/imports/check" "How a file would be read, with the rows that would be rejected. Nothing is stored." (p::ABOUT_A_FILE) [Body::File] => answers::import_check();
        GET "/api/v1/imports" "The newest imports." (p::NEWEST) => answers::imports();
        GET "/api/v1/imports/{id}" "How an import stands." (p::NONE) => answers::import();
        GET "/api/v1/imports/{id}/duplicates" "Lines of an import that were read from Concur too, as far as day and amount tell." (p::NEWEST) => answers::import_duplicates();
        POST "/api/v1/imports/{id}/undo" "Takes an import back: its lines that no other import holds are removed." (p::NONE) => answers::import();
    }
}

fn rules() -> Vec<Described> {
    described! { "Rules";
        GET "/api/v1/rules" "The rules that hold." (p::NONE) => answers::rules();
        PUT "/api/v1/rules" "Sets the rules, and decides all lines by them, at once." (p::NONE) [Shape::of::<api::rules::Wanted>()] => Shape::of::<rules::Applied>();
        POST "/api/v1/rules/what-if" "What rules would change, by app and money. Nothing is stored." (p::NONE) [Shape::of::<api::rules::Wanted>()] => Shape::of::<rules::Effect>();
        POST "/api/v1/rules/undo" "Back to the rules of an earlier revision, with all their effects." (p::NONE) [Shape::of::<api::rules::Back>()] => Shape::of::<rules::Applied>();
        GET "/api/v1/rules/proposals" "Rules that decisions by hand suggest, those with most support first. None is ever set by itself." (p::PROPOSALS) => answers::proposals();
        GET "/api/v1/rules/proposals/{id}" "One of them, with what it would change by app and money." (p::NONE) => Shape::of::<rules::Tried>();
        POST "/api/v1/rules/proposals/{id}/accept" "Sets the rules with this one among them, and decides all lines by them, at once." (p::NONE) => Shape::of::<rules::Applied>();
        POST "/api/v1/rules/proposals/{id}/dismiss" "Has it not be shown again." (p::NONE) => Shape::of::<rules::Proposal>();
        POST "/api/v1/rules/rematch" "Asks the rules that hold about every line again." (p::NONE) => Shape::of::<rules::Applied>();
        GET "/api/v1/rules/revisions" "The revisions without their texts, the last one first." (p::NEWEST) => answers::revisions();
        GET "/api/v1/rules/revisions/{revision}" "One revision with its text." (p::NONE) => answers::rules();
    }
}

fn account() -> Vec<Described> {
    described! { "Account";
        GET "/api/v1/accounts" "Every account. For a token that is bound to none." (p::NONE) => Shape::of::<api::accounts::Accounts>();
        POST "/api/v1/accounts" "Connects a company, or connects it again: tests the credentials first, stores them second. For a token that is bound to no account." (p::NONE) [Shape::of::<api::accounts::Wanted>()] => Shape::of::<api::accounts::Connected>();
        POST "/api/v1/account/check" "Tests the connection: DNS, TLS, token, grants, scopes, role, and a read of each type of data. Writes nothing." (p::CHECKING) => Shape::of::<api::account::Checked>();
        GET "/api/v1/account" "The token's account: its connection, how long that lasts, and its settings." (p::NONE) => Shape::of::<accounts::AccountView>();
        POST "/api/v1/account/rename" "Gives it another name; its id, tokens and data stay." (p::NONE) [Shape::of::<api::account::Named>()] => Shape::of::<accounts::AccountView>();
        POST "/api/v1/account/pause" "Nothing is sent to Concur or read from it; SCIM changes are accepted and wait." (p::NONE) [Shape::of::<api::account::Paused>()] => Shape::of::<accounts::AccountView>();
        POST "/api/v1/account/resume" "What waited goes out." (p::NONE) => Shape::of::<accounts::AccountView>();
        POST "/api/v1/account/disconnect" "Ends the connection at Concur, forgets its credentials and pauses; users, lines and matches stay." (p::NONE) => answers::disconnected();
        GET "/api/v1/account/settings" "The settings, with every default." (p::NONE) => Shape::free("AccountSettings", "What can be set for an account: scim-bridge account settings NAME shows it too.");
        PUT "/api/v1/account/settings" "Replaces the settings; what is left out gets its default. Every user is planned anew." (p::NONE) [Shape::free("AccountSettings", "What can be set for an account: scim-bridge account settings NAME shows it too.")] => Shape::of::<api::account::Replaced>();
    }
}

fn outbox() -> Vec<Described> {
    described! { "Outbox";
        GET "/api/v1/operations" "Changes on their way to Concur, newest first." (p::OPERATIONS) => answers::operations();
        GET "/api/v1/operations/{id}" "One change: what became of it, attempt by attempt and part by part." (p::NONE) => answers::operation();
        GET "/api/v1/operations/{id}/request" "The exact request to Concur that would be sent for it." (p::NONE) => Shape::free("ConcurRequest", "A request to Concur.");
        POST "/api/v1/operations/{id}/replay" "Sends a failed one again." (p::NONE) [Shape::of::<api::operations::Reason>()] => answers::operation();
        POST "/api/v1/operations/{id}/cancel" "Ends one that is not on its way." (p::NONE) [Shape::of::<api::operations::Reason>()] => answers::operation();
        POST "/api/v1/operations/{id}/hold" "Stops one that waits." (p::NONE) [Shape::of::<api::operations::Reason>()] => answers::operation();
        POST "/api/v1/operations/{id}/release" "Lets one go on that a person has held." (p::NONE) [Shape::of::<api::operations::Reason>()] => answers::operation();
        GET "/api/v1/events" "Whether the account listens to Concur's events, when the last one came, and what became of them." (p::NONE) => Shape::of::<events::Status>();
        GET "/api/v1/drift" "Where SCIM and Concur differ, as the last comparison found it." (p::DRIFT) => answers::drift();
        GET "/api/v1/brake" "Where the deprovisioning brake stands." (p::NONE) => Shape::of::<brake::Status>();
        POST "/api/v1/brake/release" "Lets held deactivations go." (p::NONE) [Shape::of::<api::brake::Decision>()] => Shape::of::<brake::Acted>();
        POST "/api/v1/brake/cancel" "Ends held deactivations; the users are shown as before." (p::NONE) [Shape::of::<api::brake::Decision>()] => Shape::of::<brake::Acted>();
        POST "/api/v1/brake/off" "Switches the brake off for a while." (p::NONE) [Shape::of::<api::brake::Off>()] => Shape::of::<brake::Status>();
        POST "/api/v1/brake/on" "Switches the brake on again." (p::NONE) [Shape::of::<api::brake::On>()] => Shape::of::<brake::Status>();
    }
}

fn identity() -> Vec<Described> {
    described! { "SCIM conversations";
        GET "/api/v1/requests" "What providers asked and how it was answered, without values, newest first." (p::REQUESTS) => answers::requests();
        GET "/api/v1/habits" "What was bent beyond the RFCs, for which provider, how often and when last." (p::NONE) => answers::habits();
        GET "/api/v1/recordings" "Recorded conversations, newest first." (p::NEWEST) => answers::recordings();
        GET "/api/v1/recordings/{id}" "The form of what was said in one, without values." (p::NONE) => answers::recording();
        POST "/api/v1/recordings/{id}/replay" "The recorded request asked again, without effect." (p::NONE) => answers::replayed();
        POST "/api/v1/dry-run" "One SCIM request: its answer and what would be sent to Concur, without effect." (p::NONE) [Shape::of::<api::conversations::Tried>()] => answers::rehearsed();
    }
}

fn told() -> Vec<Described> {
    described! { "Webhooks";
        GET "/api/v1/webhooks" "Who is told what happens, without secrets." (p::NONE) => Shape::of::<webhooks::Webhooks>();
        POST "/api/v1/webhooks" "Adds a webhook; the answer holds its secret, this once." (p::NONE) [Shape::of::<api::webhooks::Wanted>()] => Shape::of::<webhooks::WebhookView>();
        DELETE "/api/v1/webhooks/{id}" "Removes a webhook with what waits for it; answers with the others." (p::NONE) => Shape::of::<webhooks::Webhooks>();
        POST "/api/v1/webhooks/{id}/enable" "Sends to a webhook again whose receiver has answered 410." (p::NONE) => Shape::of::<webhooks::WebhookView>();
        POST "/api/v1/webhooks/{id}/test" "Sends a message that says nothing, to see that it arrives." (p::NONE) => Shape::of::<webhooks::MessageView>();
        GET "/api/v1/webhooks/{id}/messages" "What a webhook was sent and what waits for it, newest first." (p::PAGE) => Shape::of::<webhooks::Messages>();
        POST "/api/v1/webhooks/{id}/messages/{message}/replay" "Sends a message once more that was delivered or given up." (p::NONE) => Shape::of::<webhooks::MessageView>();
    }
}
