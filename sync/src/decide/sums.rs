//! After lines were decided: the months that have changed are summed, so that questions need not.
//!
//! Many at once out of one look at all lines, while others may write; if somebody did, and for a few, a month in a transaction,
//! while which nobody else writes lines of the account.

use store::{Store, ids::AccountId, lines};

/// So many months are summed by themselves; for more, all lines are looked at.
const FEW: usize = 3;

/// Sums them.
pub(crate) async fn keep(store: &Store, account: AccountId) -> Result<(), crate::Error> {
    let months = store.read(move |conn| lines::unkept_months(conn, account)).await?;
    let mut kept = false;
    if months.len() > FEW {
        let all = months.clone();
        let summed = store.read(move |conn| lines::sum_at_once(conn, account, all)).await?;
        kept = store.write(move |conn| lines::keep_at_once(conn, account, summed)).await?;
    }
    if !kept {
        for month in months {
            store.write(move |conn| lines::keep_sums(conn, account, &month)).await?;
        }
    }
    Ok(store.write(move |conn| lines::confirm_sums(conn, account)).await?)
}

/// [`keep`] for callers that may block.
pub(crate) fn keep_blocking(store: &Store, account: AccountId) -> Result<(), store::Error> {
    let months = store.read_blocking(|conn| lines::unkept_months(conn, account))?;
    let mut kept = false;
    if months.len() > FEW {
        let summed = store.read_blocking(|conn| lines::sum_at_once(conn, account, months.clone()))?;
        kept = store.write_blocking(|conn| lines::keep_at_once(conn, account, summed))?;
    }
    if !kept {
        for month in months {
            store.write_blocking(|conn| lines::keep_sums(conn, account, &month))?;
        }
    }
    store.write_blocking(|conn| lines::confirm_sums(conn, account))
}
