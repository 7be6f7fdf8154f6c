//! The transaction behind a rehearsal: begun once, never committed.

use crate::{Conn, Error};

/// Opens the transaction. A panic of one who rehearses leaves a savepoint behind, which goes with all the rest.
pub(crate) fn begin(mut conn: Conn) -> Result<Conn, Error> {
    conn.pooled.begin_immediate()?;
    Ok(conn)
}

/// Undoes everything.
pub(crate) fn end(conn: &mut Conn) {
    let undone = conn.leave_nested().and_then(|()| conn.pooled.rollback());
    if let Err(error) = undone {
        // The pool drops a connection that is not idle, which rolls back as well.
        tracing::debug!(%error, "a rehearsal was not rolled back by hand");
    }
}
