//! Which operations travel together: pure arithmetic over sizes.
//!
//! A single request has its identity verdict at once, so a few waiting operations go one by one; many go as Bulk.
//! A claim brings at most one operation per user, so no Bulk holds two of one. Users who are created never travel
//! with those who name them: references inside one Bulk are undocumented, and the manager's UUID is known only
//! after. Source: Concur page *User Provisioning v4*, Bulk (100 operations, 400 KB).

use concur::api::{BULK_BYTES_MAX, BULK_OPERATIONS_MAX};

/// What the envelope around the operations takes at most, in bytes.
const ENVELOPE: usize = 1024;
/// Most bytes of operations in one Bulk.
const BYTES_MAX: usize = BULK_BYTES_MAX - ENVELOPE;

/// How a wave is sent: indexes into the wave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// A request of its own.
    Single(usize),
    /// One Bulk.
    Bulk(Vec<usize>),
}

/// Groups a wave whose operations have these sizes in bytes, in order.
pub(super) fn group(sizes: &[usize], bulk_from: usize) -> Vec<Batch> {
    if sizes.len() < bulk_from.max(2) {
        return (0..sizes.len()).map(Batch::Single).collect();
    }
    let mut batches = Vec::new();
    let (mut current, mut bytes) = (Vec::new(), 0);
    for (index, size) in sizes.iter().copied().enumerate() {
        if !current.is_empty() && (current.len() == BULK_OPERATIONS_MAX || bytes + size > BYTES_MAX) {
            batches.push(closed(std::mem::take(&mut current)));
            bytes = 0;
        }
        current.push(index);
        bytes += size;
    }
    if !current.is_empty() {
        batches.push(closed(current));
    }
    batches
}

/// A Bulk of one is a single request with a later verdict: no use.
fn closed(indexes: Vec<usize>) -> Batch {
    match indexes[..] {
        [only] => Batch::Single(only),
        _ => Batch::Bulk(indexes),
    }
}

#[cfg(test)]
mod tests {
    use super::{BULK_OPERATIONS_MAX, BYTES_MAX, Batch, group};

    fn lengths(sizes: &[usize], bulk_from: usize) -> Vec<usize> {
        let length = |batch: &Batch| match batch {
            Batch::Single(_) => 1,
            Batch::Bulk(indexes) => indexes.len(),
        };
        group(sizes, bulk_from).iter().map(length).collect()
    }

    #[test]
    fn a_few_go_one_by_one_and_many_go_together() {
        assert_eq!(group(&[10, 10], 3), [Batch::Single(0), Batch::Single(1)]);
        assert_eq!(group(&[10, 10, 10], 3), [Batch::Bulk(vec![0, 1, 2])]);
        assert_eq!(group(&[], 3), []);
        assert_eq!(group(&[10], 1), [Batch::Single(0)]);
    }

    #[test]
    fn a_bulk_is_closed_at_a_hundred_operations_and_at_350_kib() {
        assert_eq!(lengths(&[1; 100], 5), [BULK_OPERATIONS_MAX]);
        assert_eq!(lengths(&[1; 101], 5), [BULK_OPERATIONS_MAX, 1]);
        assert_eq!(lengths(&[BYTES_MAX / 2, BYTES_MAX / 2], 2), [2]);
        assert_eq!(lengths(&[BYTES_MAX / 2, BYTES_MAX / 2, 1], 2), [2, 1]);
        assert_eq!(lengths(&[BYTES_MAX + 1, 1, 1], 2), [1, 2]);
    }
}
