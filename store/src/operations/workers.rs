//! Which processes deliver from this database, and whether they live: each says so again and again, and the others watch the
//! number grow. What a dead one had claimed need not wait for its lease to run out.

use diesel::prelude::*;

use crate::conn::on;
use crate::schema::{delivery_workers, operations};
use crate::{Conn, Error};

/// A process that delivers.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Worker {
    /// Its name in leases.
    pub owner: String,
    /// How often it has said that it lives.
    pub beats: i64,
}

/// Says that `owner` lives, and answers who else has ever said so and not been taken for dead.
pub fn beat(conn: &mut Conn, owner: &str) -> Result<Vec<Worker>, Error> {
    let first = (delivery_workers::owner.eq(owner), delivery_workers::beats.eq(1));
    on!(conn, c => {
        diesel::insert_into(delivery_workers::table)
            .values(first)
            .on_conflict(delivery_workers::owner)
            .do_update()
            .set(delivery_workers::beats.eq(delivery_workers::beats + 1))
            .execute(c)
    })?;
    others(conn, owner)
}

/// [`beat`] of one who has spoken before. `None`: it has taken its leave meanwhile, or is taken for dead, and is not put
/// back by a word that comes late.
pub fn beat_again(conn: &mut Conn, owner: &str) -> Result<Option<Vec<Worker>>, Error> {
    let row = delivery_workers::table.find(owner);
    let more = delivery_workers::beats.eq(delivery_workers::beats + 1);
    if on!(conn, c => diesel::update(row).set(more).execute(c))? == 0 {
        return Ok(None);
    }
    others(conn, owner).map(Some)
}

fn others(conn: &mut Conn, owner: &str) -> Result<Vec<Worker>, Error> {
    on!(conn, c => {
        delivery_workers::table
            .filter(delivery_workers::owner.ne(owner))
            .order(delivery_workers::owner)
            .load(c)
    })
}

/// Takes a worker for dead that has said nothing since: its leases end, so that another claims what it held, and what it
/// was sending becomes `unknown`. How many leases; `None` if it has spoken meanwhile, or somebody else has done this.
pub fn bury(conn: &mut Conn, worker: &Worker) -> Result<Option<usize>, Error> {
    let silent = delivery_workers::beats.eq(worker.beats);
    let row = delivery_workers::table.find(&worker.owner).filter(silent);
    if on!(conn, c => diesel::delete(row).execute(c))? == 0 {
        return Ok(None);
    }
    end_leases_of(conn, &worker.owner).map(Some)
}

/// The same for a worker that says of itself that it ends.
pub fn leave(conn: &mut Conn, owner: &str) -> Result<usize, Error> {
    on!(conn, c => diesel::delete(delivery_workers::table.find(owner)).execute(c))?;
    end_leases_of(conn, owner)
}

/// A lease that ended long ago is one by anybody's clock.
fn end_leases_of(conn: &mut Conn, owner: &str) -> Result<usize, Error> {
    let held = operations::table.filter(operations::lease_until.gt(0).and(operations::lease_owner.eq(owner)));
    on!(conn, c => diesel::update(held).set(operations::lease_until.eq(0)).execute(c))
}
