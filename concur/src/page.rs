//! Pages and streams of pages.

use crate::Error;
use futures::{Stream, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the next page begins. Opaque, host-free, can be stored and used after a restart.
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
    /// The rows of this page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
    /// How many rows the whole list has, where the API says so.
    pub total: Option<u64>,
    /// The server's clock (`Date` header) when it answered: the right clock for watermarks.
    pub server_time: Option<Timestamp>,
    /// Concur's correlation id of the call.
    pub correlation_id: Option<String>,
}

/// A list that can be read page by page or as a stream.
#[derive(Debug)]
pub struct Pages<T> {
    _t: std::marker::PhantomData<T>,
}

impl<T: Send + 'static> Pages<T> {
    /// One page: the first one, or the one at `cursor`.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn page(&self, _cursor: Option<&Cursor>) -> Result<Page<T>, Error> {
        unimplemented!()
    }
    /// All pages from `cursor` (or the first one) on.
    pub fn pages(self, _cursor: Option<Cursor>) -> impl Stream<Item = Result<Page<T>, Error>> + Send {
        stream::empty()
    }
    /// All rows from the first page on.
    pub fn stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        stream::empty()
    }
}
