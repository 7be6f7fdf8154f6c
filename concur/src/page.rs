//! Lists: page by page for those who store a cursor with each page, and as streams for those who do not. Not here:
//! how an API names its next page (`api`).

use crate::Error;
use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt};

/// Where the next page begins. Opaque and free of any host, so that it can be stored and used after a restart, with
/// another token, at another geolocation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor read back from storage.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows that could be read.
    pub items: Vec<T>,
    /// The rows that could not: to be kept aside and reported, since the list has a hole without them.
    pub unreadable: Vec<UnreadableRow>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
    /// How many rows the whole list has, where the API says so. Never a reason to stop.
    pub total: Option<u64>,
    /// The server's clock when it answered: the right one for watermarks.
    pub server_time: Option<Timestamp>,
    /// Concur's correlation id of the call.
    pub correlation_id: String,
    /// Endpoint and status, for errors about rows.
    pub(crate) source: PageSource,
}

/// Which answer a page came from.
#[derive(Clone, Debug)]
pub(crate) struct PageSource {
    pub(crate) call: crate::error::CallContext,
    pub(crate) status: u16,
}

/// A row that is not as documented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableRow {
    /// JSON path of the fault in the page, such as `Items[3].PostedAmount`.
    pub path: String,
    /// What was expected; never the value.
    pub reason: String,
}

type Fetch<T> = dyn Fn(Option<Cursor>) -> BoxFuture<'static, Result<Page<T>, Error>> + Send + Sync;

/// A list that can be read page by page or as a stream. Nothing is asked before the first `await`.
pub struct Pages<T> {
    endpoint: &'static str,
    fetch: Box<Fetch<T>>,
}

impl<T: Send + 'static> Pages<T> {
    pub(crate) fn new(
        endpoint: &'static str,
        fetch: impl Fn(Option<Cursor>) -> BoxFuture<'static, Result<Page<T>, Error>> + Send + Sync + 'static,
    ) -> Self {
        Self { endpoint, fetch: Box::new(fetch) }
    }

    /// One page: the first one, or the one at `cursor`.
    ///
    /// # Errors
    /// [`Error::Paging`] when the page names itself as the next one; any error of a call.
    pub async fn page(&self, cursor: Option<&Cursor>) -> Result<Page<T>, Error> {
        let page = (self.fetch)(cursor.cloned()).await?;
        if page.next.is_some() && page.next.as_ref() == cursor { Err(self.repeated()) } else { Ok(page) }
    }

    /// All pages from `cursor`, or from the first one, on. Ends after the first error; a page that was named before
    /// is an error, since following it would never end.
    pub fn pages(self, cursor: Option<Cursor>) -> impl Stream<Item = Result<Page<T>, Error>> + Send {
        let seen: HashSet<Cursor> = cursor.iter().cloned().collect();
        stream::unfold(Some((self, cursor, seen)), async |state| {
            let (pages, cursor, mut seen) = state?;
            let page = match pages.page(cursor.as_ref()).await {
                Ok(page) => page,
                Err(error) => return Some((Err(error), None)),
            };
            match page.next.clone() {
                None => Some((Ok(page), None)),
                Some(next) if seen.insert(next.clone()) => Some((Ok(page), Some((pages, Some(next), seen)))),
                Some(_) => Some((Err(pages.repeated()), None)),
            }
        })
    }

    /// All rows from the first page on; an unreadable row is an [`Error::Decode`] between them and does not end it.
    pub fn stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        self.pages(None)
            .flat_map(|page| stream::iter(page.map_or_else(|error| vec![Err(error)], Page::into_rows)))
    }

    fn repeated(&self) -> Error {
        Error::Paging {
            endpoint: self.endpoint,
            reason: "the same next page was named twice; the list does not end",
        }
    }
}

impl<T> Page<T> {
    fn into_rows(self) -> Vec<Result<T, Error>> {
        let PageSource { call, status } = self.source;
        let unreadable = self
            .unreadable
            .into_iter()
            .map(|row| Err(Error::Decode { call: call.clone(), status, path: row.path, reason: row.reason }));
        self.items.into_iter().map(Ok).chain(unreadable).collect()
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Boxes a page's future; keeps the `api` modules free of the type.
pub(crate) fn boxed<T: 'static>(
    future: impl Future<Output = Result<Page<T>, Error>> + Send + 'static,
) -> BoxFuture<'static, Result<Page<T>, Error>> {
    future.boxed()
}
