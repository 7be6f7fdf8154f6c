//! Forms in which strings are compared.
/// The comparison form of a `userName`.
pub fn fold_user_name(_user_name: &str) -> String {
    unimplemented!()
}
