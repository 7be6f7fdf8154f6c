//! Projection.
use crate::Error;
/// Which attributes an answer shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    include: Vec<crate::Path>,
    exclude: Vec<crate::Path>,
}
impl Projection {
    /// Reads the two parameters.
    pub fn parse(_attributes: Option<&str>, _excluded: Option<&str>) -> Result<Projection, Error> {
        unimplemented!()
    }
}
