//! After lines were decided: the months that have changed are summed, so that questions need not. A month in a transaction:
//! while it is summed nobody else writes lines of the account.

use store::{Store, ids::AccountId, lines};

/// Sums them.
pub(crate) async fn keep(store: &Store, account: AccountId) -> Result<(), crate::Error> {
    for month in store.read(move |conn| lines::unkept_months(conn, account)).await? {
        store.write(move |conn| lines::keep_sums(conn, account, &month)).await?;
    }
    Ok(store.write(move |conn| lines::confirm_sums(conn, account)).await?)
}

/// [`keep`] for callers that may block.
pub(crate) fn keep_blocking(store: &Store, account: AccountId) -> Result<(), store::Error> {
    for month in store.read_blocking(|conn| lines::unkept_months(conn, account))? {
        store.write_blocking(|conn| lines::keep_sums(conn, account, &month))?;
    }
    store.write_blocking(|conn| lines::confirm_sums(conn, account))
}
