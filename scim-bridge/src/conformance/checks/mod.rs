//! The checks, a file for each chapter.

mod access;
mod attributes;
mod bulk;
mod create;
mod delete;
mod discovery;
mod filter;
mod groups;
mod habits;
mod modify;
mod modify_paths;
mod pages;
mod read;
mod replace;
mod sort;
mod transport;
mod versions;

use super::Check;

/// A file's checks: section, numbers, name of the function.
macro_rules! checks {
    ($($section:literal [$($number:literal),* $(,)?] $name:ident;)+) => {
        pub(super) fn all() -> Vec<$crate::conformance::Check> {
            vec![$($crate::conformance::Check {
                name: stringify!($name),
                section: $section,
                covers: &[$($number),*],
                run: |client| Box::pin($name(client)),
            }),+]
        }
    };
}
use checks;

/// All, in the order of the story.
pub(super) fn all() -> Vec<Check> {
    [
        discovery::all(),
        transport::all(),
        access::all(),
        create::all(),
        attributes::all(),
        read::all(),
        pages::all(),
        filter::all(),
        sort::all(),
        replace::all(),
        modify::all(),
        modify_paths::all(),
        delete::all(),
        versions::all(),
        groups::all(),
        bulk::all(),
        habits::all(),
    ]
    .concat()
}
