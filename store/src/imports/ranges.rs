//! Which lines an import holds, as ranges of their numbers: lines that come together have numbers in a row, so that a file of
//! new lines is a range for each page. Lines that other files brought are scattered, each a range of its own at worst.

use diesel::prelude::*;

use crate::conn::on;
use crate::lines::LineNo;
use crate::schema::{import_ranges, imports};
use crate::value;
use crate::{Conn, Error};

/// Rows per statement, well under the databases' limits of bound values.
const CHUNK: usize = 5_000;

/// Ranges of numbers, each from its first to its last, in their order and apart from each other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(i64, i64)>);

impl Ranges {
    /// Of ranges in the order of their first numbers, which may overlap.
    fn of(ordered: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut apart: Vec<(i64, i64)> = Vec::new();
        for (first, last) in ordered {
            match apart.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => apart.push((first, last)),
            }
        }
        Self(apart)
    }

    /// All that an import holds.
    pub(super) fn held(conn: &mut Conn, import: &str) -> Result<Self, Error> {
        first(conn, import, i64::MAX)
    }

    /// All that an account's other imports hold of the numbers from the first of these to the last.
    pub(super) fn held_elsewhere(
        conn: &mut Conn,
        account: &str,
        import: &str,
        these: &[i64],
    ) -> Result<Self, Error> {
        let (Some(&from), Some(&to)) = (these.first(), these.last()) else { return Ok(Self(Vec::new())) };
        let ordered: Vec<(i64, i64)> = on!(conn, c => {
            import_ranges::table
                .inner_join(imports::table)
                .filter(imports::account_id.eq(account).and(import_ranges::import_id.ne(import)))
                .filter(import_ranges::first_no.le(to).and(import_ranges::last_no.ge(from)))
                .order(import_ranges::first_no)
                .select((import_ranges::first_no, import_ranges::last_no))
                .load(c)
        })?;
        Ok(Self::of(ordered))
    }

    /// Whether a number is in one of them.
    pub(super) fn hold(&self, no: i64) -> bool {
        let begun = self.0.partition_point(|(first, _)| *first <= no);
        begun.checked_sub(1).is_some_and(|i| no <= self.0[i].1)
    }

    /// The numbers in them.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

/// The first so many ranges of an import.
fn first(conn: &mut Conn, import: &str, count: i64) -> Result<Ranges, Error> {
    let ordered: Vec<(i64, i64)> = on!(conn, c => {
        import_ranges::table
            .filter(import_ranges::import_id.eq(import))
            .order((import_ranges::first_no, import_ranges::last_no))
            .limit(count)
            .select((import_ranges::first_no, import_ranges::last_no))
            .load(c)
    })?;
    Ok(Ranges::of(ordered))
}

/// Notes that an import holds these lines.
pub(super) fn add(conn: &mut Conn, import: &str, lines: &[LineNo]) -> Result<(), Error> {
    let mut numbers: Vec<i64> = lines.iter().map(|line| line.0).collect();
    numbers.sort_unstable();
    let ranges = Ranges::of(numbers.into_iter().map(|no| (no, no)));
    for some in ranges.0.chunks(CHUNK) {
        let row = |(first, last): &(i64, i64)| {
            (
                import_ranges::import_id.eq(import),
                import_ranges::first_no.eq(*first),
                import_ranges::last_no.eq(*last),
            )
        };
        let rows: Vec<_> = some.iter().map(row).collect();
        on!(conn, c => diesel::insert_into(import_ranges::table).values(&rows).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Lets an import go of some thousands of its lines; their numbers in order, none when it held none any more.
pub(super) fn let_go_of_some(conn: &mut Conn, import: &str) -> Result<Vec<i64>, Error> {
    let ranges = first(conn, import, value::limit(CHUNK))?;
    let some: Vec<i64> = ranges.numbers().take(CHUNK).collect();
    let Some(&last) = some.last() else { return Ok(some) };
    let begun = import_ranges::import_id.eq(import).and(import_ranges::first_no.le(last));
    let left: Vec<i64> = on!(conn, c => {
        import_ranges::table
            .filter(begun.and(import_ranges::last_no.gt(last)))
            .select(import_ranges::last_no)
            .load(c)
    })?;
    on!(conn, c => diesel::delete(import_ranges::table.filter(begun)).execute(c))?;
    let rows: Vec<_> = left
        .into_iter()
        .map(|end| {
            (
                import_ranges::import_id.eq(import),
                import_ranges::first_no.eq(last + 1),
                import_ranges::last_no.eq(end),
            )
        })
        .collect();
    on!(conn, c => diesel::insert_into(import_ranges::table).values(&rows).on_conflict_do_nothing().execute(c))?;
    Ok(some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_or_overlap_are_one() {
        let ranges = Ranges::of([(1, 1), (2, 5), (3, 4), (5, 9), (12, 12)]);
        assert_eq!(ranges, Ranges(vec![(1, 9), (12, 12)]));
        let held: Vec<i64> = (0..15).filter(|no| ranges.hold(*no)).collect();
        assert_eq!(held, ranges.numbers().collect::<Vec<_>>());
    }
}
