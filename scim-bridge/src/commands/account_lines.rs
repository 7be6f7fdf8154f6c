//! What commands about an account's expense lines work on.

use std::sync::Arc;

use matcher::Matcher;
use store::Store;
use store::ids::AccountId;

use super::{Settings, account};
use crate::serve;

/// The lines of one account, and what decides them.
pub(super) struct AccountLines {
    pub(super) store: Store,
    pub(super) account: AccountId,
    pub(super) matcher: Arc<Matcher>,
}

impl AccountLines {
    /// Those of the account with this name, or of the only one.
    pub(super) fn open(settings: &Settings, name: Option<&str>) -> anyhow::Result<Self> {
        tokio::task::block_in_place(|| {
            let config = settings.load()?;
            let store = serve::open_store(&config)?;
            let account = account::named_or_only(&store, name)?.id;
            let matcher = Matcher::new(Arc::new(serve::load_dictionary(config.dictionary_file())?));
            Ok(Self { store, account, matcher: Arc::new(matcher) })
        })
    }
}
