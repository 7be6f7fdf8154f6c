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
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The account has no first connection date, so the window has no anchor.
    #[error("the account was never connected, so there is no date to count the year from; connect it first")]
    NeverConnected,
    /// A cursor that a caller of the query API sent is not one of ours.
    #[error("`cursor` is not one that this server gave out")]
    BadCursor,
    /// An explanation that was stored cannot be read.
    #[error("the stored explanation cannot be read")]
    Explanation(#[from] serde_json::Error),
}
