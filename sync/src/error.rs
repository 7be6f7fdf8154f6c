//! What stops a sync run. A row that cannot be read does not: it becomes a gap of the run.

/// Why a run ended before its end. Everything stored until then stays; the next run goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Concur could not be read.
    #[error("Concur could not be read ({what})")]
    Concur {
        /// Which list was being read.
        what: &'static str,
        /// What the client says.
        #[source]
        source: concur::Error,
    },
    /// The store refused.
    #[error("the store refused")]
    Store(#[from] store::Error),
    /// A stored cursor is not one that this version wrote.
    #[error("the stored cursor `{name}` cannot be read ({reason}); delete it to begin again")]
    Cursor {
        /// The cursor's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The account has no first connection date, so the window has no anchor.
    #[error("the account was never connected, so there is no date to count the year from; connect it first")]
    NeverConnected,
    /// A cursor that a caller of the query API sent is not one of ours.
    #[error("`cursor` is not one that this server gave out")]
    BadCursor,
    /// Rules that somebody wants to set cannot be understood.
    #[error("the rules cannot be used")]
    Rules(#[source] matcher::rules::RulesError),
    /// The rules that hold do not go with this dictionary, so that nothing can be decided.
    #[error("revision {revision} of the account's rules does not go with this dictionary; set rules that do")]
    StoredRules {
        /// Their revision.
        revision: i64,
        /// What does not go.
        #[source]
        source: matcher::rules::RulesError,
    },
    /// Others have set rules meanwhile.
    #[error(
        "the rules were written over revision {over}, and revision {holds} holds by now; read it and try again"
    )]
    RulesChanged {
        /// What they were written over.
        over: i64,
        /// What holds.
        holds: i64,
    },
    /// A person named an app that the dictionary does not have, or somebody who only collects money or sells what others make.
    #[error("{0:?} is no app of the dictionary")]
    NoSuchApp(String),
    /// An explanation that was stored cannot be read.
    #[error("the stored explanation cannot be read")]
    Explanation(#[from] serde_json::Error),
}
